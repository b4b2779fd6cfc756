import { applyEvent } from '../../delivery/documents.ts';
import { parkedKept } from '../../delivery/due.ts';
import { meshKey, parkedKey } from '../../delivery/keys.ts';
import { type MeshItem, type ParkedItem, performWork } from '../../delivery/perform-work.ts';
import type { DocumentId, MeshMessageId } from '../../platform/ids.ts';
import { readMailbox } from '../../senders/registry.ts';
import { quarantinedReport } from '../poll/quarantined.ts';
import { quarantine, rememberForeign } from '../poll/set-aside.ts';
import type { WatchContext } from './watch.ts';

/**
 * A report that waited for our own write of the message's id. If that never came, it is about no message of ours:
 * quarantined, or, in a mailbox that others read too, left to them. What is quarantined can still become known: an
 * attempt in doubt, whose answer was lost, is asked for at MESH for as long as it is in doubt.
 */
export const watchParked = async (context: WatchContext, linked: string): Promise<void> => {
  const { table } = context;
  const key = parkedKey(linked);
  const parked = await table.read<ParkedItem>(key);
  if (!parked) return;
  const { reports, mailboxId } = parked;
  const known = await table.read<MeshItem>(meshKey(linked));
  const shared = (await readMailbox(table, mailboxId))?.setting.shared === true;
  for (const report of reports) {
    if (known) {
      const applied = await applyEvent(context, known.documentId as DocumentId, {
        kind: 'reported',
        meshMessageId: linked as MeshMessageId,
        report,
      });
      if (applied.kind === 'changed') await performWork(context, applied.record);
    } else if (shared) {
      await rememberForeign(context, mailboxId, report.inboundMessageId);
    } else {
      await quarantine(context, report.inboundMessageId, {
        mailboxId,
        at: report.at,
        why: 'a report about no message of ours',
        report: quarantinedReport(report, linked),
      });
    }
  }
  if (known || shared) await table.remove(key, parked.revision);
  else await table.write(key, { ...parked, quarantined: true }, parked.revision, { expiresAt: parked.at + parkedKept });
};
