import { isHeldFor } from './holds.ts';
import { type Attempt, type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { meanings, type State } from './states.ts';

const mayHaveLeft = ({ outcome }: Attempt): boolean => outcome === undefined || outcome.kind === 'unknown';

/** A person has found out that nothing came of it. */
export const isFoundLost = ({ doubtDecision }: Composition, attempt: Attempt): boolean =>
  doubtDecision?.as === 'lost' && attempt.outcome?.kind !== 'sent' && attempt.startedAt <= doubtDecision.at;

/** Those of the round under way, a person may have asked for the same bytes to be sent again; not those found to be lost. */
const attemptsOfRound = (composition: Composition): readonly Attempt[] => {
  const before = composition.earlierSends?.at(-1)?.lastAttempt ?? 0;
  return composition.attempts.filter(
    (attempt) => attempt.number > before && !(mayHaveLeft(attempt) && isFoundLost(composition, attempt)),
  );
};

/**
 * The latest attempt whose end nobody knows (a crash, a time-out, an answer lost), while nothing else tells whether
 * MESH has the message. A later attempt that certainly failed does not clear up an earlier doubt.
 */
export const doubtfulAttempt = (composition: Composition): Attempt | undefined => {
  const { sentAt, infrastructure, business, report } = composition;
  if (sentAt !== undefined || infrastructure || business || report) return undefined;
  return attemptsOfRound(composition).findLast(mayHaveLeft);
};

/** How many copies of this round MESH may hold. */
export const possiblePosts = (composition: Composition): number =>
  attemptsOfRound(composition).filter((attempt) => mayHaveLeft(attempt) || attempt.outcome?.kind === 'sent').length;

/** A doubtful attempt may be followed by one flagged re-send, and by another only if a person says so (DESIGN 4). */
export const resendAllowed = (composition: Composition): boolean => {
  const posts = possiblePosts(composition);
  return posts === 1 || posts === composition.resendGranted?.afterPosts;
};

/** The practice contradicted itself, and nobody has decided yet. */
export const undecided = ({ contradiction }: Composition): boolean =>
  contradiction !== undefined && contradiction.decision === undefined;

/** What a person decided about two answers that exclude each other; which refusal it is, the negative one says. */
const decidedState = ({ contradiction, business, infrastructure }: Composition): State | undefined => {
  if (!contradiction) return undefined;
  if (!contradiction.decision) return 'CONTRADICTED';
  if (contradiction.decision.as === 'accepted') return 'ACCEPTED';
  const { answer, level } = contradiction;
  if (answer.polarity === 'negative') return level === 'business' ? 'BUSINESS_REJECTED' : 'INFRASTRUCTURE_REJECTED';
  return business?.polarity === 'negative' || infrastructure?.polarity !== 'negative'
    ? 'BUSINESS_REJECTED'
    : 'INFRASTRUCTURE_REJECTED';
};

/**
 * What its own facts say, whatever became of it through another version. An answer of the practice outranks a report,
 * a report outranks what we know of sending, and so on down.
 */
export const answeredState = (composition: Composition): State => {
  const { business, infrastructure, stored } = composition;
  const decided = decidedState(composition);
  if (decided) return decided;
  if (business) return business.polarity === 'positive' ? 'ACCEPTED' : 'BUSINESS_REJECTED';
  if (infrastructure?.polarity === 'negative') return 'INFRASTRUCTURE_REJECTED';
  if (infrastructure) return 'INFRASTRUCTURE_ACKNOWLEDGED';
  if (composition.report) return 'UNDELIVERED';
  if (composition.sentAt !== undefined) return 'SENT';
  if (doubtfulAttempt(composition)) return 'SENDING';
  if (composition.failure) return 'SEND_FAILED';
  if (composition.cancellation) return 'CANCELLED';
  if (composition.supersededBy) return 'SUPERSEDED';
  if (composition.suppression) return 'SUPPRESSED';
  if (composition.rejection) return 'REJECTED';
  return stored ? 'COMPOSED' : 'RECEIVED';
};

/** 20014 to what replaces: the practice counts it and the version that it was to replace as bad (GPCM-SD-128). */
export const isFailedReplacement = ({ replaces, infrastructure, business, contradiction }: Composition): boolean => {
  if (replaces === undefined) return false;
  if (contradiction) {
    const codes = [contradiction.answer.code, infrastructure?.code];
    return contradiction.decision?.as === 'rejected' && codes.includes('20014');
  }
  return infrastructure?.code === '20014' && business?.polarity !== 'positive';
};

/** What another version can make void or replace: only what may be at the practice, or was on its way there. */
export const canBeVoid: ReadonlySet<State> = new Set(['SENDING', 'SENT', 'INFRASTRUCTURE_ACKNOWLEDGED', 'ACCEPTED']);
export const canBeReplaced: ReadonlySet<State> = new Set([
  ...canBeVoid,
  'UNDELIVERED',
  'INFRASTRUCTURE_REJECTED',
  'BUSINESS_REJECTED',
]);

/** What another version made of it; of two the later, since a person may have decided otherwise meanwhile. */
const overtakenState = ({ voidedBy, replacedBy }: Composition): State | undefined => {
  if (voidedBy && replacedBy) return voidedBy.at >= replacedBy.at ? 'NULL_AND_VOID' : 'REPLACED';
  if (voidedBy) return 'NULL_AND_VOID';
  return replacedBy && 'REPLACED';
};

/** What became of it: through another version, and then nothing of its own moves it; or by its own facts. */
export const stateOfComposition = (composition: Composition): State => {
  const overtaken = overtakenState(composition);
  if (overtaken) return overtaken;
  return isFailedReplacement(composition) ? 'NULL_AND_VOID' : answeredState(composition);
};

export const stateOf = (record: DocumentRecord): State =>
  record.compositions.some(undecided) ? 'CONTRADICTED' : stateOfComposition(currentComposition(record));

export const hasEnded = (record: DocumentRecord): boolean => meanings[stateOf(record)].ended;

/** Is a copy of any composition perhaps at MESH? */
export const inDoubt = (record: DocumentRecord): boolean =>
  record.compositions.some((composition) => doubtfulAttempt(composition) !== undefined);

/** May a drop with other content take this document's place? (DESIGN 3, Identity.) */
export const isCorrectable = (record: DocumentRecord): boolean =>
  !inDoubt(record) &&
  (meanings[stateOf(record)].correctable ||
    // Nothing of it has left, and the wrong file may be what holds it or what it waits for.
    (stateOf(record) === 'RECEIVED' &&
      (currentComposition(record).awaitingFiles !== undefined || isHeldFor(record, 'other-patient'))));

/** Attempts are numbered through all compositions of a document: a claim of a later one is always higher. */
export const nextAttempt = (record: DocumentRecord): number =>
  1 + record.compositions.reduce((sum, composition) => sum + composition.attempts.length, 0);
