import { applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { isHeldFor } from '../../delivery/holds.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { currentComposition } from '../../delivery/record.ts';
import { pauseOver, readResumed } from '../../senders/pause.ts';
import { readMailbox } from '../../senders/registry.ts';
import type { WatchContext } from './watch.ts';

/** Lets a document go that is held for a pause, if nothing pauses it any more. */
export const letGo = async (context: WatchContext, record: StoredRecord): Promise<boolean> => {
  const { table, log } = context;
  if (!isHeldFor(record, 'paused')) return false;
  const { documentId, senderOds } = record;
  const mailbox = await readMailbox(table, currentComposition(record).stored?.mailboxId ?? '');
  if (await pauseOver(table, { odsCode: senderOds, mailbox })) return false;
  const { by = 'this system', why = 'the pause is over' } = (await readResumed(table)) ?? {};
  const applied = await applyEvent(context, documentId, { kind: 'released', reason: 'paused', by, why });
  if (applied.kind !== 'changed') return false;
  await performWork(context, applied.record);
  log.info('DOCUMENT_LET_GO', { documentId, odsCode: senderOds });
  return true;
};
