import { type Attention, attentionOf } from '../delivery/attention.ts';
import { type Composition, currentComposition, type DocumentRecord } from '../delivery/record.ts';
import { hasEnded, stateOf } from '../delivery/state-of.ts';
import { whoseMove } from '../delivery/whose-move.ts';
import { type BankHolidayExceptions, isWorkingDate, londonTime } from '../delivery/working-days.ts';
import { hours, isoTime, minutes } from '../platform/clock.ts';
import type { TopicMessage } from '../platform/topic.ts';
import type { Sender } from '../senders/sender.ts';
import { subjectOf, timeWords } from './words.ts';

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

export interface OpenDocument {
  readonly record: DocumentRecord;
  readonly attention: readonly Attention[];
  /** Since when the oldest of it is so. */
  readonly since: number;
}

export interface Digest {
  readonly odsCode: string;
  readonly period: Period;
  /** In the period. */
  readonly handedOver: number;
  readonly sent: number;
  readonly accepted: number;
  readonly superseded: number;
  readonly suppressed: number;
  readonly lateHandovers: number;
  readonly possibleDuplicates: number;
  /** Now: has not ended, and needs nobody. */
  readonly waiting: number;
  /** Now, longest first. */
  readonly needAttention: readonly OpenDocument[];
  /** The least of its mailbox's certificates; absent where none was seen yet. */
  readonly certificateDaysLeft?: number;
  /** What the table beside the text lists, oldest first. */
  readonly documents: readonly DocumentRecord[];
}

/** Its digest from the records that changed since then or have not ended. Pure. */
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
    .flatMap((record): OpenDocument[] => {
      const attention = attentionOf(record);
      return attention.length === 0
        ? []
        : [{ record, attention, since: Math.min(...attention.map(({ since }) => since)) }];
    })
    .sort((a, b) => a.since - b.since);
  const needing = new Set(needAttention.map(({ record }) => record.documentId));
  const isListed = (record: DocumentRecord): boolean =>
    needing.has(record.documentId) ||
    !hasEnded(record) ||
    within(record.receivedAt) ||
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
    waiting: count((record) => !hasEnded(record) && !needing.has(record.documentId)),
    needAttention,
    ...(certificateDaysLeft === undefined ? {} : { certificateDaysLeft }),
    documents: records.filter(isListed).toSorted((a, b) => a.receivedAt - b.receivedAt),
  };
};

const quoted = (value: string | number | undefined): string =>
  value === undefined ? '' : `"${String(value).replaceAll('"', '""')}"`;
const csv = (rows: readonly (readonly (string | number | undefined)[])[]): string =>
  `${rows.map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`;
const time = (at: number | undefined): string | undefined => (at === undefined ? undefined : isoTime(at));
const hoursSince = (since: number, now: number): number => Math.max(0, Math.floor((now - since) / hours(1)));

/** Beside the text, for the organisation: a line for each document, with what a receipt says of it too. */
export const digestTable = ({ documents, needAttention, period }: Digest): string =>
  csv([
    [
      'documentId',
      'encounterId',
      'version',
      'state',
      'whoseMove',
      'handedOverAt',
      'sentAt',
      'acceptedAt',
      'attention',
      'attentionSince',
      'attentionHours',
      'lateHandoverMinutes',
      'possibleDuplicate',
    ],
    ...documents.map((record) => {
      const { business, sentAt, lateHandover, possibleDuplicate } = currentComposition(record);
      const open = needAttention.find((one) => one.record === record);
      return [
        record.documentId,
        record.encounterId,
        record.version,
        stateOf(record),
        whoseMove(record),
        time(record.receivedAt),
        time(sentAt),
        business?.polarity === 'positive' ? time(business.at) : undefined,
        open?.attention.map(({ code }) => code).join(' '),
        time(open?.since),
        open && hoursSince(open.since, period.to),
        lateHandover?.minutes,
        possibleDuplicate ? 'yes' : undefined,
      ];
    }),
  ]);

const figures = [
  ['handedOver', 'handed over'],
  ['sent', 'sent to MESH'],
  ['accepted', 'accepted by the practice’s system'],
  ['superseded', 'superseded: a later version went first'],
  ['suppressed', 'suppressed: confidential, or registered with you'],
  ['lateHandovers', 'handed over late (GPCM-SD-096)'],
  ['possibleDuplicates', 'sent twice perhaps: the practice may hold two'],
  ['waiting', 'waiting now, and nobody need do anything'],
] as const satisfies readonly (readonly [keyof Digest, string])[];

