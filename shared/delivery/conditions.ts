import { responseCode } from '../itk3/response-codes.ts';
import type { AttentionCode } from './attention-codes.ts';
import { isNotTaken, versionThatStands } from './earlier-versions.ts';
import { type Composition, currentComposition, type DocumentRecord, type Hold, type HoldReason } from './record.ts';
import { answersOf } from './reduce-answers.ts';
import { silenceOf } from './silence.ts';
import { doubtfulAttempt, stateOf, stateOfComposition } from './state-of.ts';
import { stateSince } from './state-since.ts';
import { type Mover, meanings, type State } from './states.ts';
import { olderVersionElsewhere, olderVersionStands } from './warnings.ts';
import { type WayIn, wordings } from './wording.ts';

/**
 * Something about a document that needs a person, in the words in which everybody is told of it: receipts, the API,
 * operators' commands, notices. No patient data.
 */
export interface Attention {
  readonly code: AttentionCode;
  /** Since when it is so, epoch ms. It stays, with its age, until the document moves or somebody records what was done. */
  readonly since: number;
  /** What is wrong. */
  readonly what: string;
  readonly whoseMove: Mover;
  /** What to do. */
  readonly todo: string;
  /** The practice that it is about, where one is known: its ODS code, and its name where MESH gave one. */
  readonly practice?: { readonly odsCode?: string; readonly name?: string };
}

/** What is so about a document, whatever people have done about it: most pressing first. */
export const conditionsOf = (record: DocumentRecord, way: WayIn): readonly Attention[] => [
  ...ofItsEnd(record, way),
  ...ofHolds(record),
  ...ofSilence(record),
  ...ofWhatWasAnswered(record),
  ...ofOtherVersions(record),
];

/** The practice that it is about: the one that MESH chose, or else the one that the manifest names. */
export const practiceOf = ({ routed, practice }: Composition): Pick<Attention, 'practice'> => {
  const odsCode = routed?.odsCode ?? (routed ? undefined : practice);
  const name = routed?.organisation;
  return odsCode === undefined && name === undefined
    ? {}
    : { practice: { ...(odsCode === undefined ? {} : { odsCode }), ...(name === undefined ? {} : { name }) } };
};

const ends = [
  'REJECTED',
  'SEND_FAILED',
  'UNDELIVERED',
  'INFRASTRUCTURE_REJECTED',
  'BUSINESS_REJECTED',
  'CONTRADICTED',
  'NULL_AND_VOID',
] as const satisfies readonly (State & AttentionCode)[];
type End = (typeof ends)[number];
const isEnd = (state: State): state is End => (ends as readonly State[]).includes(state);

/** The answer that refused it. */
const refusalOf = (composition: Composition, level: 'infrastructure' | 'business'): string | undefined => {
  const { contradiction } = composition;
  if (contradiction?.answer.polarity === 'negative') return contradiction.answer.code;
  return composition[level]?.code;
};

const otherRoute = 'Reach the practice by another route.';

const todoOf = (record: DocumentRecord, state: End, way: WayIn): string => {
  const composition = currentComposition(record);
  const byCode = (code: string | undefined) => (code === undefined ? otherRoute : responseCode(code).advice);
  switch (state) {
    case 'REJECTED':
      return wordings[way].putRight;
    case 'SEND_FAILED':
      return composition.failure?.advice ?? otherRoute;
    case 'UNDELIVERED':
      return composition.report?.advice ?? otherRoute;
    case 'INFRASTRUCTURE_REJECTED':
      return byCode(refusalOf(composition, 'infrastructure'));
    case 'BUSINESS_REJECTED':
      return byCode(refusalOf(composition, 'business'));
    case 'CONTRADICTED':
      return 'Telephone the practice and ask what it did with the document. Nothing more happens by itself: an operator records what the practice says.';
    case 'NULL_AND_VOID':
      return 'Urgent: the practice may hold no valid version. Telephone it. Once a person has reviewed the report, hand it over again, complete, under the next version number: it then stands by itself and refers to none of these.';
  }
};

