import type { DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { type AuditEntry, canonicalJson } from './entry.ts';
import { type Facts, factsOf } from './facts.ts';
import { replay, type Story } from './read-story.ts';

export interface Comparison {
  /** In what the record differs from what the archive says; empty where they agree. */
  readonly differences: readonly string[];
  /** Changes that wait on the record to be written to the archive: `watch` does so. */
  readonly waiting: readonly AuditEntry[];
}

const shownLength = 120;
const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = canonicalJson(value);
  return text.length <= shownLength ? text : `${text.slice(0, shownLength - 1)}…`;
};

const partsOf = (value: unknown): ReadonlyMap<string, unknown> | undefined =>
  typeof value === 'object' && value !== null
    ? new Map(Object.entries(value).filter(([, inner]) => inner !== undefined))
    : undefined;

/** Down to what differs: of two long facts that begin alike nobody sees it otherwise. */
const between = (path: string, archive: unknown, record: unknown): readonly string[] => {
  if (canonicalJson(archive ?? null) === canonicalJson(record ?? null)) return [];
  const [a, b] = [partsOf(archive), partsOf(record)];
  if (a && b) return betweenAll(a, b, `${path}/`);
  return [`${path}: the archive has ${shown(archive)}, the record ${shown(record)}`];
};

const betweenAll = (
  archive: ReadonlyMap<string, unknown>,
  record: ReadonlyMap<string, unknown>,
  under = '',
): readonly string[] =>
  [...new Set([...archive.keys(), ...record.keys()])]
    .sort()
    .flatMap((name) => between(`${under}${name}`, archive.get(name), record.get(name)));

const differencesOf = (archive: Facts, record: Facts): readonly string[] => betweenAll(archive, record);

/** Does the record say what the archive says? Pure: both as they were read. */
export const compareStory = (story: Story, record: DocumentRecord | undefined): Comparison => {
  const last = story.entries.at(-1);
  if (!record) {
    return { waiting: [], differences: last ? ['There is no record of this document.'] : [] };
  }
  if (!record.journal) {
    return { waiting: [], differences: ['The record has not changed since entries are kept: there is no story yet.'] };
  }
  const waiting = (record.work.audit ?? []).filter(({ sequence }) => sequence > (last?.sequence ?? 0));
  const { facts } = replay([...story.entries, ...waiting]);
  const told = waiting.at(-1) ?? last;
  const differences = [...differencesOf(facts, factsOf(record))];
  if ((told?.sequence ?? 0) !== record.journal.entries) {
    differences.push(
      `The record has had ${record.journal.entries} changes, the archive's last entry is ${told?.sequence ?? 'none'}.`,
    );
  }
  const state = stateOf(record);
  if (told && told.state !== state) differences.push(`state: the archive has ${told.state}, the record ${state}`);
  return { differences, waiting };
};
