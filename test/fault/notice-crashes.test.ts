import { describe, expect, it } from 'vitest';
import { attentionOf } from '../../shared/delivery/attention.ts';
import type { StoredRecord } from '../../shared/delivery/documents.ts';
import { applyEvent } from '../../shared/delivery/documents.ts';
import type { DeliveryEvent } from '../../shared/delivery/events.ts';
import { documentKey, splitKey } from '../../shared/delivery/keys.ts';
import { performWork } from '../../shared/delivery/perform-work.ts';
import type { DocumentRecord } from '../../shared/delivery/record.ts';
import { hasWork } from '../../shared/delivery/work.ts';
import { giveNotices } from '../../shared/notices/give.ts';
import { noticeId, readWaiting } from '../../shared/notices/pending.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { workShards } from '../../shared/platform/names.ts';
import type { TopicMessage } from '../../shared/platform/topic.ts';
import { CrashPlan, crashing } from '../support/faults.ts';
import { memoryTable } from '../support/memory-table.ts';
import { answered, begun, composed, dropOf, dropped, sent } from '../support/records.ts';
import { memoryObjects } from '../support/world/memory-objects.ts';
import { soak } from '../support/world/soak.ts';

/** A process that dies, or a topic or table that fails, before and after every effect of leaving and giving a notice. */

const documentId = dropOf().documentId;
const quietLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

const world = () => {
  let now = 1_000_000_000;
  let plan: CrashPlan | undefined;
  const table = memoryTable();
  const published: TopicMessage[] = [];
  const topic = { publish: async (message: TopicMessage) => void published.push(message) };
  const through = <T extends object>(label: string, port: T): T => crashing(label, port, () => plan);
  const context = {
    table: through('table', table),
    clock: { now: () => now, sleep: async () => undefined },
    settings: { doubtWait: minutes(15), giveUpAfter: minutes(240) },
    log: quietLog,
    // Receipts are of no matter here; the table beside a notice is.
    drops: through('drops', memoryObjects('drops', { now: () => now })),
    messages: memoryObjects('messages', { now: () => now }),
    notices: through('topic', topic),
    stage: 'test',
  };
  const happens = async (event: DeliveryEvent): Promise<void> => {
    const applied = await applyEvent(context, documentId, event);
    if (applied.kind === 'changed') await performWork(context, applied.record);
  };
  return {
    table,
    published,
    happens,
    crashWith: (next: CrashPlan | undefined) => {
      plan = next;
    },
    /** A minute of watch: what is due, as watch does it. */
    async minute(): Promise<void> {
      now += minutes(1);
      const shards = await Promise.all(workShards.map((shard) => table.due(shard, now, 100)));
      for (const { key } of shards.flat()) {
        const { kind, rest } = splitKey(key);
        if (kind === 'NOTICES') await giveNotices(context, rest).catch(() => undefined);
        if (kind !== 'DOC') continue;
        const record = await context.table.read<StoredRecord>(key);
        if (record && hasWork(record.work)) await performWork(context, record);
      }
    },
  };
};

const idsIn = ({ body }: TopicMessage): string[] =>
  [...body.matchAll(/Notice ([0-9a-f-]{36})/g)].map(([, id]) => id ?? '');

describe.each(['before', 'after'] as const)('a crash %s any effect', (when) => {
  it('loses no notice, and doubles none under another id', async () => {
    let points = 0;
    for (let at = 1; ; at++) {
      const { table, published, happens, minute, crashWith } = world();
      for (const event of [dropped(), composed(), begun(1), sent(1), answered('20013', 'positive')])
        await happens(event);
      const plan = new CrashPlan(at, when);
      crashWith(plan);
      await happens(answered('30002', 'negative')).catch(() => undefined);
      for (let n = 0; n < 3; n++) await minute().catch(() => undefined);
      const crashed = plan.crashed;
      crashWith(undefined);
      // MESH still has the answer where it was not applied: it is taken again.
      await happens(answered('30002', 'negative'));
      for (let n = 0; n < 15; n++) await minute();

      const record = await table.read<DocumentRecord>(documentKey(documentId));
      expect(record?.told?.map(({ code }) => code)).toEqual(['BUSINESS_REJECTED']);
      const [condition] = record?.told ?? [];
      const id = condition && noticeId(documentId, { kind: 'start', ...condition });
      expect((await readWaiting(table, 'RX1'))?.waiting).toEqual([]);
      expect(published.length).toBeGreaterThan(0);
      expect(published.length).toBeLessThanOrEqual(2);
      for (const message of published) expect(idsIn(message)).toEqual([id]);
      if (!crashed) break;
      points = at;
    }
    // Of reading, writing and publishing: below it the crashes would have missed what they are about.
    expect(points).toBeGreaterThanOrEqual(8);
  });
});

describe('hundreds of documents with faults at every hop', () => {
  it('leave no condition unspoken that is open in the end, and each under one id', async () => {
    const { world } = await soak({ documents: 150, seed: 3 });
    await world.run(world.scheduler.now() + hours(1));
    const given = new Set(world.notices.flatMap(idsIn));
    const records = world.table
      .items()
      .flatMap(({ key, data }) => (key.startsWith('DOC#') ? [data as unknown as DocumentRecord] : []));
    const open = records.flatMap((record) =>
      (record.told ?? []).map((one) => noticeId(record.documentId, { kind: 'start', ...one })),
    );
    expect(open.length).toBeGreaterThan(20);
    expect(open.filter((id) => !given.has(id))).toEqual([]);
    const needing = records.filter((record) => attentionOf(record).length > 0);
    expect(needing.filter(({ told = [] }) => told.length === 0)).toEqual([]);
    // One message for many, not one for each.
    expect(world.notices.length).toBeLessThan(given.size);
  }, 120_000);
});
