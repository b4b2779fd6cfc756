import type { Clock } from '../../shared/platform/clock.ts';
import { workShards } from '../../shared/platform/names.ts';
import type {
  AttentionIndex,
  Indexed,
  MailboxIndex,
  SenderIndex,
  Stored,
  Table,
  UnsentIndex,
  WriteOutcome,
} from '../../shared/platform/table.ts';
import { workShardOf } from '../../shared/platform/work-shard.ts';

/** The table port in memory, held to the same contract as DynamoDB's (test/contract/ports). */

interface Item {
  readonly key: string;
  /** As JSON: what is written is not what the writer goes on changing. */
  readonly data: string;
  readonly revision: number;
  readonly indexed: Indexed;
}

/** How far what an index shows of one item lags behind the table, in milliseconds of the clock. */
export type Lag = (key: string) => number;

export interface MemoryTable extends Table, SenderIndex, UnsentIndex, AttentionIndex, MailboxIndex {
  /** Everything there is, consistently. */
  items(): { key: string; data: Record<string, unknown>; revision: number; indexed: Indexed }[];
}

/** Where nothing lags no clock is needed. */
export const memoryTable = (clock: Pick<Clock, 'now'> = { now: () => 0 }, lag: Lag = () => 0): MemoryTable => {
  const items = new Map<string, Item>();
  /** What the indexes show, and what they will show when: as of the last look. */
  const shown = Object.fromEntries(workShards.map((shard) => [shard, new Map<string, Item>()]));
  let coming: { at: number; key: string; item: Item | undefined }[] = [];

  const showAt = (key: string, item: Item | undefined) => {
    coming.push({ at: clock.now() + lag(key), key, item });
  };
  const shard = (name: string): Item[] => {
    const now = clock.now();
    const due = coming.filter(({ at }) => at <= now);
    if (due.length > 0) {
      coming = coming.filter(({ at }) => at > now);
      for (const { key, item } of due) {
        const index = shown[workShardOf(key)];
        const older = index?.get(key);
        // An index may be late; it does not go back.
        if (item === undefined) index?.delete(key);
        else if (!older || older.revision < item.revision || item.revision === 1) index?.set(key, item);
      }
    }
    return [...(shown[name]?.values() ?? [])];
  };

  const store = (key: string, expected: number, item: Item | undefined): WriteOutcome => {
    if ((items.get(key)?.revision ?? 0) !== expected) return 'conflict';
    if (item) items.set(key, item);
    else items.delete(key);
    showAt(key, item);
    return 'written';
  };

  const attention = (name: string) =>
    shard(name)
      .flatMap(({ key, indexed: { attentionSince } }) =>
        attentionSince === undefined ? [] : [{ key, attentionSince }],
      )
      .sort((a, b) => a.attentionSince - b.attentionSince || (a.key < b.key ? -1 : 1));

  const table: MemoryTable = {
    async read<T>(key: string) {
      const item = items.get(key);
      return item && ({ ...(JSON.parse(item.data) as T), revision: item.revision } as T & Stored);
    },
    async write(key, item, expected, indexed = {}) {
      const { revision: _, ...data } = item as typeof item & Partial<Stored>;
      return store(key, expected, { key, data: JSON.stringify(data), revision: expected + 1, indexed });
    },
    remove: async (key, expected) => store(key, expected, undefined),
    async due(name, now, limit) {
      return shard(name)
        .flatMap(({ key, indexed: { nextCheckAt } }) =>
          nextCheckAt !== undefined && nextCheckAt <= now ? [{ key, nextCheckAt }] : [],
        )
        .sort((a, b) => a.nextCheckAt - b.nextCheckAt)
        .slice(0, limit);
    },
    async unsent(name, limit, after) {
      return shard(name)
        .flatMap(({ key, indexed: { unsentSince, nextCheckAt } }) =>
          unsentSince !== undefined && nextCheckAt !== undefined ? [{ key, unsentSince }] : [],
        )
        .sort((a, b) => a.unsentSince - b.unsentSince || (a.key < b.key ? -1 : 1))
        .filter(
          ({ key, unsentSince }) =>
            !after || unsentSince > after.unsentSince || (unsentSince === after.unsentSince && key > after.key),
        )
        .slice(0, limit);
    },
    async oldestUnsent(name) {
      return (await table.unsent(name, 1))[0]?.unsentSince;
    },
    async openAttention(name) {
      const open = attention(name);
      return open[0] === undefined ? { count: 0 } : { count: open.length, oldest: open[0].attentionSince };
    },
    async attention(name, { after, limit }) {
      const open = attention(name);
      const at = after ? open.findIndex(({ key }) => key === after.key) + 1 : 0;
      const rows = open.slice(at, at + limit);
      const last = rows.at(-1);
      return { rows, ...(last && at + limit < open.length ? { next: last } : {}) };
    },
    async listed(list, { to, after, limit }) {
      const found = [...items.values()]
        .flatMap(({ key, indexed: { mailboxList, listedAt = 0 } }) =>
          mailboxList === list && listedAt <= to ? [{ key, listedAt }] : [],
        )
        .sort((a, b) => a.listedAt - b.listedAt || (a.key < b.key ? -1 : 1));
      const at = after ? found.findIndex(({ key }) => key === after.key) + 1 : 0;
      const rows = found.slice(at, at + limit);
      const last = rows.at(-1);
      return { rows, ...(last && at + limit < found.length ? { next: last } : {}) };
    },
    async bySender(senderOds, { from, to, state, after, limit }) {
      const rows = [...items.values()]
        .flatMap(({ key, indexed }) =>
          indexed.senderOds === senderOds && indexed.updatedAt !== undefined
            ? [{ key, updatedAt: indexed.updatedAt, ...(indexed.state === undefined ? {} : { state: indexed.state }) }]
            : [],
        )
        .filter(({ updatedAt }) => updatedAt >= from && updatedAt <= to)
        .sort((a, b) => b.updatedAt - a.updatedAt || (a.key < b.key ? 1 : -1));
      const at = after ? rows.findIndex(({ key }) => key === after.key) + 1 : 0;
      const page = rows.slice(at, at + limit);
      const last = page.at(-1);
      return {
        rows: page.filter((row) => state === undefined || row.state === state),
        ...(last && at + limit < rows.length ? { next: { key: last.key, updatedAt: last.updatedAt } } : {}),
      };
    },
    items: () =>
      [...items.values()].map(({ key, data, revision, indexed }) => ({
        key,
        data: JSON.parse(data) as Record<string, unknown>,
        revision,
        indexed,
      })),
  };
  return table;
};
