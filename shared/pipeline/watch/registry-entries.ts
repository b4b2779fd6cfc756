import { writeRegistryEntries } from '../../audit/write-entries.ts';
import { errorText } from '../../platform/log.ts';
import type { Mailbox } from '../../senders/mailbox.ts';
import { pauseEntriesWritten, readPauseJournal } from '../../senders/pause.ts';
import { mailboxEntriesWritten, readSender, senderEntriesWritten } from '../../senders/registry.ts';
import type { RegistryJournal } from '../../senders/versioned.ts';
import type { WatchContext } from './watch.ts';

/**
 * Operators' commands change senders, mailboxes and the pause, and reach no archive: what they did waits on the item and
 * is written here.
 */
const write = async (
  { archive }: WatchContext,
  subject: string,
  journal: RegistryJournal | undefined,
  done: (upTo: number) => Promise<unknown>,
): Promise<void> => {
  const pending = journal?.pending ?? [];
  const last = pending.at(-1);
  if (!last) return;
  await writeRegistryEntries(archive, subject, pending);
  await done(last.sequence);
};

export const writeSenderEntries = async (context: WatchContext, odsCode: string): Promise<void> => {
  const sender = await readSender(context.table, odsCode);
  await write(context, `senders/${odsCode}`, sender?.journal, (upTo) =>
    senderEntriesWritten(context.table, odsCode, upTo),
  );
};

/** An archive that cannot be reached keeps no mailbox from being polled: the entries stay. */
export const writeMailboxEntries = async (
  context: WatchContext,
  { setting: { mailboxId }, journal }: Mailbox,
): Promise<void> => {
  try {
    await write(context, `mailboxes/${mailboxId}`, journal, (upTo) =>
      mailboxEntriesWritten(context.table, mailboxId, upTo),
    );
  } catch (error) {
    context.log.warn('WORK_FAILED', { mailboxId, what: 'audit', error: errorText(error) });
  }
};

export const writePauseEntries = async (context: WatchContext): Promise<void> =>
  write(context, 'everybody', await readPauseJournal(context.table), (upTo) =>
    pauseEntriesWritten(context.table, upTo),
  );
