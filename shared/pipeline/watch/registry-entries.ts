import { type RegistryJournal, toBeWritten } from '../../audit/registry-journal.ts';
import { writeRegistryEntries } from '../../audit/write-entries.ts';
import { mailboxKey, splitKey } from '../../delivery/keys.ts';
import type { Quarantined } from '../../delivery/quarantine.ts';
import { indexedQuarantined } from '../../delivery/quarantine-decision.ts';
import { errorText } from '../../platform/log.ts';
import { change, type Indexed, type Stored } from '../../platform/table.ts';
import { type Mailbox, mailboxCheckAt } from '../../senders/mailbox.ts';
import type { WatchContext } from './watch.ts';

interface Journalled {
  readonly journal?: RegistryJournal;
}

/** What of an item that people changed is called in the archive; `undefined` where nobody changes such items. */
export const auditSubject = (key: string): string | undefined => {
  const { kind, rest } = splitKey(key);
  const id = encodeURIComponent(rest);
  switch (kind) {
    case 'SENDER':
      return `senders/${id}`;
    case 'MAILBOX':
      return `mailboxes/${id}`;
    case 'CLIENT':
      return `clients/${id}`;
    case 'QUARANTINE':
      return `quarantine/${id}`;
    case 'PAUSE':
      return 'everybody';
    case 'REDRIVES':
      return 'redrives';
    default:
      return undefined;
  }
};

/** On which indexes an item stays once its entries are written. */
const indexedAfterwards = (key: string, item: Stored): Indexed | undefined => {
  switch (splitKey(key).kind) {
    case 'MAILBOX':
      return { nextCheckAt: mailboxCheckAt(item as Mailbox & Stored) };
    case 'QUARANTINE':
      return indexedQuarantined(item as Quarantined & Stored);
    default:
      return undefined;
  }
};

/**
 * Operators' commands change items and write to no archive: what they did waits on the item and is written here. What
 * came meanwhile stays.
 */
export const writeEntriesOf = async ({ table, archive }: WatchContext, key: string): Promise<void> => {
  const subject = auditSubject(key);
  const pending = (await table.read<Journalled>(key))?.journal?.pending ?? [];
  const last = pending.at(-1);
  if (subject === undefined || !last) return;
  await writeRegistryEntries(archive, subject, pending);
  await change<Journalled, undefined>(table, key, (stored) => {
    if (!stored?.journal) return { kind: 'keep', result: undefined };
    const { revision: _, ...item } = stored;
    const left = stored.journal.pending.filter(({ sequence }) => sequence > last.sequence);
    const next = { ...item, journal: { ...stored.journal, pending: left } };
    const indexed = indexedAfterwards(key, { ...next, revision: stored.revision });
    return {
      kind: 'put',
      item: next,
      ...(toBeWritten(next) ? { indexed: { ...indexed, nextCheckAt: 0 } } : indexed ? { indexed } : {}),
      result: undefined,
    };
  });
};

/** An archive that cannot be reached keeps no mailbox from being polled: the entries stay. */
export const writeMailboxEntries = async (context: WatchContext, mailboxId: string): Promise<void> => {
  try {
    await writeEntriesOf(context, mailboxKey(mailboxId));
  } catch (error) {
    context.log.warn('WORK_FAILED', { mailboxId, what: 'audit', error: errorText(error) });
  }
};
