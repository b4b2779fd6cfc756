import { days, hours, minutes } from '../platform/clock.ts';
import { isOnlyPaused } from './holds.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { doubtfulAttempt, hasEnded, stateOf } from './state-of.ts';
import { hasWork } from './work.ts';

/** What a deployment may set (environment, `DOUBT_WAIT_MINUTES`, `GIVE_UP_AFTER_MINUTES`). Milliseconds. */
export interface DeliverySettings {
  readonly doubtWait: number;
  readonly giveUpAfter: number;
}

/** Grace in which the invocation that wrote work does it itself. */
export const workGrace = minutes(2);
/** What lies in the inbox longer than this is unfinished by definition. */
export const unfinishedAfter = minutes(15);
/** How long a half waits for its other half, and a manifest for the files that it names. */
export const halfLimit = hours(1);
/** When the organisation is told that a half still waits. */
export const halfNotice = minutes(5);
/** A queue message that comes back does so sooner than this; after it the message is taken for lost. */
export const queueSilence = minutes(20);
/** A report that overtook our own write is matched within moments; one that waits longer is nobody's of ours. */
export const parkedLimit = hours(1);
// No source gives numbers for these two: defaults for a clinical safety officer to decide (GPCM-SD-095).
export const infrastructureDue = hours(24);
export const businessDue = days(2);

/**
 * When somebody must look at this document again; `undefined` only if it has ended and nothing is left to do.
 * Invariant, tested: every record that has not ended, or has work, is due at some time.
 */
export const nextCheckAt = (record: DocumentRecord, now: number, settings: DeliverySettings): number | undefined => {
  // Whoever released it cannot ask compose; the next minute does.
  if (record.work.composeAgain !== undefined) return now;
  if (hasWork(record.work)) return now + workGrace;
  if (hasEnded(record)) return undefined;
  // Resuming lets it go; this is for one that was held at that very moment.
  if (isOnlyPaused(record)) return now + unfinishedAfter;
  // What only a person can move on is looked at daily.
  if (record.holds.length > 0 || record.overdueSince !== undefined) return now + days(1);
  const composition = currentComposition(record);
  switch (stateOf(record)) {
    case 'RECEIVED':
      return composition.awaitingFiles === undefined
        ? now + unfinishedAfter
        : Math.max(now + minutes(1), composition.awaitingFiles.since + halfLimit);
    case 'COMPOSED':
      return Math.max(now + minutes(1), composition.waiting?.until ?? now + queueSilence);
    case 'SENDING':
      return Math.max(
        now + minutes(1),
        (doubtfulAttempt(composition)?.deadline ?? now) + settings.doubtWait,
        composition.waiting?.until ?? 0,
      );
    case 'SENT':
      return Math.max(now + hours(1), (composition.sentAt ?? now) + infrastructureDue);
    default:
      return Math.max(now + hours(1), (composition.infrastructure?.at ?? now) + businessDue);
  }
};