const ofItsEnd = (record: DocumentRecord, way: WayIn): readonly Attention[] => {
  const state = stateOf(record);
  if (!isEnd(state)) return [];
  const { meaning, whoseMove } = meanings[state];
  return [
    {
      code: state,
      since: stateSince(record),
      what: meaning,
      whoseMove,
      todo: todoOf(record, state, way),
      ...(state === 'REJECTED' ? {} : practiceOf(currentComposition(record))),
    },
  ];
};

/** A sender that is paused is one matter, not one for each of its documents. */
const holdCodes: Readonly<Record<Exclude<HoldReason, 'paused'>, AttentionCode>> = {
  doubt: 'HELD_IN_DOUBT',
  'other-patient': 'HELD_OTHER_PATIENT',
  operator: 'HELD_BY_OPERATOR',
};

const holdWhat: Readonly<Record<Exclude<HoldReason, 'paused'>, string>> = {
  doubt: 'Held: MESH may have taken it, and nothing tells whether it did.',
  'other-patient': 'Held before anything was sent: the PDF seems to be about another patient.',
  operator: 'Held by an operator.',
};

const holdTodo = ({ reason, by, why }: Hold): string =>
  reason === 'doubt' || reason === 'other-patient' ? why : `Held by ${by}: ${why} It goes on when it is released.`;

const ofHolds = (record: DocumentRecord): readonly Attention[] =>
  record.holds.flatMap((hold): Attention[] => {
    const { reason } = hold;
    if (reason === 'paused') return [];
    const mover = reason === 'operator' ? 'the operators' : 'the sender';
    return [
      {
        code: holdCodes[reason],
        since: hold.at,
        what: holdWhat[reason],
        whoseMove: mover,
        todo: holdTodo(hold),
        ...(reason === 'doubt' ? practiceOf(currentComposition(record)) : {}),
      },
    ];
  });

const ofSilence = (record: DocumentRecord): readonly Attention[] => {
  const { overdueSince, returnNearSince, unsentOverdueSince } = record;
  const composition = currentComposition(record);
  const practice = practiceOf(composition);
  const found: Attention[] = [];
  if (returnNearSince !== undefined) {
    found.push({
      code: 'MESH_RETURN_NEAR',
      since: returnNearSince,
      what: 'Nothing has been heard of it for days: it may be that nobody at the practice has fetched it.',
      whoseMove: 'the sender',
      todo: 'Telephone the practice now: MESH hands back on the fifth day what nobody has fetched, and then it is not delivered.',
      ...practice,
    });
  }
  if (overdueSince !== undefined) found.push({ ...overdueWords(record), since: overdueSince, ...practice });
  if (unsentOverdueSince !== undefined) {
    found.push({
      code: 'NOT_SENT_IN_TIME',
      since: unsentOverdueSince,
      ...unsentWords(composition),
      whoseMove: 'the operators',
      ...(doubtfulAttempt(composition) ? practice : {}),
    });
  }
  return found;
};

const unsentWords = (composition: Composition): Pick<Attention, 'what' | 'todo'> => {
  if (doubtfulAttempt(composition)) {
    return {
      what: 'It is not known for longer than it should be whether MESH took it: the practice may have a copy.',
      todo: 'The operators find out why MESH does not answer. It is sent once more at the most, then held until somebody decides. Where the practice must know today, telephone it first: it may have it.',
    };
  }
  const why = composition.waiting?.why;
  return {
    what: `It waits to be handed to MESH for longer than it should${why === undefined ? '' : ` (${why})`}.`,
    todo: 'The operators find out what it waits for. It goes by itself when that is put right. Where the practice must know today, reach it by another route.',
  };
};

