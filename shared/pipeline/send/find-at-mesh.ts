import type { StoredMessage } from '../../delivery/record.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { Configuration, SendOutcome, Transient } from '../../mesh/outcomes.ts';
import { seconds } from '../../platform/clock.ts';
import type { DocumentId, MeshMessageId } from '../../platform/ids.ts';
import type { EnvelopeFile } from '../envelope.ts';
import type { SendContext } from './context.ts';
import { uploadRecord } from './upload.ts';

/** What MESH has of a message whose answer was lost (mesh 1.11). */
export type Found =
  /** `isWhole`: MESH has all of its parts, and not perhaps the first alone. */
  | { readonly kind: 'one'; readonly meshMessageId: MeshMessageId; readonly isWhole: boolean }
  | { readonly kind: 'several' }
  /** Asked or not: soon after sending that proves nothing. */
  | { readonly kind: 'nothing' }
  | Transient
  | Configuration;

/** Asks by local id where no other message has the same; MESH's look-up is deprecated, and may be gone. */
export const findAtMesh = async (
  client: MeshClient,
  { localId, uniqueLocalId, parts }: EnvelopeFile,
): Promise<Found> => {
  if (!uniqueLocalId) return { kind: 'nothing' };
  const tracked = await client.trackByLocalId(localId);
  if (tracked.kind === 'gone' || tracked.kind === 'refused') return { kind: 'nothing' };
  if (tracked.kind !== 'ok') return tracked;
  switch (tracked.value.found) {
    case 'none':
      return { kind: 'nothing' };
    case 'several':
      return { kind: 'several' };
    case 'one': {
      const { meshMessageId, status } = tracked.value.tracked;
      // An upload without its last part is "accepted" too.
      const isWhole = parts.length === 1 || status === 'acknowledged' || status === 'undeliverable';
      return { kind: 'one', meshMessageId: meshMessageId as MeshMessageId, isWhole };
    }
  }
};

/** MESH does not promise to show a message at once. */
const lookAfter = seconds(5);
/** That asking takes at most. */
const leastTime = seconds(10);

/** Asks once, some seconds later, in the invocation that lost the answer: mostly that ends the doubt. */
export const lookForLost = async (
  { clock, deadline, table, log }: Pick<SendContext, 'clock' | 'deadline' | 'table' | 'log'>,
  client: MeshClient,
  { folder }: StoredMessage,
  documentId: DocumentId,
  envelope: EnvelopeFile,
  outcome: SendOutcome,
): Promise<SendOutcome> => {
  // With `upload` it is the last part that is in doubt: posting that again tells.
  if (outcome.kind !== 'unknown' || outcome.upload || !envelope.uniqueLocalId) return outcome;
  if (deadline - clock.now() < lookAfter + leastTime) return outcome;
  await clock.sleep(lookAfter);
  const found = await findAtMesh(client, envelope);
  if (found.kind !== 'one') return outcome;
  const { meshMessageId } = found;
  log.warn('SEND_FOUND_AT_MESH', { documentId, meshMessageId });
  if (found.isWhole) return { kind: 'sent', meshMessageId };
  const upload = { meshMessageId, nextPart: 2 };
  await uploadRecord(table, documentId, folder, () => clock.now()).write(upload);
  return { kind: 'transient', reason: 'The answer to the first part was lost, and MESH has that part.', upload };
};
