import type { Attention } from '../delivery/attention.ts';
import { openConditions } from '../delivery/attention.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { type Mover, meanings } from '../delivery/states.ts';
import { londonTime } from '../delivery/working-days.ts';
import { isoTime, minutes } from '../platform/clock.ts';
import type { TopicMessage } from '../platform/topic.ts';
import type { Notice } from './pending.ts';

/**
 * Notices in words, for people who have nothing but the e-mail: what happened, whose move it is, what to do, which document.
 * Ids, codes, practices and our own texts; nothing about a patient, and no name or encounter that a sender chose.
 */

/** As clocks in London show it: `2026-11-29 10:04 GMT`, in summer `2026-07-01 11:04 BST`. */
export const timeWords = (at: number): string => {
  const { date, timeOfDay } = londonTime(at);
  const clock = isoTime(timeOfDay).slice(11, 16);
  const isSummer = Math.abs(Date.parse(date) + timeOfDay - at) >= minutes(1);
  return `${date} ${clock} ${isSummer ? 'BST' : 'GMT'}`;
};

export const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/** What a topic takes: printable ASCII on one line, up to a hundred. */
export const subjectOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/g, '')
    .slice(0, 100);

/** So many are told in full; of the others, how to find them. */
const fullLimit = 60;

const practiceWords = ({ practice }: Attention): string[] =>
  practice === undefined
    ? []
    : [
        `   Practice: ${[practice.name, practice.odsCode === undefined ? undefined : `(${practice.odsCode})`].filter((part) => part !== undefined).join(' ')}`,
      ];

export const documentWords = (record: DocumentRecord): string =>
  `Document ${record.documentId}${record.version === undefined ? '' : `, version ${record.version}`}`;

/** To those whose organisation it is. */
export const moverWords = (mover: Mover, odsCode: string): string =>
  mover === 'the sender' ? `yours (the sender, ${odsCode})` : mover;

const attentionWords = (attention: Attention): string[] => [
  `   ${attention.code}, since ${timeWords(attention.since)}`,
  `   What happened: ${attention.what}`,
  ...practiceWords(attention),
  `   Whose move: ${attention.whoseMove}`,
  `   What to do: ${attention.todo}`,
];

const howItEnded = (record: DocumentRecord, { code, since }: Notice): string => {
  const resolution = (record.resolutions ?? []).findLast(
    (one) => since <= one.at && (one.of as readonly string[]).includes(code),
  );
  if (resolution) return `${resolution.by} recorded what was done: ${resolution.route}, ${timeWords(resolution.at)}.`;
  const state = stateOf(record);
  return `The document has moved on: it is ${state}. ${meanings[state].meaning}`;
};

/** What is to be told of one document, most pressing first. */
interface About {
  readonly record: DocumentRecord;
  readonly open: readonly { readonly notice: Notice; readonly attention: Attention }[];
  readonly over: readonly { readonly notice: Notice; readonly wasTold: boolean }[];
}

const sameCondition = (a: Pick<Notice, 'code' | 'since'>, b: Pick<Notice, 'code' | 'since'>): boolean =>
  a.code === b.code && a.since === b.since;

const aboutOf = (record: DocumentRecord, notices: readonly Notice[]): About => {
  const conditions = openConditions(record);
  const begun = notices.filter(({ kind }) => kind !== 'clear');
  const open = begun.flatMap((notice) => {
    const attention = conditions.find((one) => sameCondition(one, notice));
    return attention ? [{ notice, attention }] : [];
  });
  // What has come and gone before anybody was told is told once, as over.
  const gone = begun.filter((notice) => !open.some((one) => one.notice === notice));
  const cleared = notices.filter(({ kind }) => kind === 'clear');
  return {
    record,
    open,
    over: [
      ...cleared.map((notice) => ({ notice, wasTold: !gone.some((one) => sameCondition(one, notice)) })),
      ...gone
        .filter((notice) => !cleared.some((one) => sameCondition(one, notice)))
        .map((notice) => ({ notice, wasTold: notice.kind === 'escalation' })),
    ],
  };
};

