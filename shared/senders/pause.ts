import type { RegistryJournal } from '../audit/registry-journal.ts';
import { pauseKey, resumedKey } from '../delivery/keys.ts';
import { minutes } from '../platform/clock.ts';
import { change, type Stored, type Table } from '../platform/table.ts';
import type { Switched } from '../registry/entries.ts';
import { type Changed, type RegistryEntry, withWhat } from '../registry/versioned.ts';
import type { Mailbox } from './mailbox.ts';
import { readMailbox, readSender, switchMailboxPause, switchSenderPause } from './registry.ts';

/** What can be paused. */
export type Pausable =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'sender'; readonly odsCode: string }
  | { readonly kind: 'mailbox'; readonly mailboxId: string };

/** A pause that stands. */
export interface Pause extends Changed {
  readonly of: Pausable;
}

/** `PAUSE`: the one item that stops sending and polling for everybody. */
interface PauseItem {
  readonly paused?: Changed;
  readonly history: readonly RegistryEntry[];
  readonly journal?: RegistryJournal;
}

/** `RESUMED#documents`: on the work index while documents are let go that nothing pauses any more. */
export interface Resumed extends Changed {
  /** When the first of the pauses began that were ended: nothing was held for them before. */
  readonly since: number;
  /** Whatever still went by an ended pause when it was ended has held its document by then. */
  readonly until: number;
  /** All of it has gone. */
  readonly over?: true;
}

/** Longer than any invocation of send. */
const afterglow = minutes(10);

export const readGlobalPause = async (table: Table): Promise<Changed | undefined> =>
  (await table.read<PauseItem>(pauseKey))?.paused;

/** The last pause that was ended, while documents are let go for it. */
export const readResumed = (table: Table): Promise<(Resumed & Stored) | undefined> => table.read<Resumed>(resumedKey);

/** What stops a sender's documents, or a mailbox's polls: the widest pause there is. */
export const pauseOver = async (
  table: Table,
  { odsCode, mailbox }: { readonly odsCode?: string; readonly mailbox: Mailbox | undefined },
): Promise<Pause | undefined> => {
  const [global, sender] = await Promise.all([
    readGlobalPause(table),
    odsCode === undefined ? undefined : readSender(table, odsCode),
  ]);
  if (global) return { ...global, of: { kind: 'everybody' } };
  if (mailbox?.paused) return { ...mailbox.paused, of: { kind: 'mailbox', mailboxId: mailbox.setting.mailboxId } };
  if (sender?.paused && odsCode !== undefined) return { ...sender.paused, of: { kind: 'sender', odsCode } };
  return undefined;
};

/** As the beginning of a sentence. */
export const pausedWhat = (of: Pausable): string => {
  switch (of.kind) {
    case 'everybody':
      return 'Sending for everybody';
    case 'sender':
      return `Sending for ${of.odsCode}`;
    case 'mailbox':
      return `Mailbox ${of.mailboxId}`;
  }
};

const switchGlobal = (table: Table, paused: boolean, changed: Changed): Promise<Switched> =>
  change<PauseItem, Switched>(table, pauseKey, (stored) => {
    const was = stored?.paused;
    if ((was !== undefined) === paused)
      return { kind: 'keep', result: { kind: 'same', ...(was ? { since: was } : {}) } };
    const item: PauseItem = {
      history: stored?.history ?? [],
      ...(stored?.journal ? { journal: stored.journal } : {}),
      ...(paused ? { paused: changed } : {}),
    };
    return {
      kind: 'put',
      item: withWhat(item, paused ? 'paused' : 'resumed', changed),
      // Looked at at once: an entry waits to be written to the archive.
      indexed: { nextCheckAt: 0 },
      result: { kind: 'changed', ...(was ? { was } : {}) },
    };
  });

const switchPause = (table: Table, of: Pausable, paused: boolean, changed: Changed): Promise<Switched | undefined> => {
  switch (of.kind) {
    case 'everybody':
      return switchGlobal(table, paused, changed);
    case 'sender':
      return switchSenderPause(table, of.odsCode, paused, changed);
    case 'mailbox':
      return switchMailboxPause(table, of.mailboxId, paused, changed);
  }
};

/** Pauses; `undefined` where there is nothing of that name. */
export const pause = (table: Table, of: Pausable, changed: Changed): Promise<Switched | undefined> =>
  switchPause(table, of, true, changed);

const standing = async (table: Table, of: Pausable): Promise<Changed | undefined> => {
  switch (of.kind) {
    case 'everybody':
      return readGlobalPause(table);
    case 'sender':
      return (await readSender(table, of.odsCode))?.paused;
    case 'mailbox':
      return (await readMailbox(table, of.mailboxId))?.paused;
  }
};

/**
 * Resumes, and has `watch` let go what was held, oldest first; `undefined` where there is nothing of that name. Watch is
 * told first: told for nothing it finds everything paused still, told too late it might never be.
 */
export const resume = async (table: Table, of: Pausable, changed: Changed): Promise<Switched | undefined> => {
  const was = await standing(table, of);
  if (was) {
    await change<Resumed, undefined>(table, resumedKey, (stored) => ({
      kind: 'put',
      item: {
        ...changed,
        since: stored && !stored.over ? Math.min(stored.since, was.at) : was.at,
        until: changed.at + afterglow,
      },
      indexed: { nextCheckAt: changed.at },
      result: undefined,
    }));
  }
  return switchPause(table, of, false, changed);
};
