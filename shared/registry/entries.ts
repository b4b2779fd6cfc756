import { inParallel } from '../platform/parallel.ts';
import { type Change, change, type Indexed, type Stored, type Table } from '../platform/table.ts';
import { type Changed, nextVersion, type Version, type Versioned, versionOf } from './versioned.ts';

/**
 * What operators register (senders, mailboxes, clients) as items of the one table: one kind of entry like another, on a list,
 * with every version of its settings.
 */

/** What came of putting a setting. `overtaken`: another version stands than the one that was looked at. */
export type PutOutcome =
  | { readonly kind: 'created' | 'replaced' | 'same'; readonly version: number }
  | { readonly kind: 'overtaken'; readonly version: number; readonly by: string };

/** What differs between one kind of entry and another. */
export interface Kind<T extends Versioned<unknown>> {
  readonly listKey: string;
  readonly key: (id: string) => string;
  readonly versionKey: (id: string, version: number) => string;
  /** What lies there, in its present form. */
  readonly current: (stored: object) => T;
  readonly indexed: (item: T) => Indexed | undefined;
}

export const readEntry = async <T extends Versioned<unknown>>(
  table: Table,
  kind: Kind<T>,
  id: string,
): Promise<(T & Stored) | undefined> => {
  const stored = await table.read<object>(kind.key(id));
  if (!stored) return undefined;
  const { revision, ...item } = stored;
  return { ...kind.current(item), revision };
};

/** Changes an entry that is there; nothing if it is not. */
export const editEntry = <T extends Versioned<unknown>, R>(
  table: Table,
  kind: Kind<T>,
  id: string,
  next: (item: T) => { readonly item?: T; readonly result: R },
): Promise<R | undefined> =>
  change<object, R | undefined>(table, kind.key(id), (stored): Change<object, R | undefined> => {
    if (!stored) return { kind: 'keep', result: undefined };
    const { revision: _, ...bare } = stored;
    const { item, result } = next(kind.current(bare));
    return item ? put(kind, item, result) : { kind: 'keep', result };
  });

const put = <T extends Versioned<unknown>, R>(kind: Kind<T>, item: T, result: R): Change<object, R> => {
  const indexed = kind.indexed(item);
  return { kind: 'put', item, ...(indexed === undefined ? {} : { indexed }), result };
};

/** On the list first: one that is listed and not there yet is passed over, one that is not listed is seen by nobody. */
const list = (table: Table, { listKey }: { readonly listKey: string }, id: string): Promise<undefined> =>
  change<{ readonly ids: readonly string[] }, undefined>(table, listKey, (stored) => {
    const ids = idsOf(stored);
    return ids.includes(id)
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { ids: [...ids, id] }, result: undefined };
  });

/** The list of mailboxes had another name for its ids at first. */
const idsOf = (stored: { readonly ids?: readonly string[]; readonly mailboxIds?: readonly string[] } | undefined) =>
  stored?.ids ?? stored?.mailboxIds ?? [];

export const listEntries = async <T extends Versioned<unknown>>(
  table: Table,
  kind: Kind<T>,
): Promise<readonly (T & Stored)[]> => {
  const ids = idsOf(await table.read<{ readonly ids?: readonly string[] }>(kind.listKey));
  const found = new Map<string, T & Stored>();
  await inParallel(ids, 10, async (id) => {
    const item = await readEntry(table, kind, id);
    if (item) found.set(id, item);
    return 'go on';
  });
  return [...ids].sort().flatMap((id) => found.get(id) ?? []);
};

/** The version that is about to be replaced, kept for good. Whoever does it again keeps the same. */
const keep = async <S>(table: Table, key: string, version: Version<S>): Promise<void> =>
  change<Version<S>, undefined>(table, key, (stored) =>
    stored ? { kind: 'keep', result: undefined } : { kind: 'put', item: version, result: undefined },
  );

const patience = 50;

export const putSetting = async <S, T extends Versioned<S>>(
  table: Table,
  kind: Kind<T>,
  id: string,
  setting: S,
  changed: Changed,
  born: (item: Versioned<S>, stored: T | undefined) => T,
  over: number | undefined,
): Promise<PutOutcome> => {
  await list(table, kind, id);
  for (let attempt = 0; attempt < patience; attempt++) {
    const stored = await readEntry(table, kind, id);
    const standing = stored?.version ?? 0;
    if (over !== undefined && over !== standing) {
      return { kind: 'overtaken', version: standing, by: stored?.changedBy ?? 'nobody' };
    }
    const next = nextVersion<S>(stored, setting, changed);
    if (stored) await keep(table, kind.versionKey(id, stored.version), versionOf(stored));
    const item = born(next ?? (stored as T), stored);
    // Whatever else changes an entry meanwhile (a poll, a pause) must not be lost: then all of it is decided again.
    const { revision: _, ...bare } = item as T & Partial<Stored>;
    const indexed = kind.indexed(item);
    if ((await table.write(kind.key(id), bare, stored?.revision ?? 0, indexed)) === 'conflict') continue;
    return { kind: stored ? (next ? 'replaced' : 'same') : 'created', version: item.version };
  }
  throw new Error(`${kind.key(id)} was changed by others ${patience} times in a row.`);
};

export const versionsOf = async <T extends Versioned<unknown>>(
  table: Table,
  kind: Kind<T>,
  id: string,
): Promise<readonly Version<T['setting']>[]> => {
  const standing = await readEntry(table, kind, id);
  if (!standing) return [];
  const numbers = Array.from({ length: standing.version }, (_, number) => number);
  const older = new Map<number, Version<T['setting']>>();
  await inParallel(numbers, 10, async (number) => {
    const version = await table.read<Version<T['setting']>>(kind.versionKey(id, number));
    if (version) older.set(number, versionOf(version));
    return 'go on';
  });
  return [...numbers.flatMap((number) => older.get(number) ?? []), versionOf(standing)];
};

/** What came of a switch: `changed`, or it stood so before, since `since`. */
export type Switched =
  | { readonly kind: 'changed'; readonly was?: Changed }
  | { readonly kind: 'same'; readonly since?: Changed };