const row = (figure: number | string, words: string): string => `${String(figure).padStart(7)}  ${words}`;
const certificateRow = (days: number | undefined): string => row(days ?? '?', 'days to the end of the certificate');
const listLimit = 60;

export const digestMessage = (
  digest: Digest,
  { id, name }: { readonly id: string; readonly name: string },
): TopicMessage => {
  const { odsCode, period, needAttention, certificateDaysLeft } = digest;
  const listed = needAttention.slice(0, listLimit);
  const more = needAttention.length - listed.length;
  return {
    subject: subjectOf(
      `Send Document ${odsCode}, summary: ${digest.handedOver} handed over, ${digest.accepted} accepted, ${needAttention.length} need somebody`,
    ),
    body: [
      `${name} (${odsCode}), from ${timeWords(period.from)} to ${timeWords(period.to)}`,
      '',
      ...figures.map(([key, words]) => row(digest[key], words)),
      row(needAttention.length, 'needing somebody now'),
      certificateRow(certificateDaysLeft),
      '',
      ...(listed.length === 0 ? [] : ['NEEDING SOMEBODY, longest first', '']),
      ...listed.flatMap(({ record, attention, since }) => [
        `- Document ${record.documentId}${record.version === undefined ? '' : `, version ${record.version}`}, for ${hoursSince(since, period.to)} hours`,
        ...attention.map(({ code, whoseMove: mover, todo }) => `   ${code}: the move of ${mover}. ${todo}`),
      ]),
      ...(more > 0 ? [`and ${more} more.`] : []),
      '',
      'ACCEPTED means that the practice’s system has matched the patient, not that anybody has read the document.',
      `Every document of it, as a table: receipts/${odsCode}/digests/${londonTime(period.to).date}.csv`,
      `Summary ${id}`,
    ].join('\n'),
  };
};

/** For operators: a line for each organisation. */
export const operatorsTable = (digests: readonly Digest[]): string =>
  csv([
    ['odsCode', ...figures.map(([key]) => key), 'needAttention', 'oldestAttentionHours', 'certificateDaysLeft'],
    ...digests.map((digest) => {
      const [oldest] = digest.needAttention;
      return [
        digest.odsCode,
        ...figures.map(([key]) => digest[key]),
        digest.needAttention.length,
        oldest && hoursSince(oldest.since, digest.period.to),
        digest.certificateDaysLeft,
      ];
    }),
  ]);

export const operatorsDigestMessage = (
  digests: readonly Digest[],
  { id, stage, period }: { readonly id: string; readonly stage: string; readonly period: Period },
): TopicMessage => {
  const sum = (of: (digest: Digest) => number): number => digests.reduce((total, digest) => total + of(digest), 0);
  const days = digests.flatMap(({ certificateDaysLeft: left }) => (left === undefined ? [] : [left]));
  const needing = sum(({ needAttention }) => needAttention.length);
  return {
    subject: subjectOf(
      `Send Document (${stage}), summary: ${sum(({ handedOver }) => handedOver)} handed over, ${needing} need somebody`,
    ),
    body: [
      `Send Document, stage ${stage}, ${digests.length} organisations, from ${timeWords(period.from)} to ${timeWords(period.to)}`,
      '',
      ...figures.map(([key, words]) =>
        row(
          sum((digest) => digest[key]),
          words,
        ),
      ),
      row(needing, 'needing somebody now (operate attention)'),
      certificateRow(days.length === 0 ? undefined : Math.min(...days)),
      '',
      ...digests
        .filter(({ needAttention }) => needAttention.length > 0)
        .slice(0, listLimit)
        .map(({ odsCode, needAttention: open }) => {
          const [oldest] = open;
          return `- ${odsCode}: ${open.length}, the oldest for ${hoursSince(oldest?.since ?? period.to, period.to)} hours`;
        }),
      '',
      `Each organisation, as a table: receipts/operators/digests/${londonTime(period.to).date}.csv`,
      `Summary ${id}`,
    ].join('\n'),
  };
};
