import type { Encounter } from '../../delivery/encounter.ts';
import { encounterKey } from '../../delivery/keys.ts';
import { currentComposition, type Decision, type DocumentRecord } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { responseCode } from '../../itk3/response-codes.ts';
import { deriveIds } from '../../pipeline/derive-ids.ts';
import { isoTime } from '../../platform/clock.ts';
import { dropsKeptDays } from '../../platform/names.ts';
import { type DocumentAction, event, type Refusal } from './action.ts';
import { dealtWith, plainRefusal, practiceWords, telephoneFirst, wentWords } from './words.ts';

/** Who asked for the sending that is under way. */
const askedBy = (record: DocumentRecord): Decision | undefined => {
  const { earlierSends, resendOf } = currentComposition(record);
  return earlierSends?.at(-1) ?? resendOf;
};

/** Why it stands as it does, for whoever is about to send it once more. */
const lastWord = (record: DocumentRecord): readonly string[] => {
  const { failure, report, infrastructure, business } = currentComposition(record);
  const answer = [business, infrastructure].find((one) => one?.polarity === 'negative');
  if (answer) return [`The practice refused it with ${answer.code}: ${responseCode(answer.code).meaning}`];
  if (report) return [`MESH handed it back (${report.code}). ${report.advice}`];
  return failure ? [`It failed before (${failure.code}). ${failure.advice}`] : [];
};

const sameIds = (record: DocumentRecord, after: DocumentRecord): boolean =>
  after.compositions.length === record.compositions.length;

const words: Partial<Record<string, (record: DocumentRecord) => string>> = {
  accepted: (record) =>
    `It is not sent again: it is ACCEPTED by ${practiceWords(currentComposition(record))}. What must be corrected is handed over under the next version number, and replaces it.`,
  'later-version-begun': () =>
    'It is not sent again: a later version of its encounter has been begun, and this one would overtake it.',
  'never-composed': () => 'It is not sent again: it was never composed. Its sender hands it over again.',
  'awaits-answer': (record) =>
    `It is not sent again: ${wentWords(currentComposition(record))}, and the time for its answer is not over.`,
  'practice-has-it': (record) =>
    `It is not sent again: ${practiceWords(currentComposition(record))} has a copy. The same ids would be refused as a duplicate, and other ids would be a second document. Telephone them; what they cannot find is handed over under the next version number, and replaces it.`,
  'in-doubt': (record) =>
    record.holds.some(({ reason }) => reason === 'doubt')
      ? `It is in doubt: ${wentWords(currentComposition(record))}. Telephone them. Then: decide ${record.documentId} --as arrived or lost, or, to send it once more, release ${record.documentId} --reason doubt.`
      : 'It is being handed to MESH, or in doubt and looked after: it is sent once more by itself where nothing is found of it.',
  'under-way': (record) =>
    record.holds.length > 0
      ? `It has not gone, and is held (${record.holds.map(({ reason }) => reason).join(', ')}): document show ${record.documentId} says what lets it go.`
      : 'It has not gone and is under way: it goes by itself.',
  contradicted: () =>
    'It is not sent again: the practice gave two answers that exclude each other. Telephone it, and decide first.',
  'hand-over-again': (record) =>
    stateOf(record) === 'NULL_AND_VOID'
      ? 'It is not sent again: it is void at the practice. It is handed over again, complete, under the next version number.'
      : `It is not sent again: it is ${stateOf(record)}. Its sender hands it over again.`,
  'composed-too-often': () => 'It has been composed too often. Reach the practice by another route.',
  'content-gone': () =>
    `Other ids need another message, and the files that it was made of were removed: they are kept for ${dropsKeptDays} days. Its sender hands it over again.`,
};

const refusal = (record: DocumentRecord, why: string): Refusal | undefined => {
  const asked = askedBy(record);
  if (why === 'under-way' && asked) {
    const { at, by, why: reason } = asked;
    return { settled: true, lines: [`Sending it again was asked for before, at ${isoTime(at)}, by ${by}: ${reason}`] };
  }
  const line = words[why]?.(record);
  if (line === undefined) return undefined;
  const before =
    why === 'awaits-answer' && asked
      ? [`It was sent again at the wish of ${asked.by} (${isoTime(asked.at)}: ${asked.why}).`]
      : [];
  return { lines: [line, ...before] };
};

/** Sends a document again: the same bytes and ids where nothing negative was answered, else under ids of its own. */
export const resend: DocumentAction = {
  name: 'resend',
  typed: 'resend',
  sends: true,
  done: 'is to be sent again',
  history: ['to be sent again, same bytes and ids', 'to be sent again, with new ids'],
  async event(record, { by, why }, { table }) {
    const { senderOds, encounterId } = record;
    const encounter =
      encounterId === undefined ? undefined : await table.read<Encounter>(encounterKey(senderOds, encounterId));
    return event({ kind: 'resend-asked', newest: encounter?.newest ?? 0, ids: deriveIds, by, why });
  },
  foretell: (before, after) => {
    const to = practiceWords(currentComposition(before));
    const { number } = currentComposition(before);
    return [
      ...telephoneFirst(before),
      ...dealtWith(before),
      ...lastWord(before),
      sameIds(before, after)
        ? `It is sent again to ${to}, within about two minutes: the same bytes under the same ids (composition ${number}).`
        : `It is composed again from the same files and sent to ${to}, within about two minutes: under ids of its own (composition ${number + 1}), because what was refused under the old ones would be refused under them again.`,
      ...(before.compositions.length === after.compositions.length && telephoneFirst(before).length > 0
        ? ['It is marked as a possible duplicate.']
        : []),
    ];
  },
  refusal: (record, why) => refusal(record, why) ?? plainRefusal(record, why),
};
