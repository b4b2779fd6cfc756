import { mailboxesKey, mailboxKey, senderKey } from '../delivery/keys.ts';
import { inParallel } from '../platform/parallel.ts';
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

/** Which mailboxes there are: `MAILBOXES`. */
interface MailboxList {
  readonly mailboxIds: readonly string[];
}

/** A setting put again keeps what was learned; a new mailbox is polled at once. */
export const putMailbox = async (
  table: Table,
  setting: MailboxSetting,
  now: number,
): Promise<'created' | 'replaced'> => {
  const { mailboxId } = setting;
  // On the list first: one that is listed and not there yet is passed over, one that is not listed is watched by nobody.
  await change<MailboxList, undefined>(table, mailboxesKey, (stored) => {
    const mailboxIds = stored?.mailboxIds ?? [];
    return mailboxIds.includes(mailboxId)
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { mailboxIds: [...mailboxIds, mailboxId] }, result: undefined };
  });
  return change<Mailbox, 'created' | 'replaced'>(table, mailboxKey(mailboxId), (stored) =>
    put(
      { setting, course: { registeredAt: now, ...(stored?.course ?? {}), nextPollAt: now } },
      stored ? 'replaced' : 'created',
    ),
  );
};

/** Every mailbox that was put. */
export const listMailboxes = async (table: Table): Promise<readonly (Mailbox & Stored)[]> => {
  const list = await table.read<MailboxList>(mailboxesKey);
  const mailboxes: (Mailbox & Stored)[] = [];
  await inParallel(list?.mailboxIds ?? [], 10, async (mailboxId) => {
    const mailbox = await readMailbox(table, mailboxId);
    if (mailbox) mailboxes.push(mailbox);
    return 'go on';
  });
  return mailboxes;
};

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
