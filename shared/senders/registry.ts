import { mailboxKey, senderKey } from '../delivery/keys.ts';
import { type Change, change, type Stored, type Table } from '../platform/table.ts';
import { type Mailbox, type MailboxCourse, type MailboxSetting, mailboxCheckAt } from './mailbox.ts';
import type { Sender } from './sender.ts';

/** Senders and mailboxes as items of the one table. */

export const readSender = (table: Table, odsCode: string): Promise<(Sender & Stored) | undefined> =>
  table.read<Sender>(senderKey(odsCode));

export const readMailbox = (table: Table, mailboxId: string): Promise<(Mailbox & Stored) | undefined> =>
  table.read<Mailbox>(mailboxKey(mailboxId));

export const putSender = (table: Table, sender: Sender): Promise<'created' | 'replaced'> =>
  change<Sender, 'created' | 'replaced'>(table, senderKey(sender.odsCode), (stored) => ({
    kind: 'put',
    item: sender,
    result: stored ? 'replaced' : 'created',
  }));

const put = <R>(mailbox: Mailbox, result: R): Change<Mailbox, R> => ({
  kind: 'put',
  item: mailbox,
  indexed: { nextCheckAt: mailboxCheckAt(mailbox) },
  result,
});

/** A setting put again keeps what was learned; a new mailbox is polled at once. */
export const putMailbox = (table: Table, setting: MailboxSetting, now: number): Promise<'created' | 'replaced'> =>
  change<Mailbox, 'created' | 'replaced'>(table, mailboxKey(setting.mailboxId), (stored) =>
    put({ setting, course: { ...(stored?.course ?? {}), nextPollAt: now } }, stored ? 'replaced' : 'created'),
  );

/** Changes what is known of a mailbox's course; nothing if the mailbox is gone. */
export const changeCourse = (
  table: Table,
  mailboxId: string,
  next: (mailbox: Mailbox) => MailboxCourse,
): Promise<Mailbox | undefined> =>
  change<Mailbox, Mailbox | undefined>(table, mailboxKey(mailboxId), (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const changed: Mailbox = { setting: stored.setting, course: next(stored) };
    return put(changed, changed);
  });
