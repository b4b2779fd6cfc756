import { readDocument } from '../../delivery/documents.ts';
import { quarantineKey } from '../../delivery/keys.ts';
import { performWork } from '../../delivery/perform-work.ts';
import type { Quarantined } from '../../delivery/quarantine.ts';
import { finishQuarantined } from '../../delivery/quarantine-decision.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { writeEntriesOf } from './registry-entries.ts';
import type { WatchContext } from './watch.ts';

/** Somebody decided about it: what they broke off is done, and the archive told. */
export const watchQuarantined = async (context: WatchContext, meshMessageId: string): Promise<void> => {
  const key = quarantineKey(meshMessageId);
  const item = await context.table.read<Quarantined>(key);
  if (item?.decision && !item.done) await finish(context, meshMessageId);
  await writeEntriesOf(context, key);
};

const finish = async (context: WatchContext, meshMessageId: string): Promise<void> => {
  const read = (documentId: string) => readDocument(context.table, documentId as DocumentId);
  for (const applied of await finishQuarantined(context, meshMessageId, read)) {
    if (applied.kind === 'changed') await performWork(context, applied.record);
  }
  context.log.warn('WATCH_FINISHED_QUARANTINED', { meshMessageId });
};
