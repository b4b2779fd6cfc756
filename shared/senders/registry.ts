import { toBeWritten } from '../audit/registry-journal.ts';
import {
  mailboxesKey,
  mailboxKey,
  mailboxVersionKey,
  senderKey,
  sendersKey,
  senderVersionKey,
} from '../delivery/keys.ts';
import { inParallel } from '../platform/parallel.ts';
import { type Change, change, type Indexed, type Stored, type Table } from '../platform/table.ts';
import { type Mailbox, type MailboxCourse, type MailboxSetting, mailboxCheckAt } from './mailbox.ts';
import type { Sender, SenderItem } from './sender.ts';
import {
  type Changed,
  nextVersion,
  unversioned,
  type Version,
  type Versioned,
  versionOf,
  withWhat,
} from './versioned.ts';

/** Senders and mailboxes as items of the one table, with every version of their settings. */

/** What came of putting a setting. `overtaken`: another version stands than the one that was looked at. */
export type PutOutcome =
  | { readonly kind: 'created' | 'replaced' | 'same'; readonly version: number }
  | { readonly kind: 'overtaken'; readonly version: number; readonly by: string };

/** What differs between the two kinds of entry. */
export interface Kind<T extends Versioned<unknown>> {
  readonly listKey: string;
  readonly key: (id: string) => string;
  readonly versionKey: (id: string, version: number) => string;
  /** What lies there, in its present form. */
  readonly current: (stored: object) => T;
  readonly indexed: (item: T) => Indexed | undefined;
}

const senders: Kind<SenderItem> = {
  listKey: sendersKey,
  key: senderKey,
  versionKey: senderVersionKey,
  // Before versions were kept, whoever was registered was active.
  current: (stored) =>
    'setting' in stored
      ? (stored as SenderItem)
      : { ...unversioned(stored as Sender), active: { at: 0, by: 'not recorded' } },
  indexed: (sender) => (toBeWritten(sender) ? { nextCheckAt: 0 } : undefined),
};

const mailboxes: Kind<Mailbox> = {
  listKey: mailboxesKey,
  key: mailboxKey,
  versionKey: mailboxVersionKey,
  current: (stored) => {
    const { setting, course, ...rest } = stored as Mailbox;
    return { ...unversioned(setting), ...rest, course };
  },
  indexed: (mailbox) => ({ nextCheckAt: toBeWritten(mailbox) ? 0 : mailboxCheckAt(mailbox) }),
};

