import { z } from 'zod';
import type { Caller } from '../callers/authorise.ts';
import { documentKey, splitKey, submissionKey } from '../delivery/keys.ts';
import { type State, states } from '../delivery/states.ts';
import { isoTime } from '../platform/clock.ts';
import type { DocumentId, OdsCode } from '../platform/ids.ts';
import type { SenderIndex, SenderPosition, SenderRow, Table } from '../platform/table.ts';
import type { RequestIds } from '../submission/request-metadata.ts';
import { instantOf } from '../submission/times.ts';
import type { ApiContext } from './context.ts';
import { type ApiProblem, apiProblem, refusalIfAny } from './problems.ts';
import { recordView } from './record-view.ts';
import type { ApiRequest } from './request.ts';
import { type ApiResponse, answered } from './response.ts';
import { type listAnswer, listLimit } from './schemas.ts';
import { pendingSubmission, readStanding, summaryOf } from './standing.ts';
import { submissionLife } from './submission.ts';

export interface ListQuery {
  readonly from: number;
  readonly to: number;
  readonly state?: State;
  readonly after?: SenderPosition;
  readonly limit: number;
}

export const listParameters = ['state', 'from', 'to', 'cursor', 'limit'] as const;

/** `s`: it is a submission that has no record yet. */
const position = z.strictObject({ d: z.uuid(), u: z.int().nonnegative(), s: z.literal(1).optional() });

const submissionKind = splitKey(submissionKey('')).kind;

/** Opaque to callers. The organisation is not in it: a cursor that somebody made up moves within his own list only. */
export const cursorOf = ({ key, updatedAt }: SenderPosition): string => {
  const { kind, rest } = splitKey(key);
  const read: z.output<typeof position> = { d: rest, u: updatedAt, ...(kind === submissionKind ? { s: 1 } : {}) };
  return Buffer.from(JSON.stringify(read)).toString('base64url');
};

const readCursor = (text: string): SenderPosition | undefined => {
  try {
    const read = position.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data;
    return read && { key: (read.s ? submissionKey : documentKey)(read.d), updatedAt: read.u };
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

type Entry = z.output<typeof listAnswer>['documents'][number];

/**
 * A row of the index as it is shown: what it says is read from the items, since the index is a little behind and knows
 * neither holds nor refusals. Undefined where it is not to be shown: of a document that is on the list twice, by its
 * record and by a submission, only the one that counts is; and its state may no longer be the wanted one.
 */
const entryOf = async (
  table: Table,
  odsCode: OdsCode,
  { key, updatedAt }: SenderRow,
  wanted: ListQuery,
): Promise<Entry | undefined> => {
  const { kind, rest } = splitKey(key);
  const documentId = rest as DocumentId;
  const standing = await readStanding(table, documentId, odsCode);
  const pending = pendingSubmission(standing);
  const bySubmission = kind === submissionKind;
  const { submission } = standing;
  if (bySubmission && !pending && submission?.takenAt !== undefined) {
    // Registered by now, so it leaves the list; who changed it meanwhile has listed it anew.
    const expiresAt = submission.takenAt + submissionLife;
    await table.write(key, submission, submission.revision, { expiresAt });
  }
  const summary = summaryOf(standing);
  const shown = bySubmission === (pending !== undefined) && (wanted.state ?? summary?.state) === summary?.state;
  return summary && shown ? { documentId, ...summary, updatedAt: isoTime(updatedAt) } : undefined;
};

const reads = 5;
const perRead = 200;

/** Where few match, a page ends after some reads with what it has, and its cursor leads on. */
const collect = async (table: Table & SenderIndex, odsCode: OdsCode, wanted: ListQuery) => {
  const documents: Entry[] = [];
  let { after } = wanted;
  for (let read = 0; read < reads; read++) {
    const missing = wanted.limit - documents.length;
    const page = await table.bySender(odsCode, {
      ...wanted,
      ...(after === undefined ? {} : { after }),
      // Without a filter nearly every row looked at is one that is wanted.
      limit: wanted.state === undefined ? missing : perRead,
    });
    const taken = page.rows.slice(0, missing);
    const entries = await Promise.all(taken.map((row) => entryOf(table, odsCode, row, wanted)));
    documents.push(...entries.filter((entry) => entry !== undefined));
    const last = taken.at(-1);
    after = taken.length < page.rows.length && last ? last : page.next;
    if (after === undefined || documents.length >= wanted.limit) break;
  }
  return { documents, after };
};

/** The organisation's documents, the one changed last first, those among them that are taken and not registered yet. */
export const listDocuments = async (
  context: ApiContext,
  { query }: ApiRequest,
  caller: Caller,
  ids: RequestIds,
): Promise<ApiResponse> => {
  const { problems, wanted } = readListQuery(query);
  const refused = refusalIfAny(problems);
  if (refused) return refused;
  const { documents, after } = await collect(context.table, caller.odsCode as OdsCode, wanted);
  const documentIds = documents.map(({ documentId }) => documentId);
  const unrecorded = await recordView(context, caller, ids, { documentIds });
  if (unrecorded) return unrecorded;
  const answer: z.output<typeof listAnswer> = {
    documents,
    ...(after === undefined ? {} : { cursor: cursorOf(after) }),
  };
  context.measure.count('ListsShown');
  return answered(200, answer);
};
