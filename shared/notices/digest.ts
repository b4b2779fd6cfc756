import { longestFirst, type OpenDocument, openOf } from '../delivery/open-attention.ts';
import type { Composition, DocumentRecord } from '../delivery/record.ts';
import { hasEnded } from '../delivery/state-of.ts';
import { type BankHolidayExceptions, isWorkingDate, londonTime } from '../delivery/working-days.ts';
import { hours, minutes } from '../platform/clock.ts';
import type { Sender } from '../senders/sender.ts';

export type DigestRule = Sender['digest'];

/** For a sender that was put before there were digests, and for the operators. */
export const usualDigest: DigestRule = { days: 'working-days', at: '07:30' };

const timeOfDay = (at: string): number => hours(Number(at.slice(0, 2))) + minutes(Number(at.slice(3)));

/** The date for which a digest is due by now, in London; `undefined` where none is. */
export const digestDate = (
  rule: DigestRule,
  now: number,
  exceptions: BankHolidayExceptions | undefined,
): string | undefined => {
  const { date, timeOfDay: time } = londonTime(now);
  if (rule.days === 'never' || time < timeOfDay(rule.at)) return undefined;
  return rule.days === 'every-day' || isWorkingDate(date, exceptions) ? date : undefined;
};

/** From and up to, epoch ms: everything since the last digest, however long that is ago. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** How many documents. */
export interface Figures {
  /** In the period. */
  readonly handedOver: number;
  readonly sent: number;
  readonly accepted: number;
  readonly superseded: number;
  readonly suppressed: number;
  readonly lateHandovers: number;
  readonly possibleDuplicates: number;
  /** Another content under the same version: the drop was not taken, and the document that stands is not the last word. */
  readonly refusedDrops: number;
  /** Now: has not ended, and needs nobody. */
  readonly waiting: number;
}

export interface Digest extends Figures {
  readonly odsCode: string;
  readonly period: Period;
  /** Now, longest first. */
  readonly needAttention: readonly OpenDocument<DocumentRecord>[];
  /** The least of its mailbox's certificates; absent where none was seen yet. */
  readonly certificateDaysLeft?: number;
  /** What the table beside the text lists, oldest first. */
  readonly documents: readonly DocumentRecord[];
}

/** Its digest from the records that changed since then, have not ended or need somebody. Pure. */
export const digestOf = (
  odsCode: string,
  period: Period,
  records: readonly DocumentRecord[],
  certificateDaysLeft: number | undefined,
): Digest => {
  const within = (at: number | undefined): boolean => at !== undefined && at >= period.from && at < period.to;
  const some = (record: DocumentRecord, at: (composition: Composition) => number | undefined): boolean =>
    record.compositions.some((composition) => within(at(composition)));
  const count = (of: (record: DocumentRecord) => boolean): number => records.filter(of).length;
  const acceptedAt = (one: Composition) => (one.business?.polarity === 'positive' ? one.business.at : undefined);
  const needAttention = records
    .flatMap((record) => {
      const open = openOf(record);
      return open ? [open] : [];
    })
    .sort(longestFirst);
  const needing = new Set(needAttention.map(({ record }) => record.documentId));
  const isListed = (record: DocumentRecord): boolean =>
    needing.has(record.documentId) ||
    !hasEnded(record) ||
    within(record.receivedAt) ||
    (record.refusals ?? []).some(({ at }) => within(at)) ||
    some(record, ({ sentAt }) => sentAt) ||
    some(record, acceptedAt) ||
    some(record, ({ supersededBy }) => supersededBy?.at) ||
    some(record, ({ suppression }) => suppression?.at);
  return {
    odsCode,
    period,
    handedOver: count(({ receivedAt }) => within(receivedAt)),
    sent: count((record) => some(record, ({ sentAt }) => sentAt)),
    accepted: count((record) => some(record, acceptedAt)),
    superseded: count((record) => some(record, ({ supersededBy }) => supersededBy?.at)),
    suppressed: count((record) => some(record, ({ suppression }) => suppression?.at)),
    lateHandovers: count((record) => some(record, (one) => (one.lateHandover ? record.receivedAt : undefined))),
    possibleDuplicates: count((record) => some(record, (one) => (one.possibleDuplicate ? one.sentAt : undefined))),
    refusedDrops: count(({ refusals = [] }) => refusals.some(({ at }) => within(at))),
    waiting: count((record) => !hasEnded(record) && !needing.has(record.documentId)),
    needAttention,
    ...(certificateDaysLeft === undefined ? {} : { certificateDaysLeft }),
    documents: records.filter(isListed).toSorted((a, b) => a.receivedAt - b.receivedAt),
  };
};
