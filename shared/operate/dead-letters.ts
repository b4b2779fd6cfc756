import { readDocument } from '../delivery/documents.ts';
import type { DropItem } from '../delivery/drop.ts';
import { dropKey } from '../delivery/keys.ts';
import { currentComposition, type DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import type { DocumentId } from '../platform/ids.ts';
import { composeAgainMessage, ingestMessage, outboxMessage, pollMessage } from '../platform/queue-messages.ts';
import type { Table } from '../platform/table.ts';
import type { QueueName } from '../senders/deployment.ts';
import { readMailbox } from '../senders/registry.ts';
import { parseDropKey } from '../submission/object-names.ts';

/** What to do with a dead message: send it to its queue again, take it away, or let it lie until somebody has looked. */
export const letterFates = ['hand-back', 'remove', 'leave'] as const;
export type LetterFate = (typeof letterFates)[number];

/**
 * Why a message is dead, as far as the table can tell: SQS keeps no reason, so it is told by what it is about and how
 * that stands now. Holds no name of an object.
 */
export interface Cause {
  readonly cause: string;
  readonly fate: LetterFate;
  readonly documentId?: DocumentId;
}

const unreadable: Cause = { cause: 'cannot be read: something else wrote it', fate: 'leave' };
const goneDocument: Cause = { cause: 'names a document that does not exist', fate: 'remove' };

/** Of a message that asks to send a composition. Pure. */
export const outboxCause = (record: DocumentRecord | undefined, composition: number): Cause => {
  if (!record) return goneDocument;
  const { documentId } = record;
  const current = currentComposition(record);
  const state = stateOf(record);
  const about = (cause: string, fate: LetterFate): Cause => ({ cause, fate, documentId });
  if (current.number !== composition) return about('is about an earlier composition', 'remove');
  if (record.holds.length > 0) {
    return about(`the document is held (${record.holds[0]?.reason}): it goes when it is released`, 'remove');
  }
  if (state === 'SENDING') return about('the document is in doubt, which is looked after by itself', 'remove');
  if (state !== 'COMPOSED') return about(`the document has gone on: ${state}`, 'remove');
  const outcome = current.attempts.at(-1)?.outcome;
  const why = current.waiting?.why ?? (outcome && 'reason' in outcome ? outcome.reason : undefined);
  return about(`the document waits to be sent${why === undefined ? '' : ` (${why})`}`, 'hand-back');
};

/** Of a message that asks to compose a document. Pure. */
export const composeCause = (record: DocumentRecord | undefined): Cause => {
  if (!record) return goneDocument;
  const { documentId } = record;
  const state = stateOf(record);
  if (state !== 'RECEIVED') return { cause: `the document has gone on: ${state}`, fate: 'remove', documentId };
  return record.holds.length > 0
    ? {
        cause: `the document is held (${record.holds[0]?.reason}): it goes when it is released`,
        fate: 'remove',
        documentId,
      }
    : { cause: 'the document waits to be composed', fate: 'hand-back', documentId };
};

const dropCause = async (table: Table, key: string, versionId: string): Promise<Cause> => {
  const parsed = parseDropKey(key);
  if (parsed.kind !== 'pdf' && parsed.kind !== 'manifest') {
    return parsed.kind === 'attachment'
      ? { cause: 'an attachment that came', fate: 'hand-back' }
      : { cause: 'an object that can be no drop', fate: 'remove' };
  }
  const item = await table.read<DropItem>(dropKey(parsed.odsCode, parsed.name));
  return item?.done?.[parsed.kind].versionId === versionId
    ? { cause: 'its drop has been dealt with', fate: 'remove', documentId: item.done.documentId }
    : { cause: 'a drop that is not taken', fate: 'hand-back' };
};

const pollCause = async (table: Table, mailboxId: string, slot: string): Promise<Cause> => {
  const mailbox = await readMailbox(table, mailboxId);
  if (!mailbox) return { cause: 'a mailbox that is not registered', fate: 'remove' };
  return (mailbox.course.lastPollAt ?? 0) >= Number(slot)
    ? { cause: 'the mailbox has been polled since', fate: 'remove' }
    : { cause: 'the mailbox has not been polled since', fate: 'hand-back' };
};

const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
};

/** Why a message of a queue is dead. Reads what it is about; changes nothing. */
export const causeOf = async (table: Table, queue: QueueName, body: string): Promise<Cause> => {
  const message = jsonOf(body);
  switch (queue) {
    case 'outbox': {
      const read = outboxMessage.safeParse(message);
      if (!read.success) return unreadable;
      return outboxCause(await readDocument(table, read.data.documentId as DocumentId), read.data.composition);
    }
    case 'ingest': {
      const again = composeAgainMessage.safeParse(message);
      if (again.success) return composeCause(await readDocument(table, again.data.documentId as DocumentId));
      const stored = ingestMessage.safeParse(message);
      return stored.success ? dropCause(table, stored.data.key, stored.data.versionId) : unreadable;
    }
    case 'poll': {
      const read = pollMessage.safeParse(message);
      return read.success ? pollCause(table, read.data.mailboxId, read.data.slot) : unreadable;
    }
  }
};
