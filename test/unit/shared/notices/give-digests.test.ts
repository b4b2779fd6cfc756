import { beforeEach, describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { documentKey } from '../../../../shared/delivery/keys.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { giveDigests } from '../../../../shared/notices/give-digests.ts';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import { readCsv } from '../../../../shared/platform/csv.ts';
import { documentIdOf } from '../../../../shared/platform/ids.ts';
import { readWhole } from '../../../../shared/platform/objects.ts';
import type { SenderItem } from '../../../../shared/senders/sender.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { composed, dropped, negative, ods, positive, recordAfter, wasSent } from '../../../support/records.ts';
import { memoryObjects } from '../../../support/world/memory-objects.ts';

/** Which digests come when, to whom, and what stands in them: on a table and a bucket in memory, minute by minute. */

const at = (text: string) => Date.parse(text);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

const senderItem = (odsCode: string, over: object = {}, active = true): SenderItem =>
  ({
    setting: senderFile.parse({
      odsCode,
      name: 'Northfield',
      phone: '01632 960100',
      mailboxId: 'RX1OT001',
      addresses: { digest: ['records@northfield.example'] },
      ...over,
    }),
    ...(active ? { active: { at: 1, by: 'Ann' } } : {}),
  }) as SenderItem;

let now: number;
let world: ReturnType<typeof createWorld>;
const createWorld = () => {
  const clock = { now: () => now, sleep: async () => undefined };
  const table = memoryTable();
  const drops = memoryObjects('drops', clock);
  const published: { subject?: string; body: string; attributes: Readonly<Record<string, string>> }[] = [];
  let topic: 'takes' | 'fails before' | 'fails after' = 'takes';
  const settings = { doubtWait: 1, giveUpAfter: 1 };
  const context = {
    table,
    drops,
    clock,
    settings,
    log: quiet,
    stage: 'test',
    get deadline() {
      return now + minutes(3);
    },
    notices: {
      publish: async (message: { subject?: string; body: string }, attributes: Readonly<Record<string, string>>) => {
        if (topic !== 'fails before') published.push({ ...message, attributes });
        if (topic !== 'takes') throw new Error('The topic does not answer.');
      },
    },
  };
  return {
    table,
    drops,
    published,
    breakTopic: (how: typeof topic) => {
      topic = how;
    },
    give: (...senders: readonly SenderItem[]) => giveDigests(context, senders, []),
    /** As it was written at its last change. */
    put: (record: DocumentRecord, changedAt: number) =>
      table.write(documentKey(record.documentId), record, 0, indexedRecord(record, changedAt, settings)),
    async file(key: string): Promise<string> {
      const found = await readWhole(drops, key, 1 << 24);
      return found && found !== 'too-large' ? found.bytes.toString('utf8') : '';
    },
    of: (audience: string) => published.filter(({ attributes }) => attributes.audience === audience),
  };
};
beforeEach(() => {
  now = at('2026-11-25T07:30:30Z');
  world = createWorld();
});

/** Like the record of these events, at this time, as another document. */
const moved = (record: DocumentRecord, n: number, since: number): DocumentRecord => {
  const text = JSON.stringify({ ...record, documentId: documentIdOf(ods, `encounter-${n}`, 1), work: {} });
  // All that happened, happened within a second of 1970.
  return JSON.parse(text, (key, value) =>
    /At$|^at$|^since$|^startedAt$/.test(key) && typeof value === 'number' && value < 1_000_000 ? since + value : value,
  ) as DocumentRecord;
};
const rejected = (n = 1, since = now) => moved(recordAfter(...wasSent, positive('20013'), negative('30002')), n, since);
const holdBy: DeliveryEvent = { kind: 'held', reason: 'operator', by: 'Ann', why: 'asked' };
const begin = async (...senders: readonly SenderItem[]) => {
  now -= hours(24);
  await world.give(...senders);
  now += hours(24);
};

describe('a digest', () => {
  it('names what needs somebody until somebody has done something about it, however long ago it ended', async () => {
    const sender = senderItem('RX1');
    await begin(sender);
    // Refused three weeks ago, told again a day later, and not touched since.
    await world.put(rejected(1, now - hours(21 * 24 + 1)), now - hours(20 * 24));
    await world.give(sender);
    const [own] = world.of('digest');
    expect(own?.body).toMatch(/^ {6}1 {2}needing somebody now$/m);
    expect(own?.body).toContain(`Document ${documentIdOf(ods, 'encounter-1', 1)}, version 1, for 21 days`);
    const [, line] = readCsv(await world.file('receipts/RX1/digests/2026-11-25.csv')) ?? [];
    expect(line).toContain('BUSINESS_REJECTED');
    expect(world.of('operators')[0]?.body).toContain('- RX1: 1, the oldest for 21 days');
  });

  it('comes on a day on which nothing happened too, and says so', async () => {
    const sender = senderItem('RX1');
    await begin(sender);
    await world.give(sender);
    const [own] = world.of('digest');
    expect(own?.subject).toBe('Send Document RX1, summary: 0 handed over, 0 accepted, 0 need somebody');
    expect(own?.body).not.toContain('NEEDING SOMEBODY');
    expect(readCsv(await world.file('receipts/RX1/digests/2026-11-25.csv'))).toHaveLength(1);
  });

  it('goes by each organisation’s own rule, on its days and at its hour', async () => {
    const late = senderItem('RX1', { digest: { days: 'every-day', at: '16:00' } });
    const never = senderItem('RX2', { digest: { days: 'never' } });
    const usual = senderItem('RX3');
    const all = [late, never, usual];
    const given = () => world.of('digest').map(({ attributes }) => attributes.senderOds);
    await begin(...all);
    await world.give(...all);
    expect(given()).toEqual(['RX3']);
    now = at('2026-11-25T16:00:30Z');
    await world.give(...all);
    expect(given()).toEqual(['RX3', 'RX1']);
    // A Saturday.
    now = at('2026-11-28T16:00:30Z');
    await world.give(...all);
    expect(given()).toEqual(['RX3', 'RX1', 'RX1']);
  });

  it('still comes to one that was deactivated while there is something to tell, and then no more', async () => {
    const active = senderItem('RX1');
    await begin(active);
    const inactive = senderItem('RX1', {}, false);
    const record = rejected();
    await world.put(record, now);
    await world.give(inactive);
    expect(world.of('digest')).toHaveLength(1);
    expect(world.of('operators')[0]?.body).toContain('- RX1: 1');
    const { revision: _, ...stored } = (await world.table.read<DocumentRecord>(documentKey(record.documentId))) ?? {
      revision: 0,
    };
    const resolved = [{ at: now + 1000, by: 'Ann', route: 'posted', of: ['BUSINESS_REJECTED'] }] as const;
    const done = { ...(stored as DocumentRecord), resolutions: resolved };
    await world.table.write(documentKey(record.documentId), done, 1, {
      ...indexedRecord(done, now, { doubtWait: 1, giveUpAfter: 1 }),
    });
    now += hours(24);
    await world.give(inactive);
    now += hours(24);
    await world.give(inactive);
    expect(world.of('digest').length).toBeLessThanOrEqual(2);
    expect(world.published.at(-1)?.body).toContain('0 organisations');
  });

  it.each(['fails before', 'fails after'] as const)(
    'where the topic %s is given again, under the same id and of the same time; others are given all the same',
    async (how) => {
      const senders = [senderItem('RX1'), senderItem('RX2')];
      await begin(...senders);
      await world.put(rejected(1, now - minutes(5)), now);
      world.breakTopic(how);
      await expect(world.give(...senders)).rejects.toThrow('does not answer');
      world.breakTopic('takes');
      now += minutes(1);
      await world.give(...senders);
      const own = world.of('digest').filter(({ attributes }) => attributes.senderOds === 'RX1');
      expect(own).toHaveLength(how === 'fails before' ? 1 : 2);
      const ids = own.map(({ body }) => /Summary (\S{36})/.exec(body)?.[1]);
      expect(new Set(ids).size).toBe(1);
      for (const { body } of own) expect(body).toMatch(/^ {6}1 {2}handed over$/m);
      expect(world.of('digest').some(({ attributes }) => attributes.senderOds === 'RX2')).toBe(true);
    },
  );

  it('given by two at once has one id, and is noted once', async () => {
    const sender = senderItem('RX1');
    await begin(sender);
    await Promise.all([world.give(sender), world.give(sender)]);
    const ids = world.of('digest').map(({ body }) => /Summary (\S{36})/.exec(body)?.[1]);
    expect(new Set(ids).size).toBe(1);
    await world.give(sender);
    expect(world.of('digest')).toHaveLength(ids.length);
  });

  it('counts what the index shows late in the next one: none leaves it out, none has it twice', async () => {
    const sender = senderItem('RX1');
    await begin(sender);
    // Written a moment ago, shown in a moment.
    const late = rejected(1, now - 2000);
    await world.give(sender);
    await world.put(late, now);
    now += hours(24);
    await world.give(sender);
    const handedOver = world.of('digest').map(({ body }) => /(\d+) {2}handed over$/m.exec(body)?.[1]);
    expect(handedOver).toEqual(['0', '1']);
  });

  it('names to operators the documents that are theirs to move', async () => {
    const sender = senderItem('RX1');
    await begin(sender);
    await world.put(rejected(1), now);
    const held = moved(recordAfter(dropped(), composed(), holdBy), 2, now - hours(3));
    await world.put(held, now - hours(3));
    await world.give(sender);
    const [given] = world.of('operators');
    expect(given?.body).toMatch(/^ {6}2 {2}needing somebody now/m);
    expect(given?.body).toMatch(/^ {6}1 {2}of them yours to move$/m);
    const yours = given?.body.split('YOURS TO MOVE')[1] ?? '';
    expect(yours).toContain(`- Document ${held.documentId}, version 1, of RX1, for 2 hours`);
    expect(yours).toContain('HELD_BY_OPERATOR. Held by Ann: asked');
    expect(yours).not.toContain(rejected(1).documentId);
  });

  it('of an organisation with a thousand open documents fits what a topic takes, and its table has them all', async () => {
    const sender = senderItem('RX1');
    await begin(sender);
    for (let n = 1; n <= 1000; n++) await world.put(rejected(n, now - minutes(n)), now - minutes(1));
    await world.give(sender);
    const [own] = world.of('digest');
    expect(Buffer.byteLength(own?.body ?? '')).toBeLessThan(256 * 1024);
    expect(own?.body).toContain('and 940 more, in the table.');
    expect(readCsv(await world.file('receipts/RX1/digests/2026-11-25.csv'))).toHaveLength(1001);
  });
});
