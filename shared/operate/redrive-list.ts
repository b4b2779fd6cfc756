import { z } from 'zod';
import { isoTime } from '../platform/clock.ts';
import { csvText, readCsv } from '../platform/csv.ts';
import type { DeadLetter } from '../platform/queue.ts';
import type { QueueName } from '../senders/deployment.ts';
import { type Cause, type LetterFate, letterFates } from './dead-letters.ts';

/** The list of a queue's dead messages that somebody looks at before it is done. */

export interface Looked extends Cause {
  readonly letter: DeadLetter;
}

export const redriveListText = (name: QueueName, looked: readonly Looked[]): string =>
  csvText([
    ['message', 'do', 'queue', 'document', 'sent', 'cause'],
    ...looked.map(({ letter, fate, documentId, cause }) => [
      letter.messageId,
      fate,
      name,
      documentId ?? '',
      isoTime(letter.sentAt),
      cause,
    ]),
  ]);

/** What is to become of each message, as whoever looked at it left it; or every problem at once. */
export const readRedriveList = (
  text: string,
  name: QueueName,
): { readonly fates: ReadonlyMap<string, LetterFate> } | { readonly problems: readonly string[] } => {
  const [names, ...rows] = readCsv(text) ?? [];
  const [message = -1, fate = -1, queue = -1] = ['message', 'do', 'queue'].map(
    (column) => names?.indexOf(column) ?? -1,
  );
  if (Math.min(message, fate, queue) < 0) {
    return { problems: ['  it has no columns message, do and queue: make it with --list FILE'] };
  }
  const problems: string[] = [];
  const fates = new Map<string, LetterFate>();
  rows.forEach((cells, index) => {
    const id = cells[message] ?? '';
    const read = z.enum(letterFates).safeParse(cells[fate]);
    if (!read.success) problems.push(`  line ${index + 2}: do must be one of ${letterFates.join(', ')}`);
    if (cells[queue] !== name) problems.push(`  line ${index + 2}: is of the queue ${cells[queue]}, not of ${name}`);
    if (id === '' || fates.has(id)) problems.push(`  line ${index + 2}: message must be named, and once`);
    if (read.success) fates.set(id, read.data);
  });
  if (problems.length === 0 && fates.size === 0) problems.push('  it lists nothing');
  return problems.length > 0 ? { problems } : { fates };
};
