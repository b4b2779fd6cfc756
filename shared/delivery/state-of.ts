import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { meanings, type State } from './states.ts';

/** An answer of the practice outranks a report, a report outranks what we know of sending, and so on down. */
export const stateOfComposition = (composition: Composition): State => {
  const { business, infrastructure, stored } = composition;
  if (business) return business.polarity === 'positive' ? 'ACCEPTED' : 'BUSINESS_REJECTED';
  if (infrastructure?.polarity === 'negative') return 'INFRASTRUCTURE_REJECTED';
  if (infrastructure) return 'INFRASTRUCTURE_ACKNOWLEDGED';
  if (composition.report) return 'UNDELIVERED';
  if (composition.sentAt !== undefined) return 'SENT';
  if (composition.failure) return 'SEND_FAILED';
  if (composition.supersededBy) return 'SUPERSEDED';
  if (composition.suppression) return 'SUPPRESSED';
  if (composition.rejection) return 'REJECTED';
  const last = composition.attempts.at(-1);
  if (last && (last.outcome === undefined || last.outcome.kind === 'unknown')) return 'SENDING';
  return stored ? 'COMPOSED' : 'RECEIVED';
};

export const stateOf = (record: DocumentRecord): State =>
  record.contradiction ? 'CONTRADICTED' : stateOfComposition(currentComposition(record));

export const hasEnded = (record: DocumentRecord): boolean => meanings[stateOf(record)].ended;

/** May a drop with other content take this document's place? (DESIGN 3, Identity.) */
export const isCorrectable = (record: DocumentRecord): boolean =>
  meanings[stateOf(record)].correctable || currentComposition(record).awaitingNamedPdfSince !== undefined;

/** The attempt whose end nobody knows: a crash, a time-out, an answer lost. */
export const doubtfulAttempt = (composition: Composition) => {
  if (composition.sentAt !== undefined || composition.failure) return undefined;
  const last = composition.attempts.at(-1);
  return last && (last.outcome === undefined || last.outcome.kind === 'unknown') ? last : undefined;
};

/** Attempts are numbered through all compositions of a document: a claim of a later one is always higher. */
export const nextAttempt = (record: DocumentRecord): number =>
  1 + record.compositions.reduce((sum, composition) => sum + composition.attempts.length, 0);
