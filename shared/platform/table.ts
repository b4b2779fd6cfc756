/** The port to the one table. Every item has a revision; a write names the revision that it read. */

export interface Stored {
  /** 1 when first written, then one more with each write. */
  readonly revision: number;
}

/** What is indexed beside the item's own data: keys and state only. */
export interface Indexed {
  /** Puts the item on the `work` index: when something must look at it again, epoch ms. */
  readonly nextCheckAt?: number;
  /** Puts the item on the `bySender` index. */
  readonly senderOds?: string;
  readonly updatedAt?: number;
  readonly state?: string;
  /** Time to live, epoch ms. */
  readonly expiresAt?: number;
  /** Puts the item on the `unsent` index too: since when it waits to be sent, epoch ms. Only with `nextCheckAt`. */
  readonly unsentSince?: number;
  /** Puts the item on the `attention` index: since when it needs a person, epoch ms. */
  readonly attentionSince?: number;
  /** Puts the item on the `byMailbox` index: on which list, and its place there, epoch ms. Both or neither. */
  readonly mailboxList?: string;
  readonly listedAt?: number;
}

export type WriteOutcome = 'written' | 'conflict';

export interface Table {
  /** Consistent read. */
  read<T>(key: string): Promise<(T & Stored) | undefined>;
  /** Writes if the stored revision still is `expected` (0: if there is no item). The new revision is `expected + 1`. */
  write<T extends object>(key: string, item: T, expected: number, indexed?: Indexed): Promise<WriteOutcome>;
  remove(key: string, expected: number): Promise<WriteOutcome>;
  /** Keys of one work shard that are due, earliest first. Only finds candidates: decide on what `read` gives. */
  due(shard: string, now: number, limit: number): Promise<{ key: string; nextCheckAt: number }[]>;
}

/** A place in a sender's list: what `after` and `next` of a page name. */
export interface SenderPosition {
  readonly key: string;
  readonly updatedAt: number;
}

export interface SenderRow extends SenderPosition {
  readonly state?: string;
}

/** What a sender has on the `bySender` index. A little behind the items: to show, not to decide. */
export interface SenderIndex {
  /**
   * The sender's items that were changed from `from` up to and with `to`, newest first. `limit` bounds what is looked
   * at, so a page may hold less, even nothing: there is more as long as there is a `next`.
   */
  bySender(
    senderOds: string,
    wanted: {
      readonly from: number;
      readonly to: number;
      readonly state?: string;
      readonly after?: SenderPosition;
      readonly limit: number;
    },
  ): Promise<{ readonly rows: readonly SenderRow[]; readonly next?: SenderPosition }>;
}

/** A place on the list of what waits to be sent. */
export interface UnsentRow {
  readonly key: string;
  readonly unsentSince: number;
}

/** The documents that are ours to send and have not gone, by since when. */
export interface UnsentIndex {
  /** Keys of one work shard that wait to be sent, oldest first, behind `after`. Only finds candidates, as `due` does. */
  unsent(shard: string, limit: number, after?: UnsentRow): Promise<UnsentRow[]>;
  /** The earliest `unsentSince` of one work shard; `undefined` where nothing waits. A moment behind the table. */
  oldestUnsent(shard: string): Promise<number | undefined>;
}

export interface AttentionRow {
  readonly key: string;
  readonly attentionSince: number;
}

/** The documents that need a person, by since when. A moment behind the table: to count and to find, not to decide. */
export interface AttentionIndex {
  /** How many of one work shard there are, and since when the oldest does. */
  openAttention(shard: string): Promise<{ readonly count: number; readonly oldest?: number }>;
  /** A page of one work shard, longest first; there is more as long as there is a `next`. */
  attention(
    shard: string,
    wanted: { readonly after?: AttentionRow; readonly limit: number },
  ): Promise<{ readonly rows: readonly AttentionRow[]; readonly next?: AttentionRow }>;
}

/** A place on a mailbox's list: what `after` and `next` of a page name. */
export interface ListPosition {
  readonly key: string;
  readonly listedAt: number;
}

/** What is on the lists of a mailbox. A little behind the items: finds candidates, does not decide. */
export interface MailboxIndex {
  /** A page of one list up to and with `to`, earliest first; there is more as long as there is a `next`. */
  listed(
    list: string,
    wanted: { readonly to: number; readonly after?: ListPosition; readonly limit: number },
  ): Promise<{ readonly rows: readonly ListPosition[]; readonly next?: ListPosition }>;
}

/** What a change wants: a new item, no item, or nothing. `result` goes back to the caller. */
export type Change<T, R> =
  | { readonly kind: 'put'; readonly item: T; readonly indexed?: Indexed; readonly result: R }
  | { readonly kind: 'remove'; readonly result: R }
  | { readonly kind: 'keep'; readonly result: R };

const patience = 50;

/**
 * Reads, decides, writes; on conflict reads and decides again. The decision is a pure function of what is stored,
 * so doing it again is harmless. Throws only if fifty writers in a row were faster.
 */
export const change = async <T extends object, R>(
  table: Table,
  key: string,
  decide: (stored: (T & Stored) | undefined) => Change<T, R>,
): Promise<R> => {
  for (let attempt = 0; attempt < patience; attempt++) {
    const stored = await table.read<T>(key);
    const decided = decide(stored);
    const expected = stored?.revision ?? 0;
    switch (decided.kind) {
      case 'keep':
        return decided.result;
      case 'put':
        if ((await table.write(key, decided.item, expected, decided.indexed)) === 'written') return decided.result;
        break;
      case 'remove':
        if (expected === 0 || (await table.remove(key, expected)) === 'written') return decided.result;
        break;
    }
  }
  throw new Error(`An item was changed by others ${patience} times in a row; giving the message back.`);
};
