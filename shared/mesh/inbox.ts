import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { discard, readJson } from './answers.ts';
import { callSafely, command, mailboxPath, operation } from './calls.ts';
import { maxParts } from './chunk-range.ts';
import { MeshHeaders } from './mesh-headers.ts';
import { MeshFault, type Outcome, ok, type Transient } from './outcomes.ts';
import type { Session } from './session.ts';
import type { Answer } from './transport.ts';

export interface InboxQuery {
  /** 10 to 5,000; MESH gives 500 unless told. */
  readonly maxResults?: number;
  /** `WORKFLOW`, `!WORKFLOW`, `WORK*`, `*_ACK*` and the like. */
  readonly workflowFilter?: string;
  /** `next` of the page before. */
  readonly link?: string;
}

export interface InboxPage {
  readonly messageIds: readonly string[];
  /** Where the next page is; absent on the last. A page may be empty and have a next one. */
  readonly next?: string;
  /** Lags behind, and knows nothing of a filter: for a metric only. */
  readonly approximateCount?: number;
}

export interface Download {
  readonly headers: MeshHeaders;
  /**
   * The content, all parts joined, gunzipped where a part is gzip. Fails with a `MeshFault` when a part cannot be
   * had. Destroy it if it is not read to its end.
   */
  readonly body: Readable;
}

const inboxAnswer = z.object({
  messages: z.array(z.unknown()),
  links: z.object({ next: z.string().nullish() }).nullish(),
  approx_inbox_count: z.number().nullish().catch(undefined),
});
const countAnswer = z.object({ count: z.int().nonnegative() });

/** What cannot be asked for is left out, so that it does not stand in the way of the others on its page. */
const isMessageId = (id: unknown): id is string =>
  typeof id === 'string' && /^[^\p{C}]{1,300}$/u.test(id) && !/^\.{1,2}$/.test(id);

/** Ten thousand pages of ten are more than any mailbox holds: past that the server is going round in circles. */
const maxPages = 10_000;

/** The path of a link: MESH gives it relative to its host, and no link may lead a token to another host. */
const linkPath = (session: Session, link: string): string | undefined => {
  const anyHost = 'https://mesh.invalid';
  if (!URL.canParse(link, anyHost)) return undefined;
  const { pathname, search } = new URL(link, anyHost);
  return pathname === mailboxPath(session, 'inbox') ? pathname + search : undefined;
};

export const listInbox = (session: Session, query: InboxQuery): Promise<Outcome<InboxPage>> => {
  const parameters = new URLSearchParams();
  if (query.maxResults !== undefined) parameters.set('max_results', String(query.maxResults));
  if (query.workflowFilter !== undefined) parameters.set('workflow_filter', query.workflowFilter);
  const first = [mailboxPath(session, 'inbox'), parameters.toString()].filter(Boolean).join('?');
  const path = query.link === undefined ? first : linkPath(session, query.link);
  if (path === undefined) {
    const outcome: Transient = { kind: 'transient', reason: 'The link to the next page does not lead to this inbox.' };
    return Promise.resolve(outcome);
  }
  return operation(session, { method: 'GET', path, headers: [] }, async ({ response }) => {
    const parsed = inboxAnswer.safeParse(await readJson(response));
    if (!parsed.success) return undefined;
    const { messages, links, approx_inbox_count: count } = parsed.data;
    return {
      value: {
        messageIds: messages.filter(isMessageId),
        ...(links?.next ? { next: links.next } : {}),
        ...(typeof count === 'number' ? { approximateCount: count } : {}),
      },
    };
  });
};

/** Page after page until there is no next one, or one that is not ok, which is the last. */
export async function* inboxPages(
  session: Session,
  query: InboxQuery,
): AsyncGenerator<Outcome<InboxPage>, void, undefined> {
  const seen = new Set<string>();
  let link = query.link;
  for (let page = 0; page < maxPages; page++) {
    const outcome = await listInbox(session, link === undefined ? query : { ...query, link });
    yield outcome;
    if (outcome.kind !== 'ok' || outcome.value.next === undefined) return;
    link = outcome.value.next;
    if (seen.has(link)) break;
    seen.add(link);
  }
  yield { kind: 'transient', reason: 'The list of the inbox does not end.' };
}

