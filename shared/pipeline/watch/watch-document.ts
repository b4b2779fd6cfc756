import { applyEvent, clearWork, readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { currentComposition } from '../../delivery/record.ts';
import { silenceOf } from '../../delivery/silence.ts';
import { hasWork } from '../../delivery/work.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { readMailbox } from '../../senders/registry.ts';
import { letGo } from './let-go.ts';
import type { WatchContext } from './watch.ts';

/** Asked only where a silence may be told; `undefined` of a mailbox that nobody polls any more. */
const lastReadOf = async ({ table }: WatchContext, record: StoredRecord): Promise<number | undefined> => {
  const mailboxId = currentComposition(record).stored?.mailboxId;
  if (mailboxId === undefined || !silenceOf(record)) return undefined;
  const mailbox = await readMailbox(table, mailboxId);
  return mailbox && (mailbox.course.inboxReadAt ?? 0);
};

/** Finishes what a crash left; otherwise asks the record what its due time means. */
export const watchDocument = async (context: WatchContext, id: string): Promise<void> => {
  const { table, settings, log, measure } = context;
  const documentId = id as DocumentId;
  const record = await readDocument(table, documentId);
  if (!record) return;
  if (hasWork(record.work)) {
    const after = await performWork(context, record);
    // Composing again is left to watch by design; anything else, a crash left.
    if (Object.keys(record.work).some((part) => part !== 'composeAgain')) measure.count('UnfinishedWork');
    if (!hasWork(after.work)) {
      log.warn('WATCH_FINISHED_WORK', { documentId });
      return;
    }
    // A part that keeps failing must not keep a doubt, a lost message or a silence from being noticed.
  }
  if (await letGo(context, record)) return;
  const inboxReadAt = await lastReadOf(context, record);
  const applied = await applyEvent(context, documentId, {
    kind: 'due',
    settings,
    ...(inboxReadAt === undefined ? {} : { inboxReadAt }),
  });
  if (applied.kind === 'changed') {
    await performWork(context, applied.record);
    log.warn('WATCH_MOVED_DOCUMENT', { documentId, what: applied.what });
    return;
  }
  if (applied.why === 'compose-again') {
    await context.ingest.send({ documentId, composeAgain: true });
    log.warn('WATCH_ASKED_TO_COMPOSE', { documentId });
  }
  // Nothing to do yet: writing it unchanged sets its next due time.
  if (applied.record) await clearWork(context, applied.record, applied.record.work);
};
