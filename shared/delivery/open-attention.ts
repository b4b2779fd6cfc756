import { workShards } from '../platform/names.ts';
import { inParallel } from '../platform/parallel.ts';
import type { AttentionIndex, AttentionRow, Table } from '../platform/table.ts';
import { type Attention, attentionOf } from './attention.ts';
import type { StoredRecord } from './documents.ts';
import type { DocumentRecord } from './record.ts';

/** A document that needs a person, as it stands now. */
export interface OpenDocument<R extends DocumentRecord = StoredRecord> {
  readonly record: R;
  /** At least one, most pressing first. */
  readonly attention: readonly Attention[];
  /** Since when the oldest of it is so, epoch ms. */
  readonly since: number;
}

/** `undefined` where nobody need do anything about it. */
export const openOf = <R extends DocumentRecord>(record: R): OpenDocument<R> | undefined => {
  const attention = attentionOf(record);
  return attention.length === 0
    ? undefined
    : { record, attention, since: Math.min(...attention.map(({ since }) => since)) };
};

/** Longest first. */
export const longestFirst = (a: OpenDocument<DocumentRecord>, b: OpenDocument<DocumentRecord>): number =>
  a.since - b.since || (a.record.documentId < b.record.documentId ? -1 : 1);

const pageSize = 100;
const readsAtOnce = 10;

const keysOf = async (table: AttentionIndex, shard: string): Promise<readonly string[]> => {
  const keys: string[] = [];
  let after: AttentionRow | undefined;
  do {
    const page = await table.attention(shard, { limit: pageSize, ...(after === undefined ? {} : { after }) });
    keys.push(...page.rows.map(({ key }) => key));
    after = page.next;
  } while (after !== undefined);
  return keys;
};

/** Every document that needs a person, of all organisations or of one, longest first. The index finds, the record decides. */
export const openDocuments = async (
  table: Table & AttentionIndex,
  wanted: { readonly senderOds?: string } = {},
): Promise<readonly OpenDocument[]> => {
  const keys = (await Promise.all(workShards.map((shard) => keysOf(table, shard)))).flat();
  const open: OpenDocument[] = [];
  await inParallel(keys, readsAtOnce, async (key) => {
    const record = await table.read<StoredRecord>(key);
    if (!record || (wanted.senderOds !== undefined && record.senderOds !== wanted.senderOds)) return 'go on';
    const found = openOf(record);
    if (found) open.push(found);
    return 'go on';
  });
  return open.sort(longestFirst);
};