/** How many messages wait. MESH has deprecated it, and counts what is being collected. */
export const count = (session: Session): Promise<Outcome<number>> =>
  operation(session, { method: 'GET', path: mailboxPath(session, 'count'), headers: [] }, async ({ response }) => {
    const parsed = countAnswer.safeParse(await readJson(response));
    return parsed.success ? { value: parsed.data.count } : undefined;
  });

export const head = (session: Session, id: string): Promise<Outcome<MeshHeaders>> =>
  operation(session, { method: 'HEAD', path: mailboxPath(session, 'inbox', id), headers: [] }, async (answer) => {
    await discard(answer);
    return { value: MeshHeaders.fromHttp(answer.response.headers) };
  });

export const acknowledge = (session: Session, id: string): Promise<Outcome<undefined>> =>
  command(session, { method: 'PUT', path: mailboxPath(session, 'inbox', id, 'status', 'acknowledged'), headers: [] });

const isGzip = ({ response: { headers } }: Answer) =>
  /^\s*(x-)?gzip\s*$/i.test(headers['content-encoding'] ?? '') && headers['content-length'] !== '0';

/** The decoded bytes of one part. */
async function* decoded(answer: Answer): AsyncGenerator<Buffer> {
  try {
    if (!isGzip(answer)) {
      yield* answer.response as AsyncIterable<Buffer>;
      return;
    }
    const gunzip = createGunzip();
    const piped = pipeline(answer.response, gunzip);
    piped.catch(() => undefined); // The reader of gunzip hears of it.
    yield* gunzip as AsyncIterable<Buffer>;
    await piped;
  } catch {
    throw new MeshFault({ kind: 'transient', reason: 'A part of the message broke off or could not be decoded.' });
  } finally {
    answer.response.destroy();
  }
}

export const download = async (session: Session, id: string): Promise<Outcome<Download>> => {
  const get = (part: number) =>
    callSafely(session, {
      method: 'GET',
      path: part === 1 ? mailboxPath(session, 'inbox', id) : mailboxPath(session, 'inbox', id, String(part)),
      headers: ['Accept-Encoding', 'gzip'],
    });
  const called = await get(1);
  if (called.kind !== 'answered') return called;
  const first = called.answer;
  const headers = MeshHeaders.fromHttp(first.response.headers);
  const range = headers.chunkRange;
  const total = range?.total ?? Number(headers.get('mex-total-chunks') ?? 1);
  // 206 says that there is more: without a usable number, a part would silently be missing.
  if (
    !(Number.isInteger(total) && total <= maxParts) ||
    (first.status === 206 && total < 2) ||
    (range === undefined ? headers.get('mex-chunk-range') !== undefined : range.part !== 1)
  ) {
    first.response.destroy();
    return { kind: 'transient', status: first.status, reason: 'MESH does not say which part of how many it gave.' };
  }
  let current: Answer = first;
  async function* parts(): AsyncGenerator<Buffer> {
    yield* decoded(current);
    for (let part = 2; part <= total; part++) {
      const next = await get(part);
      if (next.kind !== 'answered') throw new MeshFault(next);
      current = next.answer;
      const given = MeshHeaders.fromHttp(current.response.headers).chunkRange;
      if (given && (given.part !== part || given.total !== total)) {
        current.response.destroy();
        throw new MeshFault({ kind: 'transient', reason: `MESH gave another part than part ${part} of ${total}.` });
      }
      yield* decoded(current);
    }
  }
  const body = Readable.from(parts(), { objectMode: false });
  // A body that nobody reads would hold its connection: the generator has not begun, so it cannot clean up.
  body.once('close', () => current.response.destroy());
  return ok({ headers, body });
};
