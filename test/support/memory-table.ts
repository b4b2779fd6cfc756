import type { AttentionIndex, Indexed, MailboxIndex, SenderIndex, Stored, Table } from '../../shared/platform/table.ts';

/** The one table in memory, with revisions as the real one has them, for tests of what decides by single items. */
export interface MemoryTable extends Table, SenderIndex, AttentionIndex, MailboxIndex {
  readonly items: ReadonlyMap<string, object & Stored>;
}

const sinceOf = (indexes: ReadonlyMap<string, Indexed>) =>
  [...indexes]
    .flatMap(([key, { attentionSince }]) => (attentionSince === undefined ? [] : [{ key, attentionSince }]))
    .sort((a, b) => a.attentionSince - b.attentionSince);

export const memoryTable = (): MemoryTable => {
  const items = new Map<string, object & Stored>();
  const indexes = new Map<string, Indexed>();
  return {
    items,
    read: async <T>(key: string) => structuredClone(items.get(key)) as (T & Stored) | undefined,
    async write(key, item, expected, indexed = {}) {
      if ((items.get(key)?.revision ?? 0) !== expected) return 'conflict';
      // As marshalling does: what is undefined is not there.
      items.set(key, { ...(JSON.parse(JSON.stringify(item)) as object), revision: expected + 1 });
      indexes.set(key, indexed);
      return 'written';
    },
    async remove(key, expected) {
      if ((items.get(key)?.revision ?? 0) !== expected) return 'conflict';
      items.delete(key);
      indexes.delete(key);
      return 'written';
    },
    due: async (_, now, limit) =>
      [...indexes]
        .flatMap(([key, { nextCheckAt }]) =>
          nextCheckAt !== undefined && nextCheckAt <= now ? [{ key, nextCheckAt }] : [],
        )
        .sort((a, b) => a.nextCheckAt - b.nextCheckAt)
        .slice(0, limit),
    // One shard has them all: which shard an item lies in is the real table's business.
    openAttention: async (shard) => {
      const since = shard === '0' ? sinceOf(indexes).map(({ attentionSince }) => attentionSince) : [];
      return since.length === 0 ? { count: 0 } : { count: since.length, oldest: Math.min(...since) };
    },
    attention: async (shard) => ({ rows: shard === '0' ? sinceOf(indexes) : [] }),
    listed: async (list, { to, limit }) => ({
      rows: [...indexes]
        .flatMap(([key, { mailboxList, listedAt = 0 }]) =>
          mailboxList === list && listedAt <= to ? [{ key, listedAt }] : [],
        )
        .sort((a, b) => a.listedAt - b.listedAt)
        .slice(0, limit),
    }),
    bySender: async (senderOds, { from, to, state, limit }) => ({
      rows: [...indexes]
        .flatMap(([key, indexed]) => {
          const { updatedAt = 0 } = indexed;
          const fits = indexed.senderOds === senderOds && updatedAt >= from && updatedAt <= to;
          if (!fits || (state !== undefined && indexed.state !== state)) return [];
          return [{ key, updatedAt, ...(indexed.state === undefined ? {} : { state: indexed.state }) }];
        })
        .sort((a, b) => b.updatedAt - a.updatedAt)
        .slice(0, limit),
    }),
  };
};
