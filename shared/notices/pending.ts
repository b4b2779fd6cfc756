import { noticesKey } from '../delivery/keys.ts';
import type { NoticeWork } from '../delivery/work.ts';
import { minutes } from '../platform/clock.ts';
import { uuidV5 } from '../platform/ids.ts';
import { change, type Indexed, type Stored, type Table } from '../platform/table.ts';
import { isLooseCode } from './once.ts';

/** What operators are told: of nobody's documents. No ODS code is written so. */
export const operators = 'operators';

/** A notice that is to be given. `about` is a document's id, or of what is no document, what it is or the key of its receipt. */
export interface Notice {
  /** The same however often it is left or given. */
  readonly id: string;
  readonly kind: NoticeWork['kind'];
  readonly about: string;
  readonly code: string;
  readonly since: number;
  readonly at: number;
  /** It stands for so many more of its code, of which nothing is kept but that they were. */
  readonly count?: number;
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
export const noticeId = (about: string, { kind, code, since, at }: Omit<Notice, 'id' | 'about'>): string =>
  // What stands again as it stood before has the same age, and is told anew: when it was found tells the two apart.
  uuidV5(namespace, JSON.stringify([about, kind, code, since, at]));

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
/** So many of a code that are no documents' are kept, beside those of documents; more are counted. */
const looseLimit = 100;

/** When it goes out. */
export const indexedWaiting = ({ waiting }: Waiting, now: number): Indexed =>
  waiting.length === 0
    ? {}
    : { nextCheckAt: Math.min(now + quiet, Math.max(now, Math.min(...waiting.map(({ at }) => at)) + longest)) };

export const noneWaiting: Waiting = { waiting: [], given: [] };

export const isLoose = ({ code }: Pick<Notice, 'code'>): boolean => isLooseCode(code);

export const roomIn = ({ waiting }: Waiting): number =>
  Math.max(0, waitingLimit - waiting.filter((one) => !isLoose(one)).length);

/**
 * What is no document's keeps no document's notice away, however many there are: past a hundred they are counted. One that
 * a crash leaves again counts again.
 */
const withLoose = (waiting: readonly Notice[], notice: Notice): readonly Notice[] => {
  const own = waiting.filter(({ code }) => code === notice.code);
  if (own.filter(({ count }) => count === undefined).length < looseLimit) return [...waiting, notice];
  const counted = own.find(({ count }) => count !== undefined);
  if (!counted) return [...waiting, { ...notice, about: '', count: 1 }];
  return waiting.map((one) => (one === counted ? { ...one, count: (one.count ?? 0) + 1 } : one));
};

/** What is left to be told, with what comes to it. `full`: it must wait where it stands. */
export const withNotices = (stored: Waiting, added: readonly Notice[]): Waiting | 'same' | 'full' => {
  const known = new Set([...stored.given, ...stored.waiting.map(({ id }) => id)]);
  const fresh = added.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return 'same';
  const ofDocuments = fresh.filter((one) => !isLoose(one));
  if (ofDocuments.length > roomIn(stored)) return 'full';
  return { ...stored, waiting: fresh.filter(isLoose).reduce(withLoose, [...stored.waiting, ...ofDocuments]) };
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

/** What is left of one that was given: what was counted meanwhile, as another. */
const restOf = (notice: Notice, given: Notice, now: number): readonly Notice[] => {
  const rest = (notice.count ?? 0) - (given.count ?? 0);
  return rest <= 0
    ? []
    : [
        {
          ...notice,
          id: uuidV5(namespace, JSON.stringify([notice.id, given.count])),
          count: rest,
          since: now,
          at: now,
        },
      ];
};

/** Takes off what was given; what came meanwhile stays. */
export const takeGiven = (
  table: Table,
  audience: string,
  notices: readonly Notice[],
  now: number,
): Promise<undefined> =>
  change<Waiting, undefined>(table, noticesKey(audience), (stored = { ...noneWaiting, revision: 0 }) => {
    const took = new Map(notices.map((one) => [one.id, one]));
    const ids = [...took.keys()];
    const next: Waiting = {
      ...stored,
      waiting: stored.waiting.flatMap((one) => {
        const given = took.get(one.id);
        return given ? restOf(one, given, now) : [one];
      }),
      given: [...stored.given, ...ids.filter((id) => !stored.given.includes(id))].slice(-givenLimit),
    };
    return { kind: 'put', item: next, indexed: indexedWaiting(next, now), result: undefined };
  });
