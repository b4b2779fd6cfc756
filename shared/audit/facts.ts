import type { DocumentRecord } from '../delivery/record.ts';
import { canonicalJson } from './entry.ts';

/**
 * A record's facts as a flat map: `overdueSince`, `compositions/1/sentAt`. Work, history, counters of entries and the
 * revision are left out: they follow from what happened and are no facts about the document.
 */
export type Facts = ReadonlyMap<string, unknown>;

const noFacts = new Set(['work', 'history', 'journal', 'revision', 'compositions']);

export const factsOf = (record: DocumentRecord | undefined): Facts => {
  const facts = new Map<string, unknown>();
  if (!record) return facts;
  const add = (path: string, value: unknown) => value !== undefined && facts.set(path, value);
  for (const [name, value] of Object.entries(record)) if (!noFacts.has(name)) add(name, value);
  for (const composition of record.compositions) {
    for (const [name, value] of Object.entries(composition)) add(`compositions/${composition.number}/${name}`, value);
  }
  return facts;
};

export interface FactChanges {
  readonly set: Readonly<Record<string, unknown>>;
  readonly removed?: readonly string[];
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

/** What has another value in `after`. */
export const changesBetween = (before: Facts, after: Facts): FactChanges => {
  const set = [...after].filter(([path, value]) => !before.has(path) || !same(before.get(path), value));
  const removed = [...before.keys()].filter((path) => !after.has(path));
  return { set: Object.fromEntries(set), ...(removed.length > 0 ? { removed } : {}) };
};

export const withChanges = (facts: Facts, { set, removed = [] }: FactChanges): Facts =>
  new Map([...[...facts].filter(([path]) => !removed.includes(path)), ...Object.entries(set)]);

/** As an object, for a digest. */
export const factsObject = (facts: Facts): Readonly<Record<string, unknown>> => Object.fromEntries(facts);
