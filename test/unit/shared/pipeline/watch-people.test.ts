import { describe, expect, it } from 'vitest';
import { readAddresses } from '../../../../shared/notices/addresses.ts';
import { operators, readWaiting } from '../../../../shared/notices/pending.ts';
import type { WatchContext } from '../../../../shared/pipeline/watch/watch.ts';
import { watchAddresses, watchPeople } from '../../../../shared/pipeline/watch/watch-people.ts';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { putSender } from '../../../support/registry.ts';

/** Whom watch asks daily, and what it makes of a list or an index that cannot be had. */

const address = 'records@northfield.example';
const world = async () => {
  let now = Date.parse('2026-11-30T03:00:00Z');
  const table = memoryTable();
  await putSender(
    table,
    senderFile.parse({
      odsCode: 'RX1',
      name: 'Northfield',
      phone: '01632 960100',
      mailboxId: 'RX1OT001',
      addresses: { notices: [address] },
    }),
  );
  let list: readonly string[] | 'fails' = [address];
  let attention: 'answers' | 'fails' = 'answers';
  let asked = 0;
  let failed = 0;
  const context = {
    table: {
      ...table,
      attention: async (...given: Parameters<typeof table.attention>) => {
        if (attention === 'fails') throw new Error('No index answers.');
        return table.attention(...given);
      },
    },
    clock: { now: () => now, sleep: async () => undefined },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    measure: {
      count: () => {
        failed += 1;
      },
    },
    settings: { doubtWait: 1, giveUpAfter: 1 },
    connection: { stage: 'test' },
    notices: { publish: async () => undefined },
    drops: { put: async () => 'written' },
    subscribers: {
      list: async () => {
        asked += 1;
        if (list === 'fails') throw new Error('The topic does not answer.');
        return list.map((one) => ({ address: one, arn: `arn:of:${one}` }));
      },
    },
    get deadline() {
      return now + minutes(3);
    },
  } as unknown as WatchContext;
  return {
    table,
    is: (next: typeof list) => {
      list = next;
    },
    index: (next: typeof attention) => {
      attention = next;
    },
    asked: () => asked,
    failed: () => failed,
    async minute(leap = minutes(1)) {
      now += leap;
      await watchAddresses(context);
      await watchPeople(context);
    },
    told: async () => ((await readWaiting(table, operators))?.waiting ?? []).map(({ kind, code }) => `${kind} ${code}`),
  };
};

describe('who has confirmed', () => {
  it('is asked once a day, and operators are told when nobody of an organisation has, and when somebody has again', async () => {
    const { minute, asked, is, told } = await world();
    for (let n = 0; n < 5; n++) await minute();
    expect([asked(), await told()]).toEqual([1, []]);
    is([]);
    await minute(hours(24));
    expect([asked(), await told()]).toEqual([2, ['start NO_CONFIRMED_ADDRESS']]);
    is([address]);
    await minute(hours(24));
    expect(await told()).toEqual(['start NO_CONFIRMED_ADDRESS', 'clear NO_CONFIRMED_ADDRESS']);
  });

  it('stays as it was known where it cannot be asked, is counted, and asked again the next minute', async () => {
    const { minute, asked, failed, is, told, table } = await world();
    await minute();
    is('fails');
    await minute(hours(24));
    await minute();
    expect([asked(), failed(), await told()]).toEqual([3, 2, []]);
    expect((await readAddresses(table))?.confirmed).toEqual([address]);
    is([]);
    await minute();
    expect(await told()).toEqual(['start NO_CONFIRMED_ADDRESS']);
  });

  it('is told operators also where digests cannot be made', async () => {
    const { minute, failed, index, is, told } = await world();
    await minute();
    is([]);
    index('fails');
    // Past the digest’s hour of the next day.
    await minute(hours(29));
    expect([failed(), await told()]).toEqual([1, ['start NO_CONFIRMED_ADDRESS']]);
  });
});
