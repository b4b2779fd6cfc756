import { sweepSequencer } from '../../delivery/drop.ts';
import { halfLimit, unfinishedAfter } from '../../delivery/due.ts';
import { sweepKey } from '../../delivery/keys.ts';
import { seconds } from '../../platform/clock.ts';
import { inboxPrefix } from '../../platform/names.ts';
import { change } from '../../platform/table.ts';
import { parseDropKey } from '../../submission/object-names.ts';
import type { WatchContext } from './watch.ts';

interface Sweep {
  readonly at: number;
  /** Where the last one stopped for want of time; absent when it came to the end. */
  readonly after?: string;
}

/** With less left of the invocation the sweep stops, and goes on from there the next minute. */
const stopWhenRemaining = seconds(20);

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
  const { table, clock, drops, ingest, log } = context;
  const now = clock.now();
  const mine = await change<Sweep, Sweep | undefined>(table, sweepKey, (stored) =>
    stored && stored.after === undefined && now - stored.at < unfinishedAfter
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { at: now }, result: stored ?? { at: now } },
  );
  if (!mine) return 0;
  let count = 0;
  let handled = mine.after;
  for await (const { key, lastModified, size } of drops.list(inboxPrefix, mine.after)) {
    if (context.deadline - clock.now() < stopWhenRemaining) {
      const left: Sweep = { at: now, after: handled ?? inboxPrefix };
      await change<Sweep, undefined>(table, sweepKey, () => ({ kind: 'put', item: left, result: undefined }));
      break;
    }
    handled = key;
    const age = now - lastModified;
    if (age < unfinishedAfter || isDone(key, age)) continue;
    const current = await drops.head(key);
    if (!current) continue;
    await ingest.send({ bucket: drops.bucket, key, versionId: current.versionId, sequencer: sweepSequencer, size });
    count += 1;
  }
  if (count > 0) log.warn('INBOX_SWEPT', { count });
  return count;
};
