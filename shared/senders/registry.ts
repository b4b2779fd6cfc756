import { toBeWritten } from '../audit/registry-journal.ts';
import {
  mailboxesKey,
  mailboxKey,
  mailboxVersionKey,
  senderKey,
  sendersKey,
  senderVersionKey,
} from '../delivery/keys.ts';
import type { Stored, Table } from '../platform/table.ts';
import {
  editEntry,
  type Kind,
  listEntries,
  type PutOutcome,
  putSetting,
  readEntry,
  type Switched,
  versionsOf,
} from '../registry/entries.ts';
import { type Changed, unversioned, type Version, type Versioned, withWhat } from '../registry/versioned.ts';
import { type Mailbox, type MailboxCourse, type MailboxSetting, mailboxCheckAt } from './mailbox.ts';
import type { Sender, SenderItem } from './sender.ts';

/** Senders and mailboxes as items of the one table, with every version of their settings. */

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

export const readSender = (table: Table, odsCode: string): Promise<(SenderItem & Stored) | undefined> =>
  readEntry(table, senders, odsCode);

export const readMailbox = (table: Table, mailboxId: string): Promise<(Mailbox & Stored) | undefined> =>
  readEntry(table, mailboxes, mailboxId);

/** Every sending organisation that was put, by its ODS code. */
export const listSenders = (table: Table): Promise<readonly (SenderItem & Stored)[]> => listEntries(table, senders);

/** Every mailbox that was put, by its id. */
export const listMailboxes = (table: Table): Promise<readonly (Mailbox & Stored)[]> => listEntries(table, mailboxes);

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

/** Every version of its settings, oldest first, the one that stands last; empty where there is no such entry. */
export const senderVersions = (table: Table, odsCode: string): Promise<readonly Version<Sender>[]> =>
  versionsOf(table, senders, odsCode);
export const mailboxVersions = (table: Table, mailboxId: string): Promise<readonly Version<MailboxSetting>[]> =>
  versionsOf(table, mailboxes, mailboxId);

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
  editEntry<SenderItem, Switched>(table, senders, odsCode, (item) => withPaused(item, paused, changed));

export const switchMailboxPause = (table: Table, mailboxId: string, paused: boolean, changed: Changed) =>
  editEntry<Mailbox, Switched>(table, mailboxes, mailboxId, (item) => withPaused(item, paused, changed));

/** Whether a sender's drops are taken. What stands against it is for the caller to ask before. */
export const switchSenderActive = (table: Table, odsCode: string, active: boolean, changed: Changed) =>
  editEntry<SenderItem, Switched>(table, senders, odsCode, (item) => {
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
  editEntry<SenderItem, true>(table, senders, odsCode, (item) => ({
    item: withWhat(item, what, changed),
    result: true,
  }));

/** Changes what is known of a mailbox's course; nothing if the mailbox is gone. */
export const changeCourse = (
  table: Table,
  mailboxId: string,
  next: (mailbox: Mailbox) => MailboxCourse,
): Promise<Mailbox | undefined> =>
  editEntry<Mailbox, Mailbox>(table, mailboxes, mailboxId, (mailbox) => {
    const item: Mailbox = { ...mailbox, course: next(mailbox) };
    return { item, result: item };
  });
