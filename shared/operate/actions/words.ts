import { practiceOf } from '../../delivery/attention.ts';
import { copyMayBeThere } from '../../delivery/copies.ts';
import type { PersonRefusal } from '../../delivery/person-refusal.ts';
import { type Composition, currentComposition, type DocumentRecord, type HistoryEntry } from '../../delivery/record.ts';
import { doubtfulAttempt, stateOf } from '../../delivery/state-of.ts';
import { meanings } from '../../delivery/states.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Refusal } from './action.ts';

/** `the practice Willow Lane Surgery (Y12345)`: what is known of where it goes or went. */
export const practiceWords = (composition: Composition): string => {
  const { odsCode, name } = practiceOf(composition).practice ?? {};
  if (name !== undefined) return `the practice ${name}${odsCode === undefined ? '' : ` (${odsCode})`}`;
  if (odsCode === undefined) return 'the practice that MESH finds from the patient’s details';
  return composition.routed ? `the practice ${odsCode}` : `the practice ${odsCode} (as the manifest names it)`;
};

/** The same in one word, for lists; empty where it is not known. */
export const practiceCode = (record: DocumentRecord): string =>
  practiceOf(currentComposition(record)).practice?.odsCode ?? '';

/** Which document it is, in one line. */
export const describe = (record: DocumentRecord): string => {
  const { documentId, senderOds, encounterId, version } = record;
  const named = encounterId === undefined ? '' : `, encounter ${encounterId} version ${version}`;
  const held = record.holds.length === 0 ? '' : `, held (${record.holds.map(({ reason }) => reason).join(', ')})`;
  return `Document ${documentId} of sender ${senderOds}${named}: ${stateOf(record)}${held}.`;
};

/** When it last left, or may have. */
const leftAt = (composition: Composition): number | undefined =>
  composition.sentAt ??
  doubtfulAttempt(composition)?.startedAt ??
  composition.earlierSends?.findLast(({ sentAt }) => sentAt !== undefined)?.sentAt;

/** Where it went, and whether it certainly did. */
export const wentWords = (composition: Composition): string => {
  const at = leftAt(composition);
  const certain =
    composition.sentAt !== undefined || composition.earlierSends?.some(({ sentAt }) => sentAt !== undefined);
  return `it ${certain ? 'went' : 'may have gone'} to ${practiceWords(composition)}${at === undefined ? '' : ` at ${isoTime(at)}`}`;
};

/** That somebody has reached the practice otherwise. */
export const dealtWith = ({ resolutions = [] }: DocumentRecord): readonly string[] => {
  const last = resolutions.at(-1);
  return last === undefined
    ? []
    : [
        `Somebody has dealt with it: ${last.route}, at ${isoTime(last.at)}, by ${last.by}${last.note === undefined ? '' : `: ${last.note}`}`,
      ];
};

export const telephoneFirst = (record: DocumentRecord): readonly string[] =>
  copyMayBeThere(record)
    ? [
        'TELEPHONE FIRST: the practice may hold a copy already, and need not notice that another is the same. Ask it before you go on.',
      ]
    : [];

/** `At 2026-…, by Ann Bell: …`, as the history has it; undefined where it is not there, or not any more. */
export const lastDone = (record: DocumentRecord, what: string): string | undefined => {
  const entry: HistoryEntry | undefined = record.history.findLast((one) => one.what === what);
  return entry && `at ${isoTime(entry.at)}${entry.detail === undefined ? '' : `, ${entry.detail}`}`;
};

/** Refused, in the words that hold whatever was asked for. */
export const plainRefusal = (record: DocumentRecord, why: PersonRefusal): Refusal => {
  const state = stateOf(record);
  if (why === 'changed-meanwhile') {
    const last = record.history.at(-1);
    const what =
      last === undefined ? '' : ` Last: ${last.what}${last.detail === undefined ? '' : ` (${last.detail})`}.`;
    return {
      lines: [
        `Nothing was done: it does not stand any more as it was shown. It is ${state} now.${what} Look again, and decide anew.`,
      ],
    };
  }
  return { lines: [`Nothing was done: it is ${state}. ${meanings[state].meaning}`] };
};
