import { attentionOf } from '../../delivery/attention.ts';
import type { StoredRecord } from '../../delivery/documents.ts';
import { type Acknowledgement, type Composition, resolutionRoutes } from '../../delivery/record.ts';
import { reduce } from '../../delivery/reduce.ts';
import { answersOf } from '../../delivery/reduce-answers.ts';
import { seenOf } from '../../delivery/seen.ts';
import { stateOf, stateOfComposition, undecided } from '../../delivery/state-of.ts';
import { meanings } from '../../delivery/states.ts';
import { warningsOf } from '../../delivery/warnings.ts';
import { whoseMove } from '../../delivery/whose-move.ts';
import { hasWork } from '../../delivery/work.ts';
import { responseCode } from '../../itk3/response-codes.ts';
import { isoTime } from '../../platform/clock.ts';
import type { DocumentAction } from '../actions/action.ts';
import { cancel } from '../actions/cancel.ts';
import { decide } from '../actions/decide.ts';
import { hold } from '../actions/hold.ts';
import { release } from '../actions/release.ts';
import { resend } from '../actions/resend.ts';
import { resolve } from '../actions/resolve.ts';
import { describe, practiceWords } from '../actions/words.ts';
import { type Command, type CommandContext, type CommandResult, refused, succeeded } from '../command.ts';
import { findDocument, noDocument, waysToName } from '../find-document.ts';
import { shown } from '../shown.ts';

const practice = (composition: Composition): string =>
  practiceWords(composition).replace(/^the practice/, 'to the practice');

const answerLine = ({ at, code, polarity, late, fromMailboxId }: Acknowledgement): string =>
  `    ${isoTime(at)}  ${code} (${polarity}${late ? ', late' : ''})${fromMailboxId === undefined ? '' : ` from ${fromMailboxId}`}: ${responseCode(code).meaning}`;

const compositionLines = (composition: Composition): readonly string[] => {
  const {
    number,
    attempts,
    sentAt,
    meshMessageId,
    report,
    failure,
    earlierSends = [],
    resendOf,
    contradiction,
  } = composition;
  return [
    `  ${number}. ${stateOfComposition(composition)}, ${practice(composition)}, message ${composition.messageHeaderId}`,
    ...(resendOf
      ? [
          `    sends composition ${resendOf.composition} again: by ${resendOf.by} at ${isoTime(resendOf.at)}: ${resendOf.why}`,
        ]
      : []),
    ...earlierSends.map(
      (round) =>
        `    sent again: by ${round.by} at ${isoTime(round.at)}: ${round.why}${round.sentAt === undefined ? '' : ` (it had gone at ${isoTime(round.sentAt)})`}`,
    ),
    ...attempts.map(
      ({ number: n, startedAt, outcome }) =>
        `    attempt ${n} at ${isoTime(startedAt)}: ${outcome === undefined ? 'no end known' : outcome.kind}${outcome && 'reason' in outcome ? ` (${outcome.reason})` : ''}`,
    ),
    ...(sentAt === undefined
      ? []
      : [`    at MESH since ${isoTime(sentAt)}${meshMessageId === undefined ? '' : ` as ${meshMessageId}`}`]),
    ...(composition.possibleDuplicate ? ['    possible duplicate: the practice may hold two copies'] : []),
    ...answersOf(composition).map(answerLine),
    ...(report ? [`    ${isoTime(report.at)}  MESH report ${report.code}: ${report.advice}`] : []),
    ...(failure ? [`    ${isoTime(failure.at)}  not sent (${failure.code}): ${failure.advice}`] : []),
    ...(contradiction?.decision
      ? [`    decided as ${contradiction.decision.as} by ${contradiction.decision.by}: ${contradiction.decision.why}`]
      : []),
  ];
};

const somebody = { by: 'somebody', why: 'something' };

