import type { DocumentRecord } from '../delivery/record.ts';
import type { Topic } from '../platform/topic.ts';
import type { StatusChange } from './status-change.ts';
import { attributesOf, statusEventOf } from './status-event.ts';

/** Publishes what has changed, in order. One that is published again has the same id and the same content. */
export const publishChanges = async (
  topic: Topic,
  record: DocumentRecord,
  changes: readonly StatusChange[],
): Promise<void> => {
  for (const change of changes) {
    const event = statusEventOf(record, change);
    await topic.publish({ body: JSON.stringify(event) }, attributesOf(event));
  }
};
