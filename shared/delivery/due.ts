import { days, hours, minutes } from '../platform/clock.ts';
import { isOnlyPaused } from './holds.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { overdueAt, returnNearAt, silenceOf, unsentOverdueAt } from './silence.ts';
import { doubtfulAttempt, hasEnded, stateOf } from './state-of.ts';
import { nextEscalationAt } from './told.ts';
import { hasWork } from './work.ts';
import type { BankHolidayExceptions } from './working-days.ts';

/** What a deployment may set (environment, `DOUBT_WAIT_MINUTES`, `GIVE_UP_AFTER_MINUTES`). Milliseconds. */
export interface DeliverySettings {
  readonly doubtWait: number;
  readonly giveUpAfter: number;
  /** `BANK_HOLIDAYS_ADDED`, `BANK_HOLIDAYS_REMOVED`. */
  readonly bankHolidays?: BankHolidayExceptions;
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
/** Longer than anything stays in doubt that nobody decides. */
export const parkedKept = days(30);
/** Between two looks at a silence that is due but may not be told yet. */
const soon = minutes(5);

/**
 * When somebody must look at this document again; `undefined` only if it has ended and nothing is left to do.
 * Invariant, tested: every record that has not ended, or has work, is due at some time.
 */
export const nextCheckAt = (record: DocumentRecord, now: number, settings: DeliverySettings): number | undefined => {
  // Whoever released it cannot ask compose; the next minute does.
  if (record.work.composeAgain !== undefined) return now;
  if (hasWork(record.work)) return now + workGrace;
  const told = toBeToldAt(record, settings);
  const nextTold = told === undefined ? undefined : Math.max(now + soon, told);
  if (hasEnded(record)) return nextTold;
  // Resuming lets it go; this is for one that was held at that very moment.
  if (isOnlyPaused(record)) return now + unfinishedAfter;
  // Daily at the least, though nothing be due for long: digests find what has not ended by when it changed last.
  const moves = record.holds.length > 0 ? undefined : movesAt(record, now, settings);
  return Math.min(now + days(1), nextTold ?? Number.POSITIVE_INFINITY, moves ?? Number.POSITIVE_INFINITY);
};

/** The next silence that is to be told of and is not yet, or the next condition that is to be told again. */
const toBeToldAt = (record: DocumentRecord, { bankHolidays }: DeliverySettings): number | undefined => {
  const silence = silenceOf(record);
  const times = [
    silence && record.overdueSince === undefined ? overdueAt(record, silence, bankHolidays) : undefined,
    record.returnNearSince === undefined ? returnNearAt(record) : undefined,
    record.unsentOverdueSince === undefined ? unsentOverdueAt(record) : undefined,
    nextEscalationAt(record, bankHolidays),
  ].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
};

/** When this system has something to do about it. */
const movesAt = (record: DocumentRecord, now: number, settings: DeliverySettings): number | undefined => {
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
    default:
      return undefined;
  }
};
