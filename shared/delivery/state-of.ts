import { type Attempt, type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { meanings, type State } from './states.ts';

const mayHaveLeft = ({ outcome }: Attempt): boolean => outcome === undefined || outcome.kind === 'unknown';

/**
 * The latest attempt whose end nobody knows (a crash, a time-out, an answer lost), while nothing else tells whether
 * MESH has the message. A later attempt that certainly failed does not clear up an earlier doubt.
 */
export const doubtfulAttempt = (composition: Composition): Attempt | undefined => {
  const { sentAt, infrastructure, business, report } = composition;
  if (sentAt !== undefined || infrastructure || business || report) return undefined;
  return composition.attempts.findLast(mayHaveLeft);
};

/** How many copies MESH may hold. */
export const possiblePosts = (composition: Composition): number =>
  composition.attempts.filter((attempt) => mayHaveLeft(attempt) || attempt.outcome?.kind === 'sent').length;

/** An answer of the practice outranks a report, a report outranks what we know of sending, and so on down. */
export const stateOfComposition = (composition: Composition): State => {
  const { business, infrastructure, stored } = composition;
  if (business) return business.polarity === 'positive' ? 'ACCEPTED' : 'BUSINESS_REJECTED';
  if (infrastructure?.polarity === 'negative') return 'INFRASTRUCTURE_REJECTED';
  if (infrastructure) return 'INFRASTRUCTURE_ACKNOWLEDGED';
  if (composition.report) return 'UNDELIVERED';
  if (composition.sentAt !== undefined) return 'SENT';
  if (doubtfulAttempt(composition)) return 'SENDING';
  if (composition.failure) return 'SEND_FAILED';
  if (composition.supersededBy) return 'SUPERSEDED';
  if (composition.suppression) return 'SUPPRESSED';
  if (composition.rejection) return 'REJECTED';
  return stored ? 'COMPOSED' : 'RECEIVED';
};

export const stateOf = (record: DocumentRecord): State =>
  record.contradiction ? 'CONTRADICTED' : stateOfComposition(currentComposition(record));

export const hasEnded = (record: DocumentRecord): boolean => meanings[stateOf(record)].ended;

/** Is a copy of any composition perhaps at MESH? */
export const inDoubt = (record: DocumentRecord): boolean =>
  record.compositions.some((composition) => doubtfulAttempt(composition) !== undefined);

/** May a drop with other content take this document's place? (DESIGN 3, Identity.) */
export const isCorrectable = (record: DocumentRecord): boolean =>
  !inDoubt(record) &&
  (meanings[stateOf(record)].correctable || currentComposition(record).awaitingNamedPdfSince !== undefined);

/** Attempts are numbered through all compositions of a document: a claim of a later one is always higher. */
export const nextAttempt = (record: DocumentRecord): number =>
  1 + record.compositions.reduce((sum, composition) => sum + composition.attempts.length, 0);
