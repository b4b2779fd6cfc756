import type { StoredRecord } from '../delivery/documents.ts';
import { currentComposition } from '../delivery/record.ts';
import { isCorrectable, stateOf } from '../delivery/state-of.ts';
import type { State } from '../delivery/states.ts';
import { days, seconds } from '../platform/clock.ts';
import type { DocumentId, OdsCode } from '../platform/ids.ts';
import type { Indexed } from '../platform/table.ts';
import type { RequestIds } from '../submission/request-metadata.ts';

/**
 * What the API took, until compose has made a record of it: `SUBMISSION#{documentId}`, written before the objects are.
 * With it a document is known to its submitter at once, and other content is refused before the record exists.
 */
export interface Submission extends RequestIds {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  readonly encounterId: string;
  readonly version: number;
  readonly contentDigest: string;
  /** The drop's, under `inbox/{ods}/`. */
  readonly name: string;
  readonly begunAt: number;
  /** Manifest and PDF are stored: custody is taken. */
  readonly takenAt?: number;
}

/** As long as a drop can lie in the inbox before it has a record: custody must not be forgotten before. */
export const submissionLife = days(30);

/**
 * Taken: on the list of its organisation, by the time it was taken, until the list finds its record there
 * (list-documents.ts). `now` in epoch ms.
 */
export const indexedSubmission = ({ senderOds, takenAt }: Submission, now: number): Indexed => ({
  expiresAt: now + submissionLife,
  ...(takenAt === undefined ? {} : { senderOds, updatedAt: takenAt, state: 'RECEIVED' satisfies State }),
});

/** A function that took longer has ended: what it had begun, it left. */
const inHand = seconds(60);

export type SubmissionDecision =
  /** Store manifest and PDF under this name. */
  | { readonly kind: 'take'; readonly name: string }
  /** The same content is here already. */
  | { readonly kind: 'known'; readonly state: State }
  | { readonly kind: 'differs' }
  | { readonly kind: 'under-way' };

/**
 * Compose has seen the drop: whatever it made of it stands in the record. Not what an earlier request with the same
 * X-Request-ID left there under the same name.
 */
export const isRegistered = (submission: Submission, record: StoredRecord | undefined): boolean =>
  [...(record?.drops ?? []), ...(record?.refusals ?? [])].some(
    ({ name, at }) => name === submission.name && at >= submission.begunAt,
  );

/** Begun so long ago that its function has ended, and nobody has written down whether it took custody. */
export const isAbandoned = (submission: Submission, now: number): boolean =>
  submission.takenAt === undefined && now >= submission.begunAt + inHand;

/** Same content, but nothing of it has left: what stood in its way may have gone (shared/delivery/reduce-drop.ts). */
const triedAgain: readonly State[] = ['REJECTED', 'SUPPRESSED', 'SEND_FAILED'];

/** What is known of a document, and what another submission of it comes to (DESIGN 3, Identity). Pure. */
export const decideSubmission = (
  known: { readonly record?: StoredRecord | undefined; readonly submission?: Submission | undefined },
  mine: { readonly contentDigest: string; readonly name: string },
  now: number,
): SubmissionDecision => {
  const { record, submission } = known;
  if (submission && !isRegistered(submission, record)) {
    const same = submission.contentDigest === mine.contentDigest;
    if (submission.takenAt !== undefined) {
      return same ? { kind: 'known', state: 'RECEIVED' } : { kind: 'differs' };
    }
    // Under the same name, so that two requests, or one and its repetition, make one drop.
    if (same) return { kind: 'take', name: submission.name };
    if (!isAbandoned(submission, now)) return { kind: 'under-way' };
  }
  if (!record) return { kind: 'take', name: mine.name };
  const state = stateOf(record);
  if (currentComposition(record).source.contentDigest === mine.contentDigest) {
    return triedAgain.includes(state) ? { kind: 'take', name: mine.name } : { kind: 'known', state };
  }
  return isCorrectable(record) ? { kind: 'take', name: mine.name } : { kind: 'differs' };
};
