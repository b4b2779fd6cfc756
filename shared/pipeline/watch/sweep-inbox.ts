import { sweepSequencer } from '../../delivery/drop.ts';
import { unfinishedAfter } from '../../delivery/due.ts';
import { sweepKey } from '../../delivery/keys.ts';
import { inboxPrefix } from '../../platform/names.ts';
import { change } from '../../platform/table.ts';
import type { WatchContext } from './watch.ts';

interface Sweep {
  readonly at: number;
}

/**
 * What lies in the inbox longer than fifteen minutes is unfinished by definition, and is handed to ingest again: an
 * event that never came, a sender registered late. Once in fifteen minutes. Returns how many were handed over.
 */
export const sweepInbox = async (context: WatchContext): Promise<number> => {
  const { table, clock, drops, ingest, log } = context;
  const now = clock.now();
  const mine = await change<Sweep, boolean>(table, sweepKey, (stored) =>
    stored && now - stored.at < unfinishedAfter
      ? { kind: 'keep', result: false }
      : { kind: 'put', item: { at: now }, result: true },
  );
  if (!mine) return 0;
  let count = 0;
  for await (const { key, lastModified, size } of drops.list(inboxPrefix)) {
    if (key.endsWith('/') || now - lastModified < unfinishedAfter) continue;
    const current = await drops.head(key);
    if (!current) continue;
    await ingest.send({ bucket: drops.bucket, key, versionId: current.versionId, sequencer: sweepSequencer, size });
    count += 1;
  }
  if (count > 0) log.warn('INBOX_SWEPT', { count });
  return count;
};
