import { sweepSequencer } from '../../delivery/drop.ts';
import { halfLimit, unfinishedAfter } from '../../delivery/due.ts';
import { sweepKey } from '../../delivery/keys.ts';
import { minutes, seconds } from '../../platform/clock.ts';
import { errorText } from '../../platform/log.ts';
import { inboxPrefix } from '../../platform/names.ts';
import { change } from '../../platform/table.ts';
import { parseDropKey } from '../../submission/object-names.ts';
import type { WatchContext } from './watch.ts';

interface Sweep {
  readonly at: number;
  /** Where it goes on the next minute; absent when it came to the end. One that dies has not come to its end. */
  readonly after?: string;
}

/** With less left of the invocation the sweep stops, and goes on from there the next minute. */
const stopWhenRemaining = seconds(20);

/** After a sweep in which something failed the next one comes sooner. */
const retryAfter = minutes(5);

/** A name that cannot be a drop's has had its receipt by now: handing it over for ever would only drown the log. */
const isDone = (key: string, age: number): boolean => {
  const { kind } = parseDropKey(key);
  return kind === 'ignore' || (kind === 'problem' && age > halfLimit);
};

/**
 * What lies in the inbox longer than fifteen minutes is unfinished by definition, and is handed to ingest again: an
 * event that never came, a sender registered late. Once in fifteen minutes. Returns how many were handed over.
 */
export const sweepInbox = async (context: WatchContext): Promise<number> => {
  const { table, clock, drops, ingest, log, measure } = context;
  const now = clock.now();
  const mine = await change<Sweep, Sweep | undefined>(table, sweepKey, (stored) =>
    // One that was in the future is a clock's that was wrong.
    stored && stored.after === undefined && Math.abs(now - stored.at) < unfinishedAfter
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { at: now, after: stored?.after ?? inboxPrefix }, result: stored ?? { at: now } },
  );
  if (!mine) return 0;
  let count = 0;
  let failed = 0;
  let handled = mine.after ?? inboxPrefix;
  let left: Sweep = { at: now };
  for await (const { key, lastModified, size } of drops.list(inboxPrefix, mine.after)) {
    if (context.deadline - clock.now() < stopWhenRemaining) {
      left = { at: now, after: handled };
      break;
    }
    handled = key;
    const age = now - lastModified;
    if (age < unfinishedAfter || isDone(key, age)) continue;
    try {
      const current = await drops.head(key);
      if (!current) continue;
      await ingest.send({ bucket: drops.bucket, key, versionId: current.versionId, sequencer: sweepSequencer, size });
      count += 1;
    } catch (error) {
      // It does not stand in the others' way, and is tried again soon.
      failed += 1;
      log.error('SWEEP_OBJECT_FAILED', { error: errorText(error) });
    }
  }
  if (failed > 0 && left.after === undefined) left = { at: now - unfinishedAfter + retryAfter };
  measure.count('ItemsFailed', failed);
  await change<Sweep, undefined>(table, sweepKey, () => ({ kind: 'put', item: left, result: undefined }));
  if (count > 0) log.warn('INBOX_SWEPT', { count });
  return count;
};
