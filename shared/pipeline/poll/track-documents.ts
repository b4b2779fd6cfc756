import { applyEvent, readDocument } from '../../delivery/documents.ts';
import { splitKey, trackingList } from '../../delivery/keys.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { currentComposition } from '../../delivery/record.ts';
import { isRoutedElsewhere, trackingDue } from '../../delivery/tracking.ts';
import { hasWork } from '../../delivery/work.ts';
import type { MeshClient } from '../../mesh/client.ts';
import { minutes } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { PollContext } from './context.ts';
import { findingOf } from './tracking-finding.ts';

/** MESH does not want to be asked often, and the mailbox's next poll waits for the end of this one. */
const mostPerPoll = 300;
const width = 4;
const timeForTracking = minutes(1);

/**
 * After the inbox is read: asks MESH which practice it chose for what this mailbox has sent, the oldest first. Each
 * question is written down before it is asked. With MESH in trouble it stops, and the next poll goes on.
 */
export const trackDocuments = async (context: PollContext, client: MeshClient, mailboxId: string): Promise<void> => {
  const { table, clock } = context;
  const now = clock.now();
  const until = Math.min(now + timeForTracking, context.deadline - timeForTracking);
  const { rows } = await table.listed(trackingList(mailboxId), { to: now, limit: mostPerPoll });
  await inParallel(rows, width, async ({ key }) => {
    if (clock.now() >= until) return 'stop';
    return trackDocument(context, client, mailboxId, splitKey(key).rest as DocumentId);
  });
};

const trackDocument = async (
  context: PollContext,
  client: MeshClient,
  mailboxId: string,
  documentId: DocumentId,
): Promise<'go on' | 'stop'> => {
  const { table, clock, log } = context;
  const record = await readDocument(table, documentId);
  const due = record && trackingDue(record);
  // The index is a little behind: what it still lists may have been asked about since.
  if (!due || due.mailboxId !== mailboxId || due.at > clock.now()) return 'go on';
  const { meshMessageId } = due;
  const begun = await applyEvent(context, documentId, { kind: 'tracking-begun', meshMessageId });
  if (begun.kind === 'no-op') return 'go on';
  const finding = findingOf(await client.track(meshMessageId));
  const applied = await applyEvent(context, documentId, { kind: 'tracked', meshMessageId, finding });
  if (finding.kind === 'unavailable') {
    log.warn('TRACKING_UNAVAILABLE', { mailboxId, documentId, meshMessageId });
    return 'stop';
  }
  if (applied.kind === 'no-op') return 'go on';
  const { routed } = applied.record.compositions.find((one) => one.number === due.composition) ?? {};
  const elsewhere = isRoutedElsewhere(currentComposition(applied.record));
  log[elsewhere ? 'warn' : 'info'](elsewhere ? 'DOCUMENT_ROUTED_ELSEWHERE' : 'DOCUMENT_TRACKED', {
    documentId,
    meshMessageId,
    what: applied.what,
    ...(routed?.odsCode === undefined ? {} : { odsCode: routed.odsCode }),
  });
  if (hasWork(applied.record.work)) await performWork(context, applied.record);
  return 'go on';
};