export const read = async <T extends Versioned<unknown>>(
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
export const edit = <T extends Versioned<unknown>, R>(
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
const list = (table: Table, kind: Pick<Kind<Mailbox>, 'listKey'>, id: string): Promise<undefined> =>
  change<{ readonly ids: readonly string[] }, undefined>(table, kind.listKey, (stored) => {
    const ids = idsOf(stored);
    return ids.includes(id)
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { ids: [...ids, id] }, result: undefined };
  });

/** The list of mailboxes had another name for its ids at first. */
const idsOf = (stored: { readonly ids?: readonly string[]; readonly mailboxIds?: readonly string[] } | undefined) =>
  stored?.ids ?? stored?.mailboxIds ?? [];

export const listed = async <T extends Versioned<unknown>>(
  table: Table,
  kind: Kind<T>,
): Promise<readonly (T & Stored)[]> => {
  const ids = idsOf(await table.read<{ readonly ids?: readonly string[] }>(kind.listKey));
  const found = new Map<string, T & Stored>();
  await inParallel(ids, 10, async (id) => {
    const item = await read(table, kind, id);
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
    const stored = await read(table, kind, id);
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

export const readSender = (table: Table, odsCode: string): Promise<(SenderItem & Stored) | undefined> =>
  read(table, senders, odsCode);

export const readMailbox = (table: Table, mailboxId: string): Promise<(Mailbox & Stored) | undefined> =>
  read(table, mailboxes, mailboxId);

/** Every sending organisation that was put, by its ODS code. */
export const listSenders = (table: Table): Promise<readonly (SenderItem & Stored)[]> => listed(table, senders);

/** Every mailbox that was put, by its id. */
export const listMailboxes = (table: Table): Promise<readonly (Mailbox & Stored)[]> => listed(table, mailboxes);

/**
 * Puts a sender's setting as its next version. A new sender is not active yet. With `over`, only if that version still
 * stands.
 */
export const putSender = (table: Table, setting: Sender, changed: Changed, over?: number): Promise<PutOutcome> =>
  putSetting<Sender, SenderItem>(table, senders, setting.odsCode, setting, changed, (item) => item, over);

/** Puts a mailbox's setting as its next version; what was learned of it stays. It is polled at once. */
export const putMailbox = (
  table: Table,
  setting: MailboxSetting,
  changed: Changed,
  over?: number,
): Promise<PutOutcome> =>
  putSetting<MailboxSetting, Mailbox>(
    table,
    mailboxes,
    setting.mailboxId,
    setting,
    changed,
    (item, stored) => ({
      ...item,
      course: { registeredAt: changed.at, ...(stored?.course ?? {}), nextPollAt: changed.at },
    }),
    over,
  );

export const versions = async <T extends Versioned<unknown>>(
  table: Table,
  kind: Kind<T>,
  id: string,
): Promise<readonly Version<T['setting']>[]> => {
  const standing = await read(table, kind, id);
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

/** Every version of its settings, oldest first, the one that stands last; empty where there is no such entry. */
export const senderVersions = (table: Table, odsCode: string): Promise<readonly Version<Sender>[]> =>
  versions(table, senders, odsCode);
export const mailboxVersions = (table: Table, mailboxId: string): Promise<readonly Version<MailboxSetting>[]> =>
  versions(table, mailboxes, mailboxId);

/** What came of a switch: `changed`, or it stood so before, since `since`. */
export type Switched =
  | { readonly kind: 'changed'; readonly was?: Changed }
  | { readonly kind: 'same'; readonly since?: Changed };

const withPaused = <T extends Versioned<unknown>>(
  item: T,
  paused: boolean,
  changed: Changed,
): { readonly item?: T; readonly result: Switched } => {
  const was = item.paused;
  if ((was !== undefined) === paused) return { result: { kind: 'same', ...(was ? { since: was } : {}) } };
  const { paused: _, ...rest } = item;
  const next = { ...rest, ...(paused ? { paused: changed } : {}) } as T;
  return {
    item: withWhat(next, paused ? 'paused' : 'resumed', changed),
    result: { kind: 'changed', ...(was ? { was } : {}) },
  };
};

export const switchSenderPause = (table: Table, odsCode: string, paused: boolean, changed: Changed) =>
  edit<SenderItem, Switched>(table, senders, odsCode, (item) => withPaused(item, paused, changed));

export const switchMailboxPause = (table: Table, mailboxId: string, paused: boolean, changed: Changed) =>
  edit<Mailbox, Switched>(table, mailboxes, mailboxId, (item) => withPaused(item, paused, changed));

/** Whether a sender's drops are taken. What stands against it is for the caller to ask before. */
export const switchSenderActive = (table: Table, odsCode: string, active: boolean, changed: Changed) =>
  edit<SenderItem, Switched>(table, senders, odsCode, (item) => {
    const was = item.active;
    if ((was !== undefined) === active) return { result: { kind: 'same', ...(was ? { since: was } : {}) } };
    const { active: _, ...rest } = item;
    return {
      item: withWhat(
        { ...rest, ...(active ? { active: changed } : {}) },
        active ? 'activated' : 'deactivated',
        changed,
      ),
      result: { kind: 'changed', ...(was ? { was } : {}) },
    };
  });

/** Keeps what somebody did about a sender beside its settings; nothing if there is no such sender. */
export const noteOnSender = (table: Table, odsCode: string, what: string, changed: Changed) =>
  edit<SenderItem, true>(table, senders, odsCode, (item) => ({ item: withWhat(item, what, changed), result: true }));

/** Changes what is known of a mailbox's course; nothing if the mailbox is gone. */
export const changeCourse = (
  table: Table,
  mailboxId: string,
  next: (mailbox: Mailbox) => MailboxCourse,
): Promise<Mailbox | undefined> =>
  edit<Mailbox, Mailbox>(table, mailboxes, mailboxId, (mailbox) => {
    const item: Mailbox = { ...mailbox, course: next(mailbox) };
    return { item, result: item };
  });
