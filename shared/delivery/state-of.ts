import { isHeldFor } from './holds.ts';
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

/**
 * What its own facts say, whatever became of it through another version. An answer of the practice outranks a report,
 * a report outranks what we know of sending, and so on down.
 */
export const answeredState = (composition: Composition): State => {
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

/** 20014 to what replaces: the practice counts it and the version that it was to replace as bad (GPCM-SD-128). */
const isFailedReplacement = ({ replaces, infrastructure, business }: Composition): boolean =>
  replaces !== undefined && infrastructure?.code === '20014' && business?.polarity !== 'positive';

/** What another version made void or replaced: only what may be at the practice, or was on its way there. */
const canBeVoid: ReadonlySet<State> = new Set(['SENDING', 'SENT', 'INFRASTRUCTURE_ACKNOWLEDGED', 'ACCEPTED']);
const canBeReplaced: ReadonlySet<State> = new Set([
  ...canBeVoid,
  'UNDELIVERED',
  'INFRASTRUCTURE_REJECTED',
  'BUSINESS_REJECTED',
]);

export const stateOfComposition = (composition: Composition): State => {
  const state = answeredState(composition);
  if (isFailedReplacement(composition)) return 'NULL_AND_VOID';
  if (composition.voidedBy && canBeVoid.has(state)) return 'NULL_AND_VOID';
  return composition.replacedBy && canBeReplaced.has(state) ? 'REPLACED' : state;
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
  (meanings[stateOf(record)].correctable ||
    currentComposition(record).awaitingFiles !== undefined ||
    // Nothing of it has left, and the wrong file may be what holds it.
    isHeldFor(record, 'other-patient'));

/** Attempts are numbered through all compositions of a document: a claim of a later one is always higher. */
export const nextAttempt = (record: DocumentRecord): number =>
  1 + record.compositions.reduce((sum, composition) => sum + composition.attempts.length, 0);
