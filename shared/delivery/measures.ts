import type { MetricName } from '../platform/measure.ts';
import { isLateReplacement } from './earlier-versions.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';
import { meanings, type State } from './states.ts';
import { takenUpAt } from './unsent.ts';

/** One figure: `counted` adds up, `recorded` is a reading in seconds. */
export interface Figure {
  readonly kind: 'counted' | 'recorded';
  readonly metric: MetricName;
  readonly value: number;
}

/** What coming into a state counts as. Being handed to MESH is no milestone of its own: it is tried, and goes or not. */
const milestones: Readonly<Record<Exclude<State, 'RECEIVED' | 'COMPOSED' | 'SENDING' | 'SENT'>, MetricName>> = {
  INFRASTRUCTURE_ACKNOWLEDGED: 'DocumentsInfrastructureAcknowledged',
  ACCEPTED: 'DocumentsAccepted',
  REJECTED: 'DocumentsRejected',
  SEND_FAILED: 'DocumentsSendFailed',
  UNDELIVERED: 'DocumentsUndelivered',
  INFRASTRUCTURE_REJECTED: 'DocumentsInfrastructureRejected',
  BUSINESS_REJECTED: 'DocumentsBusinessRejected',
  CONTRADICTED: 'DocumentsContradicted',
  NULL_AND_VOID: 'DocumentsNullAndVoid',
  REPLACED: 'DocumentsReplaced',
  SUPERSEDED: 'DocumentsSuperseded',
  SUPPRESSED: 'DocumentsSuppressed',
};

const isMilestone = (state: State): state is keyof typeof milestones => state in milestones;

const secondsSince = (from: number, to: number) => Math.max(0, (to - from) / 1000);

/** A person's move, and nobody else's: it ended badly, it is held, or the practice is silent for too long. */
const reasonsForAttention = (record: DocumentRecord): readonly string[] => {
  const state = stateOf(record);
  const { olderVersionAt, sentAt: gone } = currentComposition(record);
  return [
    ...(meanings[state].ended && meanings[state].whoseMove === 'the sender' ? [state] : []),
    // A pause is ended by whoever made it, and lets all go at once.
    ...record.holds.flatMap(({ reason, at }) => (reason === 'paused' ? [] : [`held ${reason} ${at}`])),
    ...(record.overdueSince === undefined ? [] : ['overdue']),
    // Told once, when it has gone to the new practice: the old one must be told by a person.
    ...(olderVersionAt && gone ? [`version ${olderVersionAt.version} elsewhere`] : []),
  ];
};

/** What one change of a record is worth telling CloudWatch. Pure; the store calls it for every write that went through. */
export const figuresOf = (before: DocumentRecord | undefined, after: DocumentRecord): readonly Figure[] => {
  const figures: Figure[] = [];
  const count = (metric: MetricName, value = 1) => {
    if (value > 0) figures.push({ kind: 'counted', metric, value });
  };
  const state = stateOf(after);
  const composition = currentComposition(after);
  const was = before?.compositions.find(({ number }) => number === composition.number);

  if (!before) count('DocumentsReceived');
  if (composition.stored && !was?.stored) count('DocumentsComposed');
  if (composition.sentAt !== undefined && was?.sentAt === undefined) {
    count('DocumentsSent');
    figures.push({
      kind: 'recorded',
      metric: 'TimeToSent',
      value: secondsSince(takenUpAt(composition), composition.sentAt),
    });
  }
  if (isMilestone(state) && (!before || stateOf(before) !== state)) {
    count(milestones[state]);
    if (state === 'ACCEPTED' && composition.business) {
      figures.push({
        kind: 'recorded',
        metric: 'TimeToAccepted',
        value: secondsSince(takenUpAt(composition), composition.business.at),
      });
    }
  }
  count('DocumentsHeld', after.holds.length - (before?.holds.length ?? 0));
  if (after.overdueSince !== undefined && before?.overdueSince === undefined) count('DocumentsOverdue');
  const known = before ? reasonsForAttention(before) : [];
  if (reasonsForAttention(after).some((reason) => !known.includes(reason))) count('DocumentsNeedingAttention');
  const late = (record: DocumentRecord | undefined) => record?.compositions.some(isLateReplacement) === true;
  if (late(after) && !late(before)) count('LateReplacements');
  count('DuplicateDrops', after.counts.duplicateDrops - (before?.counts.duplicateDrops ?? 0));
  count('RefusedDrops', after.counts.refusedDrops - (before?.counts.refusedDrops ?? 0));
  return figures;
};