/** What a person could do now, as it is typed. Found by trying each on the record as it stands. */
const possible = async (record: StoredRecord, context: CommandContext): Promise<readonly string[]> => {
  const tries: readonly (readonly [string, DocumentAction])[] = [
    ['resend DOCUMENT_ID', resend],
    ['cancel DOCUMENT_ID', cancel],
    ['hold DOCUMENT_ID', hold],
    ...record.holds.map(({ reason }) => [`release DOCUMENT_ID --reason ${reason}`, release(reason)] as const),
    ['decide DOCUMENT_ID --as arrived|lost', decide('arrived')],
    ...(record.compositions.some(undecided)
      ? [['decide DOCUMENT_ID --as accepted|rejected', decide('accepted')] as const]
      : []),
    [`resolve DOCUMENT_ID --route ${resolutionRoutes.join('|')}`, resolve('not-needed')],
  ];
  const found: string[] = [];
  for (const [typed, action] of tries) {
    const asked = await action.event(record, somebody, context);
    if (asked.kind === 'event' && reduce(record, asked.event, context.clock.now()).kind === 'changed') {
      found.push(typed.replace('DOCUMENT_ID', record.documentId));
    }
  }
  return found;
};

/** `operate document show`: everything that is known of one document, and what can be done about it. No patient data. */
export const showDocument = async (name: string, context: CommandContext): Promise<CommandResult> => {
  const record = await findDocument(context, name);
  if (!record) {
    return refused(noDocument(name));
  }
  const state = stateOf(record);
  const attention = attentionOf(record);
  const can = await possible(record, context);
  const lines = [
    describe(record),
    `  ${meanings[state].meaning}`,
    `  Whose move: ${whoseMove(record)}.`,
    `  Received ${isoTime(record.receivedAt)}, dropped as ${record.drops.map((drop) => drop.name).join(', ')}.`,
    ...record.holds.map(({ reason, by, why, at }) => `  Held for ${reason} since ${isoTime(at)}, by ${by}: ${why}`),
    ...attention.flatMap(({ code, since, what, todo }) => [
      `  ${code} since ${isoTime(since)}: ${what}`,
      `    ${todo}`,
    ]),
    ...warningsOf(record).map(({ code, message }) => `  ${code}: ${message}`),
    'Compositions:',
    ...record.compositions.flatMap(compositionLines),
    ...(record.resolutions ?? []).map(
      ({ at, by, route, note, of }) =>
        `Dealt with at ${isoTime(at)} by ${by}: ${route}${note === undefined ? '' : ` (${note})`}, of ${of.join(', ')}`,
    ),
    'History:',
    ...record.history.map(
      ({ at, what, detail, times }) =>
        `  ${isoTime(at)}  ${what}${detail === undefined ? '' : ` (${detail})`}${times === undefined ? '' : ` ×${times}`}`,
    ),
    ...(hasWork(record.work) ? [`Not yet done, and looked after: ${Object.keys(record.work).join(', ')}.`] : []),
    can.length === 0 ? 'There is nothing for a person to do here.' : 'What a person can do now:',
    ...can.map((typed) => `  ${typed}`),
  ];
  return succeeded(lines, {
    documentId: record.documentId,
    state,
    meaning: meanings[state].meaning,
    whoseMove: whoseMove(record),
    seen: seenOf(record),
    attention: attention.map((one) => ({ ...one, since: isoTime(one.since) })),
    warnings: warningsOf(record),
    can,
    record: shown(record),
  });
};

export const documentCommands: readonly Command[] = [
  {
    words: 'document show',
    takes: ['ID'],
    looks: 'who',
    does: 'everything that is known of a document, and what can be done about it',
    notes: [waysToName],
    examples: [
      "document show DOCUMENTID --by 'Ann Bell' --table TABLENAME",
      "document show RX1/report-1 --by 'Ann Bell' --json --table TABLENAME",
    ],
    run: ([name = ''], _, context) => showDocument(name, context),
  },
];
