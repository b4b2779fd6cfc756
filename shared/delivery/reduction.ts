import type { DocumentId } from '../platform/ids.ts';
import { submissionPrefix } from '../submission/object-names.ts';
import type { Composition, DocumentRecord, HistoryEntry } from './record.ts';
import { currentComposition, detailLimit, dropLimit, historyLimit } from './record.ts';
import { mergeWork, type Work } from './work.ts';

/** A new record with its work, or a no-op that is counted under `why`. */
export type Reduction =
  | { readonly kind: 'changed'; readonly record: DocumentRecord; readonly what: string }
  | { readonly kind: 'no-op'; readonly why: string };

export const noOp = (why: string): Reduction => ({ kind: 'no-op', why });

/** Repeats are counted on the entry that they repeat; past the bound the oldest entries but the first go. */
export const withEntry = (history: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] => {
  const last = history.at(-1);
  if (last && last.what === entry.what && last.detail === entry.detail) {
    return [...history.slice(0, -1), { ...last, times: (last.times ?? 1) + 1 }];
  }
  const longer = [...history, entry];
  return longer.length <= historyLimit
    ? longer
    : [...longer.slice(0, 1), ...longer.slice(longer.length - historyLimit + 1)];
};

/**
 * The last of a list, and beside them the last that the API made: what became of a submission is known by its name, so no
 * number of drops under other names may push it out.
 */
export const lastOf = <E extends { readonly name: string }>(
  documentId: DocumentId,
  entries: readonly E[],
  limit: number,
): readonly E[] => {
  const byApi = ({ name }: E) => name.startsWith(submissionPrefix(documentId));
  const kept = new Set(
    [entries.filter(byApi), entries.filter((entry) => !byApi(entry))].flatMap((each) => each.slice(-limit)),
  );
  return entries.filter((entry) => kept.has(entry));
};

export const withDrop = (
  { documentId, drops }: Pick<DocumentRecord, 'documentId' | 'drops'>,
  name: string,
  at: number,
): DocumentRecord['drops'] =>
  lastOf(documentId, [...drops.filter((other) => other.name !== name), { name, at }], dropLimit);

const shortened = (detail: string): string =>
  detail.length <= detailLimit ? detail : `${detail.slice(0, detailLimit - 1)}…`;

export interface Edit {
  /** A short name for history, logs and metrics: `sent`, `acknowledged`. */
  readonly what: string;
  readonly detail?: string;
  readonly record?: Partial<DocumentRecord>;
  readonly composition?: Composition;
  readonly work?: Work;
}

/** Applies one edit: the composition that it changes takes its old one's place, and everybody with a receipt sees it. */
export const edit = (record: DocumentRecord, at: number, change: Edit): Reduction => {
  const { composition } = change;
  return {
    kind: 'changed',
    what: change.what,
    record: {
      ...record,
      ...change.record,
      ...(composition && {
        compositions: record.compositions.map((one) => (one.number === composition.number ? composition : one)),
      }),
      history: withEntry(record.history, {
        at,
        what: change.what,
        ...(change.detail === undefined ? {} : { detail: shortened(change.detail) }),
      }),
      work: mergeWork(record.work, { ...change.work, receipt: true }),
    },
  };
};

/** Runs `next` on the current composition if it is the one meant; anything else is late news about an older one. */
export const onCurrent = (
  record: DocumentRecord,
  number: number,
  next: (composition: Composition) => Reduction,
): Reduction => {
  const composition = currentComposition(record);
  return composition.number === number ? next(composition) : noOp('older-composition');
};
