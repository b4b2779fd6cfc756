import type { Attention } from '../delivery/attention.ts';
import { openConditions } from '../delivery/attention.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { type Mover, meanings } from '../delivery/states.ts';
import { londonTime } from '../delivery/working-days.ts';
import { isoTime, minutes } from '../platform/clock.ts';
import type { TopicMessage } from '../platform/topic.ts';
import { type OnceCode, onceCodes, onceWords } from './once.ts';
import { isLoose, type Notice } from './pending.ts';

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

const subjectLimit = 100;
/** What a topic takes: printable ASCII on one line, up to a hundred. */
export const subjectOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/g, '')
    .slice(0, subjectLimit);

/** So many are told in full; of the others, how to find them. */
const fullLimit = 60;

const practiceWords = ({ practice: { name, odsCode } = {} }: Attention): string[] => {
  const words = name !== undefined && odsCode !== undefined ? `${name} (${odsCode})` : (name ?? odsCode);
  return words === undefined ? [] : [`   Practice: ${words}`];
};

export const documentWords = (record: DocumentRecord): string =>
  `Document ${record.documentId}${record.version === undefined ? '' : `, version ${record.version}`}`;

/** To those whose organisation it is. */
export const moverWords = (mover: Mover, odsCode: string): string =>
  mover === 'the sender' ? `yours (the sender, ${odsCode})` : mover;

const attentionWords = (attention: Attention, { odsCode, instead }: NoticeFor): string[] => [
  `   ${attention.code}, since ${timeWords(attention.since)}`,
  `   What happened: ${attention.what}`,
  ...practiceWords(attention),
  `   Whose move: ${instead === 'operators' ? attention.whoseMove : moverWords(attention.whoseMove, odsCode)}`,
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
  const begun = notices.filter(({ kind }) => kind === 'start' || kind === 'escalation');
  const open = begun.flatMap((notice) => {
    const attention = conditions.find((one) => sameCondition(one, notice));
    return attention ? [{ notice, attention }] : [];
  });
  // What has come and gone before anybody was told is told once, as over.
  const gone = begun.filter((notice) => !open.some((one) => one.notice === notice));
  // What is open again is not over.
  const cleared = notices.filter(
    (notice) => !begun.includes(notice) && !open.some((one) => sameCondition(one.notice, notice)),
  );
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
  /** Where its documents are named as the organisation knows them, behind `receipts/`; absent where that could not be written. */
  readonly table?: string;
  /** How the operators are reached, in their own words. */
  readonly operators?: string;
}

const insteadWords = ({ odsCode, instead, wanted }: NoticeFor): string[] => {
  if (instead === undefined) return [];
  const whom = wanted === 'escalation' ? 'No escalation address' : 'No address';
  return [
    `${whom} of ${odsCode} is confirmed, so this comes to ${instead === 'operators' ? 'the operators, who must tell the organisation' : 'the addresses for notices'}.`,
    '',
  ];
};

/** Those past the first sixty in a line each: the table has them too. */
const inFull = (
  abouts: readonly About[],
  noticesOf: (about: About) => readonly { readonly notice: Notice }[],
  full: (about: About, index: number) => string[],
): string[] => [
  ...abouts.slice(0, fullLimit).flatMap((about, index) => [...full(about, index), '']),
  ...abouts
    .slice(fullLimit)
    .flatMap((about) =>
      noticesOf(about).map(({ notice }) => `${about.record.documentId}  ${notice.code}  notice ${notice.id}`),
    ),
];

const openSection = (open: readonly About[], to: NoticeFor): string[] =>
  open.length === 0
    ? []
    : [
        to.wanted === 'escalation' ? 'STILL OPEN AFTER A WORKING DAY' : 'NEEDS SOMEBODY',
        '',
        ...inFull(
          open,
          (about) => about.open,
          (about, index) => [
            `${index + 1}. ${documentWords(about.record)}`,
            ...about.open.flatMap(({ notice, attention }) => [
              ...attentionWords(attention, to),
              `   Notice ${notice.id}`,
            ]),
          ],
        ),
        `Each stays open until the document moves on, or somebody has told the operators${to.operators === undefined ? '' : ` (${to.operators})`} what was done about it (resent, posted, e-mailed, telephoned, not needed) and they have recorded it.`,
        '',
      ];

const overSection = (over: readonly About[]): string[] =>
  over.length === 0
    ? []
    : [
        'OVER',
        '',
        ...inFull(
          over,
          (about) => about.over,
          (about) => [
            `- ${documentWords(about.record)}`,
            ...about.over.flatMap(({ notice, wasTold }) => [
              `   ${notice.code}, since ${timeWords(notice.since)}${wasTold ? '' : ' (over before it could be told)'}`,
              `   ${howItEnded(about.record, notice)}`,
              `   Notice ${notice.id}`,
            ]),
          ],
        ),
      ];

