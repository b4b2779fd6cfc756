import { describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import { documentKey, resumedKey } from '../../../../shared/delivery/keys.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import type { WatchContext } from '../../../../shared/pipeline/watch/watch.ts';
import { watchResumed } from '../../../../shared/pipeline/watch/watch-resumed.ts';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import { type DocumentId, documentIdOf, type OdsCode } from '../../../../shared/platform/ids.ts';
import { workShards } from '../../../../shared/platform/names.ts';
import { pause, resume } from '../../../../shared/senders/pause.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { CrashPlan, crashing } from '../../../support/faults.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { composed, dropped, recordAfter } from '../../../support/records.ts';
import { putSender } from '../../../support/registry.ts';

const ann = (at: number) => ({ at, by: 'Ann', why: 'odd dates' });
const start = hours(1);

/** Held documents of RX1 and RX10, received in this order. */
const received: readonly (readonly [odsCode: string, at: number])[] = [
  ['RX10', 30],
  ['RX1', 10],
  ['RX10', 20],
  ['RX1', 40],
];

const world = async () => {
  const table = memoryTable();
  const enqueued: string[] = [];
  let now = start;
  let plan: CrashPlan | undefined;
  const settings = { doubtWait: minutes(15), giveUpAfter: hours(4) };
  for (const odsCode of ['RX1', 'RX10']) {
    await putSender(table, senderFile.parse({ odsCode, name: 'N', phone: '01632 960100', mailboxId: 'RX1OT001' }));
  }
  await pause(table, { kind: 'everybody' }, ann(now));
  const ids: DocumentId[] = [];
  for (const [index, [senderOds, receivedAt]] of received.entries()) {
    const documentId = documentIdOf(senderOds as OdsCode, `encounter-${index}`, 1);
    const record: DocumentRecord = {
      ...recordAfter(dropped(), composed(), { kind: 'held', reason: 'paused', by: 'Ann', why: 'odd dates' }),
      documentId,
      senderOds: senderOds as OdsCode,
      receivedAt,
      work: {},
    };
    await table.write(documentKey(documentId), record, 0, indexedRecord(record, now, settings));
    ids.push(documentId);
  }
  const through = <T extends object>(label: string, port: T): T => crashing(label, port, () => plan);
  const nothing = () => undefined;
  const context = {
    table: through('table', table),
    clock: { now: () => now, sleep: async () => undefined },
    settings,
    drops: { get: async () => undefined, put: async () => 'written' },
    outbox: through('outbox', {
      send: async (message: { documentId: string }) => void enqueued.push(message.documentId),
    }),
    log: { info: nothing, warn: nothing, error: nothing },
  };
  return {
    table,
    ids,
    enqueued,
    leap: (ms: number) => {
      now += ms;
    },
    now: () => now,
    crashWith: (next: CrashPlan | undefined) => {
      plan = next;
    },
    // What it needs of a context, and no more.
    round: (deadline = now + minutes(5)) => watchResumed({ ...context, deadline } as unknown as WatchContext),
    dueKeys: async (at: number) =>
      (await Promise.all(workShards.map((shard) => table.due(shard, at, 9)))).flat().map(({ key }) => key),
    holds: async (id: DocumentId) => (await table.read<DocumentRecord>(documentKey(id)))?.holds,
  };
};

const everybody = { kind: 'everybody' } as const;
const oldestFirst = (ids: readonly DocumentId[]) =>
  [...ids].sort((a, b) => (received[ids.indexOf(a)]?.[1] ?? 0) - (received[ids.indexOf(b)]?.[1] ?? 0));

describe('the end of a pause', () => {
  it('lets every sender’s documents go, the oldest first, and is over when no send can hold another', async () => {
    const { round, ids, enqueued, table, leap, now, dueKeys } = await world();
    await resume(table, everybody, ann(now()));
    await round();
    expect(enqueued).toEqual(oldestFirst(ids));
    leap(minutes(9));
    await round();
    expect(await dueKeys(now() + minutes(2))).toContain(resumedKey);
    leap(minutes(2));
    await round();
    expect(await dueKeys(now() + hours(99))).not.toContain(resumedKey);
    expect(enqueued).toHaveLength(ids.length);
  });

  it('lets nothing go that another pause still holds: RX10 is not RX1', async () => {
    const { round, ids, enqueued, table, now } = await world();
    await pause(table, { kind: 'sender', odsCode: 'RX1' }, ann(now()));
    await resume(table, everybody, ann(now()));
    await round();
    expect(enqueued).toEqual([ids[2], ids[0]]);
    await resume(table, { kind: 'sender', odsCode: 'RX1' }, ann(now()));
    await round();
    expect(enqueued).toEqual([ids[2], ids[0], ids[1], ids[3]]);
  });

  it('goes on with the next minute where time runs out', async () => {
    const { round, ids, enqueued, table, leap, now } = await world();
    await resume(table, everybody, ann(now()));
    leap(minutes(20));
    await round(now() + 1000);
    expect(enqueued).toEqual([]);
    await round();
    expect(enqueued).toHaveLength(ids.length);
  });

  it('loses nothing by a crash at any step, and holds nothing for ever', async () => {
    for (let at = 1, crashed = true; crashed; at++) {
      crashed = false;
      for (const when of ['before', 'after'] as const) {
        const { round, ids, enqueued, table, leap, now, crashWith, holds } = await world();
        await resume(table, everybody, ann(now()));
        const plan = new CrashPlan(at, when);
        crashWith(plan);
        await round().catch(() => undefined);
        crashed ||= plan.crashed;
        crashWith(undefined);
        for (let minute = 0; minute < 3; minute++) {
          leap(minutes(1));
          await round();
        }
        for (const id of ids) {
          expect(await holds(id), `${when} ${at}`).toEqual([]);
          const { work } = (await table.read<DocumentRecord>(documentKey(id))) ?? {};
          // On the queue, or still to be put there by watch.
          expect(enqueued.includes(id) || work?.enqueue !== undefined, `${when} ${at}`).toBe(true);
        }
      }
    }
  });

  it('costs no time: what is given up after so long is so much later', async () => {
    const { round, ids, table, leap, now } = await world();
    const before =
      (await table.read<DocumentRecord>(documentKey(ids[0] as DocumentId)))?.compositions[0]?.giveUpAt ?? 0;
    leap(hours(30));
    await resume(table, everybody, ann(now()));
    await round();
    const after = (await table.read<DocumentRecord>(documentKey(ids[0] as DocumentId)))?.compositions[0]?.giveUpAt ?? 0;
    expect(after - before).toBeGreaterThanOrEqual(hours(30));
  });
});
