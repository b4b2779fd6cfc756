import { noticesKey } from '../delivery/keys.ts';
import type { NoticeWork } from '../delivery/work.ts';
import { minutes } from '../platform/clock.ts';
import { uuidV5 } from '../platform/ids.ts';
import { change, type Indexed, type Stored, type Table } from '../platform/table.ts';

/** What operators are told: of nobody's documents. No ODS code is written so. */
export const operators = 'operators';

/** A notice that is to be given. `about` is a document's id, or of what is no document, what it is. */
export interface Notice {
  /** The same however often it is left or given. */
  readonly id: string;
  readonly kind: NoticeWork['kind'];
  readonly about: string;
  readonly code: string;
  readonly since: number;
  readonly at: number;
}

/**
 * `NOTICES#{ods}` or `NOTICES#operators`: what waits to be told there. Whatever is left here goes out as one message.
 */
export interface Waiting {
  readonly waiting: readonly Notice[];
  /** Ids that were given lately: one that is left again by a repeated write is not given again. */
  readonly given: readonly string[];
}

/** Notices are named in a namespace of their own. Never changes. */
const namespace = '0b7f0a52-6f7f-5d0e-8f0c-7c5b3f1f3a90';
export const noticeId = (about: string, { kind, code, since }: Pick<Notice, 'kind' | 'code' | 'since'>): string =>
  uuidV5(namespace, JSON.stringify([about, kind, code, since]));

export const noticeOf = (about: string, work: NoticeWork): Notice => ({
  id: noticeId(about, work),
  ...work,
  about,
});

/** Nothing more came for so long: then what there is goes out together. */
const quiet = minutes(1);
/** Nobody waits longer than this for others to be told with. */
const longest = minutes(10);
/** Far below the size of an item; what is over waits in its record. */
const waitingLimit = 1000;
const givenLimit = 1000;

/** When it goes out. */
export const indexedWaiting = ({ waiting }: Waiting, now: number): Indexed =>
  waiting.length === 0
    ? {}
    : { nextCheckAt: Math.min(now + quiet, Math.max(now, Math.min(...waiting.map(({ at }) => at)) + longest)) };

export const noneWaiting: Waiting = { waiting: [], given: [] };

export const roomIn = ({ waiting }: Waiting): number => Math.max(0, waitingLimit - waiting.length);

/** What is left to be told, with what comes to it. `full`: it must wait where it stands. */
export const withNotices = (stored: Waiting, added: readonly Notice[]): Waiting | 'same' | 'full' => {
  const known = new Set([...stored.given, ...stored.waiting.map(({ id }) => id)]);
  const fresh = added.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return 'same';
  if (fresh.length > roomIn(stored)) return 'full';
  return { ...stored, waiting: [...stored.waiting, ...fresh] };
};

/** Leaves notices to be told. Twice is once. Throws where too many wait there: whoever asks keeps them. */
export const leaveNotices = async (
  table: Table,
  audience: string,
  notices: readonly Notice[],
  now: number,
): Promise<void> => {
  const outcome = await change<Waiting, 'same' | 'full' | 'left'>(table, noticesKey(audience), (stored) => {
    const next = withNotices(stored ?? noneWaiting, notices);
    if (typeof next === 'string') return { kind: 'keep', result: next };
    return { kind: 'put', item: next, indexed: indexedWaiting(next, now), result: 'left' };
  });
  if (outcome === 'full') throw new Error(`${waitingLimit} notices wait to be told to ${audience}.`);
};

export const readWaiting = (table: Table, audience: string): Promise<(Waiting & Stored) | undefined> =>
  table.read<Waiting>(noticesKey(audience));

/** Takes off what was given; what came meanwhile stays. */
export const takeGiven = (table: Table, audience: string, ids: readonly string[], now: number): Promise<undefined> =>
  change<Waiting, undefined>(table, noticesKey(audience), (stored = { ...noneWaiting, revision: 0 }) => {
    const next: Waiting = {
      ...stored,
      waiting: stored.waiting.filter(({ id }) => !ids.includes(id)),
      given: [...stored.given, ...ids.filter((id) => !stored.given.includes(id))].slice(-givenLimit),
    };
    return { kind: 'put', item: next, indexed: indexedWaiting(next, now), result: undefined };
  });
