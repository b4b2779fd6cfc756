import { readDocument } from '../../delivery/documents.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { finishQuarantined } from '../../delivery/quarantine-decision.ts';
import type { DocumentId } from '../../platform/ids.ts';
import type { WatchContext } from './watch.ts';

/** Somebody decided about it, and broke off before it was done. */
export const watchQuarantined = async (context: WatchContext, meshMessageId: string): Promise<void> => {
  const read = (documentId: string) => readDocument(context.table, documentId as DocumentId);
  for (const applied of await finishQuarantined(context, meshMessageId, read)) {
    if (applied.kind === 'changed') await performWork(context, applied.record);
  }
  context.log.warn('WATCH_FINISHED_QUARANTINED', { meshMessageId });
};
