import { z } from 'zod';
import type { Caller } from '../callers/authorise.ts';
import { documentKey, splitKey } from '../delivery/keys.ts';
import { meanings, type State, states } from '../delivery/states.ts';
import { isoTime } from '../platform/clock.ts';
import type { SenderIndex, SenderPosition, SenderRow } from '../platform/table.ts';
import { instantOf } from '../submission/times.ts';
import type { ApiContext } from './context.ts';
import { type ApiProblem, apiProblem, refusalIfAny } from './problems.ts';
import type { ApiRequest } from './request.ts';
import { type ApiResponse, answered } from './response.ts';
import { type listAnswer, listLimit } from './schemas.ts';

export interface ListQuery {
  readonly from: number;
  readonly to: number;
  readonly state?: State;
  readonly after?: SenderPosition;
  readonly limit: number;
}

export const listParameters = ['state', 'from', 'to', 'cursor', 'limit'] as const;

const position = z.strictObject({ d: z.uuid(), u: z.int().nonnegative() });

/** Opaque to callers. The organisation is not in it: a cursor that somebody made up moves within his own list only. */
export const cursorOf = ({ key, updatedAt }: SenderPosition): string =>
  Buffer.from(JSON.stringify({ d: splitKey(key).rest, u: updatedAt })).toString('base64url');

const readCursor = (text: string): SenderPosition | undefined => {
  try {
    const read = position.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data;
    return read && { key: documentKey(read.d), updatedAt: read.u };
  } catch {
    return undefined;
  }
};

const readLimit = (text: string): number | undefined => {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= listLimit.most ? limit : undefined;
};

const isState = (text: string): text is State => states.some((state) => state === text);

/** Reads the query; every parameter that is wrong is told, and none is quoted. */
export const readListQuery = (
  query: ApiRequest['query'],
): { readonly problems: readonly ApiProblem[]; readonly wanted: ListQuery } => {
  const problems: ApiProblem[] = [];
  const read = <T>(name: (typeof listParameters)[number], reader: (text: string) => T | undefined): T | undefined => {
    const text = query.get(name)?.[0];
    if (text === undefined) return undefined;
    const value = reader(text);
    if (value === undefined) problems.push(apiProblem('QUERY_NOT_ALLOWED', `query.${name}`));
    return value;
  };
  const state = read('state', (text) => (isState(text) ? text : undefined));
  const after = read('cursor', readCursor);
  const wanted: ListQuery = {
    from: read('from', instantOf) ?? 0,
    to: read('to', instantOf) ?? Number.MAX_SAFE_INTEGER,
    limit: read('limit', readLimit) ?? listLimit.usual,
    ...(state === undefined ? {} : { state }),
    ...(after === undefined ? {} : { after }),
  };
  // The index refuses a range that ends before it begins.
  if (wanted.from > wanted.to) problems.push(apiProblem('QUERY_NOT_ALLOWED', 'query.from', 'from is later than to.'));
  // Nor does it begin outside it: a cursor belongs to the query that it came from.
  if (after && (after.updatedAt < wanted.from || after.updatedAt > wanted.to)) {
    problems.push(apiProblem('QUERY_NOT_ALLOWED', 'query.cursor', 'The cursor lies outside from and to.'));
  }
  return { problems, wanted };
};

const reads = 5;
const perRead = 200;

/** Where few match, a page ends after some reads with what it has, and its cursor leads on. */
const collect = async (index: SenderIndex, odsCode: string, wanted: ListQuery) => {
  const rows: SenderRow[] = [];
  let { after } = wanted;
  for (let read = 0; read < reads; read++) {
    const missing = wanted.limit - rows.length;
    const page = await index.bySender(odsCode, {
      ...wanted,
      ...(after === undefined ? {} : { after }),
      // Without a filter every row looked at is one that is wanted.
      limit: wanted.state === undefined ? missing : perRead,
    });
    const taken = page.rows.slice(0, missing);
    rows.push(...taken);
    const last = taken.at(-1);
    after = taken.length < page.rows.length && last ? last : page.next;
    if (after === undefined || rows.length >= wanted.limit) break;
  }
  return { rows, after };
};

/** The organisation's documents, the one changed last first. */
export const listDocuments = async (
  { table }: ApiContext,
  { query }: ApiRequest,
  { odsCode }: Caller,
): Promise<ApiResponse> => {
  const { problems, wanted } = readListQuery(query);
  const refused = refusalIfAny(problems);
  if (refused) return refused;
  const { rows, after } = await collect(table, odsCode, wanted);
  const answer: z.output<typeof listAnswer> = {
    documents: rows.flatMap(({ key, updatedAt, state = '' }) =>
      isState(state)
        ? [
            {
              documentId: splitKey(key).rest,
              state,
              whoseMove: meanings[state].whoseMove,
              updatedAt: isoTime(updatedAt),
            },
          ]
        : [],
    ),
    ...(after === undefined ? {} : { cursor: cursorOf(after) }),
  };
  return answered(200, answer);
};
