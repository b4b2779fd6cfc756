import type { OdsCode } from '../platform/ids.ts';
import type { MetricName, SenderCounter } from '../platform/measure.ts';
import { attentionOf } from './attention.ts';
import { isLateReplacement } from './earlier-versions.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';
import type { State } from './states.ts';
import { takenUpAt } from './unsent.ts';

/** One figure: `counted` adds up, `recorded` is a reading in seconds. */
export type Figure =
  | { readonly kind: 'counted' | 'recorded'; readonly metric: MetricName; readonly value: number }
  /** Once, for the organisation that handed it over. */
  | { readonly kind: 'of-sender'; readonly metric: SenderCounter; readonly senderOds: OdsCode };

/** What coming into a state counts as. Being handed to MESH is no milestone of its own: it is tried, and goes or not. Cancelling is done by a
 * person's command, which emits no metrics. */
const milestones: Readonly<
  Record<Exclude<State, 'RECEIVED' | 'COMPOSED' | 'SENDING' | 'SENT' | 'CANCELLED'>, MetricName>
> = {
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

/** Each condition, by when it began: the same one come anew counts again. */
const openConditions = (record: DocumentRecord): readonly string[] =>
  attentionOf(record).map(({ code, since }) => `${code} ${since}`);

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
  const known = before ? openConditions(before) : [];
  if (openConditions(after).some((one) => !known.includes(one))) count('DocumentsNeedingAttention');
  const late = (record: DocumentRecord | undefined) => record?.compositions.some(isLateReplacement) === true;
  if (late(after) && !late(before)) count('LateReplacements');
  if (composition.lateHandover && !was && composition.takenUpAgainAt === undefined) {
    figures.push({ kind: 'of-sender', metric: 'LateHandovers', senderOds: after.senderOds });
  }
  count('DuplicateDrops', after.counts.duplicateDrops - (before?.counts.duplicateDrops ?? 0));
  count('RefusedDrops', after.counts.refusedDrops - (before?.counts.refusedDrops ?? 0));
  return figures;
};
