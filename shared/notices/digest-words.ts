import type { Attention } from '../delivery/attention.ts';
import { longestFirst } from '../delivery/open-attention.ts';
import { currentComposition } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { whoseMove } from '../delivery/whose-move.ts';
import { days, hours, isoTime } from '../platform/clock.ts';
import { chosenCell, csvText } from '../platform/csv.ts';
import type { TopicMessage } from '../platform/topic.ts';
import type { Digest, Figures, Period } from './digest.ts';
import { count, documentWords, moverWords, subjectOf, timeWords } from './words.ts';

/** Digests in words, and as the tables beside them. */

const figures = [
  ['handedOver', 'handed over'],
  ['sent', 'sent to MESH'],
  ['accepted', 'accepted by the practice’s system'],
  ['superseded', 'superseded: a later version went first'],
  ['suppressed', 'suppressed: confidential, or registered with the sender'],
  ['lateHandovers', 'handed over late (GPCM-SD-096)'],
  ['possibleDuplicates', 'sent twice perhaps: the practice may hold two'],
  ['refusedDrops', 'handed over again with other content, and not taken: that needs the next version'],
  ['waiting', 'waiting now, and nobody need do anything'],
] as const satisfies readonly (readonly [keyof Figures, string])[];

const row = (figure: number | string, words: string): string => `${String(figure).padStart(7)}  ${words}`;
const certificateRow = (left: number | undefined): string => row(left ?? '?', 'days to the end of the certificate');
/** So many are told in full; the table has the others. */
const listLimit = 60;
const beyond = (all: number): string[] => (all > listLimit ? [`and ${all - listLimit} more, in the table.`, ''] : []);

const hoursSince = (since: number, now: number): number => Math.max(0, Math.floor((now - since) / hours(1)));
const ageWords = (since: number, now: number): string =>
  now - since >= days(2)
    ? `${Math.floor((now - since) / days(1))} days`
    : now - since < hours(1)
      ? 'less than an hour'
      : count(hoursSince(since, now), 'hour', 'hours');

/** Where the two lie beside what the drops bucket gives back. `audience`: an ODS code, or `operators`. */
export const digestFile = (audience: string, date: string): string => `${audience}/digests/${date}`;

const text = (value: string | number | undefined): string => (value === undefined ? '' : String(value));
const time = (at: number | undefined): string => (at === undefined ? '' : isoTime(at));

const columns = [
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
  'refusedDrops',
] as const;

/** Beside the text, for the organisation: a line for each document, with what a receipt says of it too. */
export const digestTable = ({ documents, needAttention, period }: Digest): string => {
  const open = new Map(needAttention.map((one) => [one.record.documentId, one]));
  return csvText([
    columns,
    ...documents.map((record) => {
      const { business, sentAt, lateHandover, possibleDuplicate } = currentComposition(record);
      const needs = open.get(record.documentId);
      return [
        record.documentId,
        chosenCell(record.encounterId ?? ''),
        text(record.version),
        stateOf(record),
        whoseMove(record),
        time(record.receivedAt),
        time(sentAt),
        business?.polarity === 'positive' ? time(business.at) : '',
        needs?.attention.map(({ code }) => code).join(' ') ?? '',
        time(needs?.since),
        needs ? text(hoursSince(needs.since, period.to)) : '',
        text(lateHandover?.minutes),
        possibleDuplicate ? 'yes' : '',
        chosenCell((record.refusals ?? []).map(({ name }) => name).join(' ')),
      ];
    }),
  ]);
};

export const digestMessage = (
  digest: Digest,
  { id, name, date }: { readonly id: string; readonly name: string; readonly date: string },
): TopicMessage => {
  const { odsCode, period, needAttention, certificateDaysLeft } = digest;
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
      ...(needAttention.length === 0 ? [] : ['NEEDING SOMEBODY, longest first', '']),
      ...needAttention
        .slice(0, listLimit)
        .flatMap(({ record, attention, since }) => [
          `- ${documentWords(record)}, for ${ageWords(since, period.to)}`,
          ...attention.map(
            ({ code, whoseMove: mover, todo }) => `   ${code}. Whose move: ${moverWords(mover, odsCode)}. ${todo}`,
          ),
          '',
        ]),
      ...beyond(needAttention.length),
      'ACCEPTED means that the practice’s system has matched the patient, not that anybody has read the document.',
      `Every document of it with your own references, as a table: receipts/${digestFile(odsCode, date)}.csv`,
      `Summary ${id}. One that comes twice has the same id: it is one.`,
    ].join('\n'),
  };
};

