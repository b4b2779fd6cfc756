import { applyEvent, readDocument } from '../../delivery/documents.ts';
import { splitKey } from '../../delivery/keys.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { currentComposition } from '../../delivery/record.ts';
import { minutes, seconds } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { workShards } from '../../platform/names.ts';
import type { UnsentIndex, UnsentRow } from '../../platform/table.ts';
import { changeCourse } from '../../senders/registry.ts';
import type { WatchContext } from './watch.ts';

const page = 100;
const stopWhenRemaining = seconds(40);
/** What came to wait while the circuit was being closed, and what the index showed late, is found by a second look. */
const secondLookAfter = minutes(1);

/** What waits to be sent, of all shards together, oldest first. */
export async function* oldestFirst(table: UnsentIndex): AsyncGenerator<UnsentRow, void, undefined> {
  const shards = await Promise.all(
    workShards.map(async (shard) => ({ shard, rows: await table.unsent(shard, page), last: false })),
  );
  for (;;) {
    const [next] = shards
      .filter(({ rows }) => rows.length > 0)
      .sort((a, b) => (a.rows[0]?.unsentSince ?? 0) - (b.rows[0]?.unsentSince ?? 0));
    const row = next?.rows.shift();
    if (!next || !row) return;
    yield row;
    if (next.rows.length === 0 && !next.last) {
      next.rows = await table.unsent(next.shard, page, row);
      next.last = next.rows.length < page;
    }
  }
}

/**
 * Queues what waited for this mailbox's circuit, oldest first; what waits for others is left alone. Goes on the next
 * minute where time runs out. The index only finds candidates: what it does not show comes when its own wait is over.
 */
export const recoverMailbox = async (context: WatchContext, mailboxId: string, since: number): Promise<void> => {
  const { table, clock, log, settings } = context;
  const begunAt = clock.now();
  let count = 0;
  for await (const { key } of oldestFirst(table)) {
    if (context.deadline - clock.now() < stopWhenRemaining) {
      log.info('MAILBOX_RECOVERING', { mailboxId, count });
      return;
    }
    const { kind, rest } = splitKey(key);
    if (kind !== 'DOC') continue;
    const record = await readDocument(table, rest as DocumentId);
    if (!record) continue;
    const { stored, waiting, number } = currentComposition(record);
    if (stored?.mailboxId !== mailboxId || waiting?.for !== 'circuit') continue;
    const applied = await applyEvent(context, record.documentId, {
      kind: 'wait-over',
      composition: number,
      waitedFor: 'circuit',
      doubtWait: settings.doubtWait,
    });
    if (applied.kind !== 'changed') continue;
    await performWork(context, applied.record);
    count += 1;
  }
  log.info('MAILBOX_RECOVERED', { mailboxId, count });
  if (Math.abs(begunAt - since) < secondLookAfter) return;
  await changeCourse(table, mailboxId, ({ course }) => {
    if (course.recoveringSince !== since) return course;
    const { recoveringSince: _, ...rest } = course;
    return rest;
  });
};