export interface NoticeFor {
  readonly odsCode: string;
  /** As it is registered; absent where it is not. */
  readonly name?: string;
  /** `escalation`: nobody has done anything about it for a working day. */
  readonly wanted: 'sender' | 'escalation';
  /** Nobody it is meant for has confirmed an address, so others are told. */
  readonly instead?: 'sender' | 'operators';
}

const insteadWords = ({ odsCode, instead, wanted }: NoticeFor): string[] => {
  if (instead === undefined) return [];
  const whom = wanted === 'escalation' ? 'No escalation address' : 'No address';
  return [
    `${whom} of ${odsCode} is confirmed, so this comes to ${instead === 'operators' ? 'the operators, who must tell the organisation' : 'the addresses for notices'}.`,
    '',
  ];
};

/** One message with all that is to be told an organisation now. `records`: the documents of the notices, as they stand. */
export const noticeMessage = (
  to: NoticeFor,
  notices: readonly Notice[],
  records: ReadonlyMap<string, DocumentRecord>,
): TopicMessage => {
  const ids = [...new Set(notices.map(({ about }) => about))];
  const abouts = ids.flatMap((id) => {
    const record = records.get(id);
    return record
      ? [
          aboutOf(
            record,
            notices.filter(({ about }) => about === id),
          ),
        ]
      : [];
  });
  const open = abouts.filter((about) => about.open.length > 0);
  const over = abouts.filter((about) => about.over.length > 0);
  const still = to.wanted === 'escalation';
  const needs = count(open.length, 'document', 'documents');
  const summary = [
    ...(open.length > 0 ? [`${needs} ${still ? 'still ' : ''}${open.length === 1 ? 'needs' : 'need'} somebody`] : []),
    ...(over.length > 0 ? [`of ${count(over.length, 'document', 'documents')} something is over`] : []),
  ].join('; ');
  const named = to.name === undefined ? to.odsCode : `${to.name} (${to.odsCode})`;
  const short = ({ record }: About, notice: Notice) => `${record.documentId}  ${notice.code}  notice ${notice.id}`;
  return {
    subject: subjectOf(`Send Document ${to.odsCode}: ${summary}`),
    body: [
      `${named}: ${summary}.`,
      '',
      ...insteadWords(to),
      ...(open.length > 0
        ? [
            still ? 'STILL OPEN AFTER A WORKING DAY' : 'NEEDS SOMEBODY',
            '',
            ...open
              .slice(0, fullLimit)
              .flatMap((about, index) => [
                `${index + 1}. ${documentWords(about.record)}`,
                ...about.open.flatMap(({ notice, attention }) => [
                  ...attentionWords(attention),
                  `   Notice ${notice.id}`,
                ]),
                '',
              ]),
            ...open.slice(fullLimit).flatMap((about) => about.open.map(({ notice }) => short(about, notice))),
            'Each stays open until the document moves on, or somebody has told the operators what was done about it (resent, posted, e-mailed, telephoned, not needed) and they have recorded it.',
            '',
          ]
        : []),
      ...(over.length > 0
        ? [
            'OVER',
            '',
            ...over
              .slice(0, fullLimit)
              .flatMap((about) => [
                `- ${documentWords(about.record)}`,
                ...about.over.flatMap(({ notice, wasTold }) => [
                  `   ${notice.code}, since ${timeWords(notice.since)}${wasTold ? '' : ' (over before it could be told)'}`,
                  `   ${howItEnded(about.record, notice)}`,
                  `   Notice ${notice.id}`,
                ]),
                '',
              ]),
            ...over.slice(fullLimit).flatMap((about) => about.over.map(({ notice }) => short(about, notice))),
          ]
        : []),
      `The receipts under receipts/${to.odsCode}/ and the API say the same, and more. A notice that comes twice has the same id: it is one.`,
    ].join('\n'),
  };
};
