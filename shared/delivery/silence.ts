import { days, hours } from '../platform/clock.ts';
import { type DueTimes, defaultDueTimes } from './due-times.ts';
import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';
import { unsentSince } from './unsent.ts';
import { afterWorkingDays, type BankHolidayExceptions } from './working-days.ts';

/** What is waited for, and since when. Epoch milliseconds. */
export interface Silence {
  readonly missing: 'infrastructure' | 'business';
  readonly from: number;
}

export const dueTimesOf = ({ dueTimes }: Composition): DueTimes => ({ ...defaultDueTimes, ...dueTimes });

/**
 * The acknowledgement that a practice owes. ACCEPTED without the infrastructure acknowledgement still waits for that one:
 * either that is missing is to be told (GPCM-SD-095).
 */
export const silenceOf = (record: DocumentRecord): Silence | undefined => {
  const { sentAt, infrastructure, business } = currentComposition(record);
  switch (stateOf(record)) {
    case 'SENT':
      return sentAt === undefined ? undefined : { missing: 'infrastructure', from: sentAt };
    case 'INFRASTRUCTURE_ACKNOWLEDGED':
      return infrastructure && { missing: 'business', from: infrastructure.at };
    case 'ACCEPTED': {
      if (infrastructure) return undefined;
      const from = sentAt ?? business?.at;
      return from === undefined ? undefined : { missing: 'infrastructure', from };
    }
    default:
      return undefined;
  }
};

/** When a silence is overdue. */
export const overdueAt = (
  record: DocumentRecord,
  { missing, from }: Silence,
  exceptions: BankHolidayExceptions | undefined,
): number => {
  const due = dueTimesOf(currentComposition(record));
  return missing === 'infrastructure'
    ? from + due.infrastructure
    : afterWorkingDays(from, due.businessWorkingDays, exceptions);
};

/** When nobody has fetched it for so long that MESH is about to hand it back; not where the practice has answered. */
export const returnNearAt = (record: DocumentRecord): number | undefined => {
  const { sentAt } = currentComposition(record);
  return stateOf(record) === 'SENT' && sentAt !== undefined
    ? sentAt + dueTimesOf(currentComposition(record)).returnNear
    : undefined;
};

/** MESH hands back what nobody has fetched for so long. */
const meshReturn = days(5);
/** So long before that a person is told also where the inbox is unread: once it is read it may be too late. */
const lastCall = hours(12);
export const lastCallAt = (record: DocumentRecord, nearReturn: number): number =>
  Math.max(nearReturn, (currentComposition(record).sentAt ?? nearReturn) + meshReturn - lastCall);

/** When its content waits longer to be sent than it should. */
export const unsentOverdueAt = (record: DocumentRecord): number | undefined => {
  const since = unsentSince(record);
  return since === undefined ? undefined : since + dueTimesOf(currentComposition(record)).handover;
};

/** A silence that was noted is dropped with what it was about: the answer came, it has left, it began anew. */
export const withTrueSilences = (record: DocumentRecord): DocumentRecord => {
  const { overdueSince, returnNearSince, unsentOverdueSince, ...rest } = record;
  const silence = silenceOf(record);
  const waits = unsentSince(record);
  const keeps = (since: number | undefined, from: number | undefined): since is number =>
    since !== undefined && from !== undefined && from < since;
  const nearReturn = returnNearAt(record) === undefined ? undefined : silence?.from;
  return {
    ...rest,
    ...(keeps(overdueSince, silence?.from) ? { overdueSince } : {}),
    ...(keeps(returnNearSince, nearReturn) ? { returnNearSince } : {}),
    ...(keeps(unsentOverdueSince, waits) ? { unsentOverdueSince } : {}),
  };
};
