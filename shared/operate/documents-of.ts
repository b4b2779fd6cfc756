import { readDocument, type StoredRecord } from '../delivery/documents.ts';
import { splitKey } from '../delivery/keys.ts';
import { stateOf } from '../delivery/state-of.ts';
import type { State } from '../delivery/states.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { SenderPosition } from '../platform/table.ts';
import { listSenders } from '../senders/registry.ts';
import type { CommandContext } from './command.ts';

const pageSize = 500;
const readsAtOnce = 50;

/** One organisation, or every one that is registered. */
export const sendersMeant = async ({ table }: CommandContext, odsCode?: string): Promise<readonly string[]> =>
  odsCode === undefined ? (await listSenders(table)).map(({ setting }) => setting.odsCode) : [odsCode];

/** Where a document stands in its organisation's list, and when that was written, epoch ms. */
export interface DocumentRow {
  readonly documentId: DocumentId;
  readonly changedAt: number;
}

/** An organisation's documents as the index has them, a moment behind: what changed last first, page by page. */
export async function* rowsOf(
  { table, clock }: CommandContext,
  senderOds: string,
  state?: State,
): AsyncGenerator<readonly DocumentRow[]> {
  let after: SenderPosition | undefined;
  do {
    const page = await table.bySender(senderOds, {
      from: 0,
      to: clock.now(),
      limit: pageSize,
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { after }),
    });
    yield page.rows.flatMap(({ key, updatedAt }) => {
      const { kind, rest } = splitKey(key);
      return kind === 'DOC' ? [{ documentId: rest as DocumentId, changedAt: updatedAt }] : [];
    });
    after = page.next;
  } while (after !== undefined);
}

/** Reads them, many at a time: what the index found counts as it stands now. */
export const readRows = async (
  { table }: CommandContext,
  rows: readonly DocumentRow[],
  state?: State,
): Promise<readonly { readonly record: StoredRecord; readonly changedAt: number }[]> => {
  const found: { record: StoredRecord; changedAt: number }[] = [];
  for (let at = 0; at < rows.length; at += readsAtOnce) {
    const some = rows.slice(at, at + readsAtOnce);
    const records = await Promise.all(some.map(({ documentId }) => readDocument(table, documentId)));
    for (const [n, record] of records.entries()) {
      if (!record || (state !== undefined && stateOf(record) !== state)) continue;
      found.push({ record, changedAt: some[n]?.changedAt ?? 0 });
    }
  }
  return found;
};
