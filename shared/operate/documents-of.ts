import { readDocument, type StoredRecord } from '../delivery/documents.ts';
import { splitKey } from '../delivery/keys.ts';
import { stateOf } from '../delivery/state-of.ts';
import type { State } from '../delivery/states.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { SenderPosition } from '../platform/table.ts';
import { listSenders } from '../senders/registry.ts';
import type { CommandContext } from './command.ts';

const pageSize = 100;

/** One organisation, or every one that is registered. */
export const sendersMeant = async ({ table }: CommandContext, odsCode?: string): Promise<readonly string[]> =>
  odsCode === undefined ? (await listSenders(table)).map(({ setting }) => setting.odsCode) : [odsCode];

/**
 * An organisation's documents, what changed last first, also what needs no person. The index finds them, a moment behind;
 * each is read before it counts. `changedAt` in epoch ms.
 */
export async function* documentsOf(
  { table, clock }: CommandContext,
  senderOds: string,
  state?: State,
): AsyncGenerator<{ readonly record: StoredRecord; readonly changedAt: number }> {
  let after: SenderPosition | undefined;
  do {
    const page = await table.bySender(senderOds, {
      from: 0,
      to: clock.now(),
      limit: pageSize,
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { after }),
    });
    const documents = page.rows.filter(({ key }) => splitKey(key).kind === 'DOC');
    const records = await Promise.all(
      documents.map(({ key }) => readDocument(table, splitKey(key).rest as DocumentId)),
    );
    for (const [n, record] of records.entries()) {
      const changedAt = documents[n]?.updatedAt ?? 0;
      if (record && (state === undefined || stateOf(record) === state)) yield { record, changedAt };
    }
    after = page.next;
  } while (after !== undefined);
}
