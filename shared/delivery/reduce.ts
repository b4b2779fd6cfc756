import type { DeliveryEvent } from './events.ts';
import type { DocumentRecord } from './record.ts';
import { reduceAcknowledged, reduceReported } from './reduce-answers.ts';
import { reduceCompose, reduceDrop } from './reduce-drop.ts';
import { reduceDue, reduceWaitOver } from './reduce-due.ts';
import { reducePatientChecked } from './reduce-patient-check.ts';
import { reducePerson } from './reduce-person.ts';
import { reduceSending } from './reduce-sending.ts';
import { reduceTracking } from './reduce-tracking.ts';
import { reduceVersions, withLateNote } from './reduce-versions.ts';
import { noOp, type Reduction } from './reduction.ts';
import { withTrueSilences } from './silence.ts';
import { withEscalations, withTold } from './told.ts';

/** The one place where a document's record changes: pure, total, the same whoever calls it and however often. */
export const reduce = (record: DocumentRecord | undefined, event: DeliveryEvent, now: number): Reduction => {
  const reduction = reduceEvent(record, event, now);
  if (reduction.kind === 'changed') {
    return {
      ...reduction,
      record: withPeopleTold(withLateNote(record, withTrueSilences(reduction.record), now), event, now),
    };
  }
  if (!record || event.kind !== 'due') return reduction;
  // Nothing has moved, but somebody may have to be told, or told again.
  const told = withPeopleTold(record, event, now);
  return told === record ? reduction : { kind: 'changed', what: 'told', record: told };
};

const withPeopleTold = (record: DocumentRecord, event: DeliveryEvent, now: number): DocumentRecord => {
  const told = withTold(record, now);
  return event.kind === 'due' ? withEscalations(told, now, event.settings.bankHolidays) : told;
};

const reduceEvent = (record: DocumentRecord | undefined, event: DeliveryEvent, now: number): Reduction => {
  if (event.kind === 'dropped' || event.kind === 'drop-rejected' || event.kind === 'drop-refused') {
    return reduceDrop(record, event, now);
  }
  if (!record) return noOp('no-such-document');
  switch (event.kind) {
    case 'named-files-missing':
    case 'rejected':
    case 'suppressed':
    case 'composed':
      return reduceCompose(record, event, now);
    case 'patient-checked':
      return reducePatientChecked(record, event, now);
    case 'held':
    case 'released':
    case 'cancelled':
    case 'resolved':
    case 'contradiction-decided':
    case 'resend-asked':
    case 'doubt-decided':
    case 'redriven':
      return reducePerson(record, event, now);
    case 'attempt-begun':
    case 'attempt-ended':
    case 'waits':
    case 'superseded':
    case 'gave-up':
    case 'found-several':
      return reduceSending(record, event, now);
    case 'acknowledged':
      return reduceAcknowledged(record, event, now);
    case 'reported':
      return reduceReported(record, event, now);
    case 'tracking-begun':
    case 'tracked':
      return reduceTracking(record, event, now);
    case 'standing-decided':
    case 'replaced':
    case 'voided':
      return reduceVersions(record, event, now);
    case 'wait-over':
      return reduceWaitOver(record, event, now);
    case 'due':
      return reduceDue(record, event, now);
  }
};
