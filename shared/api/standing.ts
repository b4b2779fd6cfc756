import { readDocument, type StoredRecord } from '../delivery/documents.ts';
import { submissionKey } from '../delivery/keys.ts';
import type { Refusal } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import type { Mover, State } from '../delivery/states.ts';
import { whoseMove } from '../delivery/whose-move.ts';
import type { DocumentId, OdsCode } from '../platform/ids.ts';
import type { Stored, Table } from '../platform/table.ts';
import { submissionPrefix } from '../submission/object-names.ts';
import { isRegistered, type Submission } from './submission.ts';

/** All that is known of a document where callers ask for it: its record, and what the API took of it last. */
export interface Standing {
  readonly record?: StoredRecord | undefined;
  readonly submission?: (Submission & Stored) | undefined;
}

/** Consistently; what another organisation has is as unknown as what nobody has. */
export const readStanding = async (table: Table, documentId: DocumentId, odsCode: OdsCode): Promise<Standing> => {
  const [submission, record] = await Promise.all([
    table.read<Submission>(submissionKey(documentId)),
    readDocument(table, documentId),
  ]);
  return {
    ...(record?.senderOds === odsCode ? { record } : {}),
    ...(submission?.senderOds === odsCode ? { submission } : {}),
  };
};

type Taken = Submission & { readonly takenAt: number };

/** What was taken with 202 and no record tells of yet: from custody on it is what counts. */
export const pendingSubmission = ({ record, submission }: Standing): Taken | undefined => {
  const { takenAt } = submission ?? {};
  return submission && takenAt !== undefined && !isRegistered(submission, record)
    ? { ...submission, takenAt }
    : undefined;
};

/**
 * What the API took with 202 and was refused in the end, since a drop with other content had come first. Told until
 * something that was submitted after it is taken.
 */
export const refusedSubmissions = ({ documentId, refusals = [], drops }: StoredRecord): readonly Refusal[] => {
  const isSubmission = ({ name }: { readonly name: string }) => name.startsWith(submissionPrefix(documentId));
  const takenLast = Math.max(0, ...drops.filter(isSubmission).map(({ at }) => at));
  return refusals.filter((refusal) => isSubmission(refusal) && refusal.at > takenLast);
};

/**
 * Whether something that was refused asks for another submission. Not where a later version has taken the document's
 * place: then it is told and nothing more, or the move would be the sender's for ever.
 */
export const mustSubmitAgain = (record: StoredRecord): boolean =>
  refusedSubmissions(record).length > 0 && !overtaken.includes(stateOf(record));

const overtaken: readonly State[] = ['REPLACED', 'SUPERSEDED'];

/** State and move as a caller is told them, in the list and in the view; undefined where nothing is known. */
export const summaryOf = (standing: Standing): { readonly state: State; readonly whoseMove: Mover } | undefined => {
  if (pendingSubmission(standing)) return { state: 'RECEIVED', whoseMove: 'this system' };
  const { record } = standing;
  if (!record) return undefined;
  return { state: stateOf(record), whoseMove: mustSubmitAgain(record) ? 'the sender' : whoseMove(record) };
};