const isTheirs = ({ whoseMove: mover }: Attention): boolean => mover === 'the operators';

/** What operators are told of an organisation. */
export interface DigestRow extends Figures {
  readonly odsCode: string;
  readonly needAttention: number;
  /** Since when the longest of it is so. */
  readonly oldestSince?: number;
  /** Those in which something is the operators' move, longest first. */
  readonly theirs: Digest['needAttention'];
  readonly certificateDaysLeft?: number;
}

export const digestRow = (digest: Digest): DigestRow => {
  const { odsCode, needAttention, certificateDaysLeft } = digest;
  const [oldest] = needAttention;
  return {
    ...(Object.fromEntries(figures.map(([key]) => [key, digest[key]])) as unknown as Figures),
    odsCode,
    needAttention: needAttention.length,
    ...(oldest === undefined ? {} : { oldestSince: oldest.since }),
    theirs: needAttention.filter(({ attention }) => attention.some(isTheirs)),
    ...(certificateDaysLeft === undefined ? {} : { certificateDaysLeft }),
  };
};

/** For operators: a line for each organisation. */
export const operatorsTable = (rows: readonly DigestRow[], { to }: Period): string =>
  csvText([
    [
      'odsCode',
      ...figures.map(([key]) => key),
      'needAttention',
      'operatorsMove',
      'oldestAttentionHours',
      'certificateDaysLeft',
    ],
    ...rows.map((one) => [
      one.odsCode,
      ...figures.map(([key]) => text(one[key])),
      text(one.needAttention),
      text(one.theirs.length),
      one.oldestSince === undefined ? '' : text(hoursSince(one.oldestSince, to)),
      text(one.certificateDaysLeft),
    ]),
  ]);

export const operatorsDigestMessage = (
  rows: readonly DigestRow[],
  {
    id,
    stage,
    period,
    date,
  }: { readonly id: string; readonly stage: string; readonly period: Period; readonly date: string },
): TopicMessage => {
  const sum = (of: (row: DigestRow) => number): number => rows.reduce((total, one) => total + of(one), 0);
  const left = rows.flatMap(({ certificateDaysLeft }) =>
    certificateDaysLeft === undefined ? [] : [certificateDaysLeft],
  );
  const needing = sum(({ needAttention }) => needAttention);
  const yours = rows.flatMap(({ theirs }) => theirs).sort(longestFirst);
  const open = rows
    .flatMap(({ odsCode, needAttention, oldestSince }) =>
      oldestSince === undefined ? [] : [{ odsCode, needAttention, oldestSince }],
    )
    .sort((a, b) => a.oldestSince - b.oldestSince);
  return {
    subject: subjectOf(
      `Send Document (${stage}), summary: ${sum(({ handedOver }) => handedOver)} handed over, ${needing} need somebody`,
    ),
    body: [
      `Send Document, stage ${stage}, ${count(rows.length, 'organisation', 'organisations')}, from ${timeWords(period.from)} to ${timeWords(period.to)}`,
      '',
      ...figures.map(([key, words]) =>
        row(
          sum((one) => one[key]),
          words,
        ),
      ),
      row(needing, 'needing somebody now (operate attention)'),
      row(yours.length, 'of them yours to move'),
      certificateRow(left.length === 0 ? undefined : Math.min(...left)),
      '',
      ...(yours.length === 0 ? [] : ['YOURS TO MOVE, longest first', '']),
      ...yours
        .slice(0, listLimit)
        .flatMap(({ record, attention, since }) => [
          `- ${documentWords(record)}, of ${record.senderOds}, for ${ageWords(since, period.to)}`,
          ...attention.filter(isTheirs).map(({ code, todo }) => `   ${code}. ${todo}`),
          '',
        ]),
      ...(yours.length > listLimit ? [`and ${yours.length - listLimit} more: operate attention`, ''] : []),
      ...(open.length === 0 ? [] : ['NEEDING SOMEBODY, by organisation, longest first', '']),
      ...open
        .slice(0, listLimit)
        .map(
          ({ odsCode, needAttention, oldestSince }) =>
            `- ${odsCode}: ${needAttention}, the oldest for ${ageWords(oldestSince, period.to)}`,
        ),
      ...(open.length === 0 ? [] : ['']),
      ...beyond(open.length),
      `Each organisation, as a table: receipts/${digestFile('operators', date)}.csv`,
      `Summary ${id}. One that comes twice has the same id: it is one.`,
    ].join('\n'),
  };
};
