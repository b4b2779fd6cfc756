import { days, hours, minutes } from '../platform/clock.ts';
import type { DocumentId, MailboxId, OdsCode } from '../platform/ids.ts';

/**
 * An acknowledgement of an acknowledgement: one 20013 to a business response that asks for it (ITK3 pattern 1), where
 * the mailbox is set to send such. Its ids derive from what it answers, so that sending it again could not make a
 * second one; nothing of it touches the document. `OWED#{messageHeaderId}#{response's id}`, kept for thirty days.
 */
export interface Owed {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  readonly mailboxId: MailboxId;
  /** The practice's mailbox. */
  readonly to: MailboxId;
  readonly workflowId: string;
  /** MessageHeader.id of our message, and of the response that is acknowledged, as written. */
  readonly messageHeaderId: string;
  readonly responseId: string;
  /** Inside the message: always the same. */
  readonly at: number;
  /** Posts that MESH may have taken. */
  readonly doubts: number;
  /** A post under way, or one that nobody knows the end of once the deadline is past. */
  readonly attempt?: { readonly owner: string; readonly deadline: number };
  /** Not before this. */
  readonly waitUntil: number;
  readonly sent?: { readonly at: number; readonly meshMessageId: string };
  readonly gaveUp?: { readonly at: number; readonly why: string };
}

export const owedRetry = minutes(10);
const owedGiveUp = hours(4);
/** As with a document: posted once more after a doubt, and never a third time. */
const mostDoubts = 2;
export const owedKept = days(30);

export type OwedStep =
  | { readonly kind: 'done' | 'not-yet' }
  | { readonly kind: 'give-up'; readonly why: string }
  | { readonly kind: 'post' }
  /** A post may have gone through: MESH is asked first. */
  | { readonly kind: 'find-out' };

/** What to do about it now. Pure. */
export const nextOwedStep = (owed: Owed, doubtWait: number, now: number): OwedStep => {
  if (owed.sent || owed.gaveUp) return { kind: 'done' };
  const late = now > owed.at + owedGiveUp;
  if (owed.attempt) {
    if (now < owed.attempt.deadline + doubtWait) return { kind: 'not-yet' };
    return late ? { kind: 'give-up', why: 'MESH does not say whether it took it' } : { kind: 'find-out' };
  }
  if (now < owed.waitUntil) return { kind: 'not-yet' };
  if (owed.doubts >= mostDoubts) return { kind: 'give-up', why: 'two posts ended without an answer from MESH' };
  return late ? { kind: 'give-up', why: 'not to be sent in time' } : { kind: 'post' };
};

/** When somebody must look at it again; `undefined` when it is over. */
export const owedDueAt = (owed: Owed, doubtWait: number): number | undefined =>
  owed.sent || owed.gaveUp ? undefined : owed.attempt ? owed.attempt.deadline + doubtWait : owed.waitUntil;