const overdueWords = (record: DocumentRecord): Omit<Attention, 'since'> => {
  if (silenceOf(record)?.missing === 'business') {
    return {
      code: 'BUSINESS_OVERDUE',
      what: "The practice's system took the message in and has not said in time whether it knows the patient.",
      whoseMove: 'the sender',
      todo: 'Telephone the practice and ask what became of the document. Nothing is sent again by itself.',
    };
  }
  return stateOf(record) === 'ACCEPTED'
    ? {
        code: 'INFRASTRUCTURE_OVERDUE',
        what: "The practice's system has matched the patient, but the acknowledgement that it took the message in is missing.",
        whoseMove: 'the operators',
        todo: 'Nothing need be done about the document. If it happens again with this practice, tell the supplier of its system.',
      }
    : {
        code: 'INFRASTRUCTURE_OVERDUE',
        what: "The practice's system has not acknowledged the message in time.",
        whoseMove: 'the sender',
        todo: 'Telephone the practice and ask whether it has arrived. Nothing is sent again by itself. On the fifth day MESH hands back what nobody has fetched.',
      };
};

const sameMailbox = (a: string, b: string): boolean => a.trim().toUpperCase() === b.trim().toUpperCase();

const ofWhatWasAnswered = (record: DocumentRecord): readonly Attention[] => {
  const composition = currentComposition(record);
  const { routed, practice: registered } = composition;
  const practice = practiceOf(composition);
  const found: Attention[] = [];
  const deceased = answersOf(composition).find(({ code }) => code === '30004');
  if (deceased && stateOf(record) === 'ACCEPTED') {
    const { meaning, advice } = responseCode('30004');
    found.push({
      code: 'PATIENT_DECEASED',
      since: deceased.at,
      what: meaning,
      whoseMove: 'the sender',
      todo: advice,
      ...practice,
    });
  }
  if (routed?.odsCode !== undefined && registered !== undefined && routed.odsCode !== registered) {
    found.push({
      code: 'WENT_TO_ANOTHER_PRACTICE',
      since: routed.at,
      what: `MESH sent it to the practice ${routed.odsCode}; the manifest names ${registered} as the patient's.`,
      whoseMove: 'the sender',
      todo: `Check in PDS where the patient is registered. If MESH is right, correct your own record. If not, ${routed.odsCode} holds a document about somebody who is not its patient: report it as an information governance incident, ask it to destroy its copy, and reach ${registered} by another route.`,
      ...practice,
    });
  }
  const stranger = answersOf(composition).find(
    ({ fromMailboxId }) => routed && fromMailboxId !== undefined && !sameMailbox(fromMailboxId, routed.mailboxId),
  );
  if (stranger) {
    found.push({
      code: 'ANSWERED_BY_ANOTHER_MAILBOX',
      since: stranger.at,
      what: 'It was answered from another mailbox than the one that MESH delivered it to. The answer counts.',
      whoseMove: 'the operators',
      todo: 'Ask the practice whether the mailbox that answered is its own.',
      ...practice,
    });
  }
  return found;
};

const ofOtherVersions = (record: DocumentRecord): readonly Attention[] => {
  const composition = currentComposition(record);
  const { olderVersionAt, sentAt } = composition;
  const found: Attention[] = [];
  for (const earlier of record.compositions) {
    if (earlier === composition || stateOfComposition(earlier) !== 'ACCEPTED') continue;
    found.push({
      code: 'EARLIER_COMPOSITION_ACCEPTED',
      since: earlier.business?.at ?? earlier.composedAt,
      what: 'The practice has after all accepted what was handed over first, which has been corrected or sent anew since.',
      whoseMove: 'the sender',
      todo: 'Tell the practice which of the two it should keep.',
      ...practiceOf(earlier),
    });
  }
  // Told when it has gone to the new practice, or will not go: the old one must be told by a person.
  if (olderVersionAt && (sentAt !== undefined || isNotTaken(composition))) {
    found.push({
      code: 'OLDER_VERSION_ELSEWHERE',
      since: sentAt ?? stateSince(record),
      ...olderVersionElsewhere(olderVersionAt.version, olderVersionAt.odsCode, composition.suppression?.why),
      whoseMove: 'the sender',
      practice: { odsCode: olderVersionAt.odsCode },
    });
  }
  const stands = versionThatStands(composition);
  if (stands !== undefined) {
    found.push({
      code: 'OLDER_VERSION_STANDS',
      since: stateSince(record),
      ...olderVersionStands(stands, composition.suppression?.why),
      whoseMove: 'the sender',
      ...practiceOf(composition),
    });
  }
  return found;
};
