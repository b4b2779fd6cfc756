import { readDocument } from '../delivery/documents.ts';
import { splitKey } from '../delivery/keys.ts';
import { currentComposition } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { meanings, type State, states } from '../delivery/states.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { SenderIndex, SenderPosition, Table } from '../platform/table.ts';

const open: ReadonlySet<string> = new Set(states.filter((state) => !meanings[state].ended));

/** A document that has not ended. */
export interface UnderWay {
  readonly documentId: DocumentId;
  readonly state: State;
  /** The mailbox that it goes or went out through; absent while it is not composed. */
  readonly mailboxId?: string;
}

/** Some documents of these senders that have not ended and that `concerns`; enough to say so. */
export const underWay = async (
  table: Table & SenderIndex,
  odsCodes: readonly string[],
  now: number,
  concerns: (document: UnderWay, odsCode: string) => boolean,
  limit = 3,
): Promise<readonly UnderWay[]> => {
  const found: UnderWay[] = [];
  for (const odsCode of odsCodes) {
    let after: SenderPosition | undefined;
    do {
      const wanted = { from: 0, to: now, limit: 500, ...(after === undefined ? {} : { after }) };
      const { rows, next } = await table.bySender(odsCode, wanted);
      for (const { key, state } of rows) {
        const { kind, rest } = splitKey(key);
        if (kind !== 'DOC' || state === undefined || !open.has(state)) continue;
        const record = await readDocument(table, rest as DocumentId);
        if (!record || meanings[stateOf(record)].ended) continue;
        const mailboxId = currentComposition(record).stored?.mailboxId;
        const document = {
          documentId: record.documentId,
          state: stateOf(record),
          ...(mailboxId === undefined ? {} : { mailboxId }),
        };
        if (concerns(document, odsCode)) found.push(document);
        if (found.length >= limit) return found;
      }
      after = next;
    } while (after !== undefined);
  }
  return found;
};
