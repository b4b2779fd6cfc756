import { readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { isHeldFor } from '../../delivery/holds.ts';
import { resumedKey, splitKey } from '../../delivery/keys.ts';
import { minutes, seconds } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { SenderPosition } from '../../platform/table.ts';
import { readResumed } from '../../senders/pause.ts';
import { listSenders } from '../../senders/registry.ts';
import { letGo } from './let-go.ts';
import type { WatchContext } from './watch.ts';

/** With less left of the invocation the rest waits for the next minute. */
const stopWhenRemaining = seconds(40);
/** The index may be so far behind the table. */
const indexLag = minutes(5);

/** Documents of all senders that changed since the pause began, and that it holds; oldest first. */
const heldSince = async (context: WatchContext, since: number): Promise<readonly StoredRecord[]> => {
  const { table, clock } = context;
  const held: StoredRecord[] = [];
  for (const { setting } of await listSenders(table)) {
    let after: SenderPosition | undefined;
    do {
      const page = await table.bySender(setting.odsCode, {
        from: since,
        to: clock.now(),
        state: 'COMPOSED',
        limit: 500,
        ...(after === undefined ? {} : { after }),
      });
      await inParallel(page.rows, 10, async ({ key }) => {
        const { kind, rest } = splitKey(key);
        const record = kind === 'DOC' ? await readDocument(table, rest as DocumentId) : undefined;
        if (record && isHeldFor(record, 'paused')) held.push(record);
        return 'go on';
      });
      after = page.next;
    } while (after !== undefined);
  }
  return held.sort((a, b) => a.receivedAt - b.receivedAt);
};

/**
 * Somebody ended a pause: what it held goes, oldest first, unless another pause holds it. Goes on each minute until
 * nobody can hold another document for the pause that was ended.
 */
export const watchResumed = async (context: WatchContext): Promise<void> => {
  const { table, clock, log } = context;
  const resumed = await readResumed(table);
  if (!resumed) return;
  let count = 0;
  let left = false;
  for (const record of await heldSince(context, Math.max(0, resumed.since - indexLag))) {
    left = context.deadline - clock.now() < stopWhenRemaining;
    if (left) break;
    if (await letGo(context, record)) count += 1;
  }
  if (count > 0) log.warn('PAUSED_DOCUMENTS_LET_GO', { count });
  const now = clock.now();
  if (!left && now > resumed.until) {
    // Off the index, and kept: no function deletes an item. If somebody ended another pause meanwhile, that one stays.
    await table.write(resumedKey, { ...resumed, over: true }, resumed.revision);
    return;
  }
  await table.write(resumedKey, resumed, resumed.revision, { nextCheckAt: now + minutes(1) });
};