const amount = (notices: readonly Notice[]): number => notices.reduce((sum, { count: n = 1 }) => sum + n, 0);
/** What was only counted may have been counted twice. */
const amountWords = (notices: readonly Notice[], less = 0): string =>
  `${notices.some((one) => one.count !== undefined) ? 'about ' : ''}${amount(notices) - less}`;

/** What is the same for all of a code is said once. Of what is no document, which it is stands in the table alone. */
const onceOf = (
  code: OnceCode,
  notices: readonly Notice[],
  records: ReadonlyMap<string, DocumentRecord>,
  { odsCode, instead, table }: NoticeFor,
): string[] => {
  if (notices.length === 0) return [];
  const { what, todo } = onceWords[code];
  const listed = notices.filter((one) => one.count === undefined);
  const shown = isLoose({ code }) ? listed.slice(0, fullLimit) : listed;
  const named = listed.length === amount(notices) ? 'them' : `the first ${listed.length}`;
  const inTable = table === undefined ? '' : `; the table below names ${named}`;
  const which = ({ about, since }: Notice): string => {
    const record = records.get(about);
    return record ? `${documentWords(record)}, which is ${stateOf(record)}` : timeWords(since);
  };
  return [
    `${code}: ${amountWords(notices)}`,
    `   What happened: ${what}`,
    `   Whose move: ${instead === 'operators' ? 'the sender' : moverWords('the sender', odsCode)}`,
    `   What to do: ${todo}`,
    ...shown.map((notice) => `   - ${which(notice)}. Notice ${notice.id}`),
    ...(shown.length < amount(notices) ? [`   and ${amountWords(notices, shown.length)} more`] : []),
    ...(isLoose({ code }) ? [`   Which: each has a receipt under receipts/${odsCode}/${inTable}.`] : []),
    '',
  ];
};

const onceSection = (once: readonly Notice[], records: ReadonlyMap<string, DocumentRecord>, to: NoticeFor): string[] =>
  once.length === 0
    ? []
    : [
        'NOT TAKEN, AND NOT SENT: told this once',
        '',
        ...onceCodes.flatMap((code) =>
          onceOf(
            code,
            once.filter((notice) => notice.code === code),
            records,
            to,
          ),
        ),
      ];

/** With the codes where there is room. */
const subjectWith = (
  summary: string,
  open: readonly About[],
  once: readonly Notice[],
  { odsCode }: NoticeFor,
): string => {
  const codes = [
    ...new Set([
      ...open.flatMap((about) => about.open.map(({ attention }) => attention.code)),
      ...once.map(({ code }) => code),
    ]),
  ].join(', ');
  const subject = `Send Document ${odsCode}: ${summary}`;
  const whole = codes === '' ? subject : `${subject} (${codes})`;
  return subjectOf(whole.length <= subjectLimit ? whole : subject);
};

/** One message with all that is to be told an organisation now. `records`: the documents of the notices, as they stand. */
export const noticeMessage = (
  to: NoticeFor,
  notices: readonly Notice[],
  records: ReadonlyMap<string, DocumentRecord>,
): TopicMessage => {
  const once = notices.filter(({ kind }) => kind === 'once');
  const ofConditions = notices.filter((notice) => !once.includes(notice));
  const abouts = [...new Set(ofConditions.map(({ about }) => about))].flatMap((id) => {
    const record = records.get(id);
    const own = ofConditions.filter(({ about }) => about === id);
    return record ? [aboutOf(record, own)] : [];
  });
  const open = abouts.filter((about) => about.open.length > 0);
  const over = abouts.filter((about) => about.over.length > 0);
  const still = to.wanted === 'escalation' ? 'still ' : '';
  const matters = over.flatMap((about) => about.over).length;
  const summary = [
    ...(open.length > 0
      ? [`${count(open.length, 'document', 'documents')} ${still}${open.length === 1 ? 'needs' : 'need'} somebody`]
      : []),
    ...(once.length > 0 ? [`${amountWords(once)} handed over and not taken`] : []),
    ...(matters > 0 ? [count(matters, 'matter is over', 'matters are over')] : []),
  ].join('; ');
  return {
    subject: subjectWith(summary, open, once, to),
    body: [
      `${to.name === undefined ? to.odsCode : `${to.name} (${to.odsCode})`}: ${summary}.`,
      '',
      ...insteadWords(to),
      ...openSection(open, to),
      ...onceSection(once, records, to),
      ...overSection(over),
      ...(to.table === undefined ? [] : [`Which of your encounters and drops these are: receipts/${to.table}`]),
      `The receipts under receipts/${to.odsCode}/ and the API say the same, and more. A notice that comes twice has the same id: it is one.`,
    ].join('\n'),
  };
};
