import { createHmac, randomUUID } from 'node:crypto';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { TestContext } from 'vitest';
import { z } from 'zod';
import type { Endpoint, MailboxAccess } from './endpoint.ts';

// Nothing here is shared with the client or the simulator: what both got wrong would pass unseen otherwise.

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The sender where absent. */
  readonly as?: MailboxAccess;
  /** 2 where absent. */
  readonly version?: 1 | 2;
  /** Instead of a good token. */
  readonly authorization?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decoded. */
  readonly body: Buffer;
  /** Undefined where the body is none. */
  readonly json: unknown;
}

export interface Mesh extends Endpoint {
  /** `path` is what follows `/messageexchange`. */
  ask(path: string, asked?: Asked): Promise<Answer>;
  token(
    of: MailboxAccess,
    at?: { readonly minutesOff?: number; readonly nonce?: string; readonly count?: number },
  ): string;
  send(headers?: Readonly<Record<string, string>>, body?: string | Buffer, rest?: Asked): Promise<Answer>;
  /** Sends and returns the id; an error where it is not accepted. */
  sent(headers?: Readonly<Record<string, string>>, body?: string | Buffer): Promise<string>;
  part(
    messageId: string,
    part: number,
    range: string,
    body: string | Buffer,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  fetch(messageId: string, part?: number): Promise<Answer>;
  acknowledge(messageId: string, as?: MailboxAccess): Promise<Answer>;
  /** Every id in an inbox, by following the pages. */
  waiting(as: MailboxAccess, query?: string): Promise<{ readonly ids: readonly string[]; readonly pages: number }>;
  /** Whether there are our simulator's admin routes, or only the sandbox's. */
  readonly admin: 'simulator' | 'sandbox' | 'none';
  change(path: string, body?: unknown, method?: string): Promise<Answer>;
  /** This server does not offer it: skipped, or failed where it must. */
  lacks(context: TestContext, reason: string): never;
  /** Acknowledges what a step left behind. */
  tidy(): Promise<void>;
  shut(): Promise<void>;
}

const accepted = z.union([
  z.object({ message_id: z.string() }).transform((answer) => answer.message_id),
  z.object({ messageID: z.string() }).transform((answer) => answer.messageID),
]);

const page = z.object({
  messages: z.array(z.string()),
  links: z.object({ self: z.string(), next: z.string().nullish() }),
});

const parsed = (body: Buffer): unknown => {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};

const decoded = (bytes: Buffer, { 'content-encoding': encoding }: IncomingHttpHeaders): Buffer =>
  encoding === 'gzip' && bytes.length > 0 ? gunzipSync(bytes) : bytes;

/** `yyyyMMddHHmm` in UTC. */
const minuteOf = (epochMs: number): string => new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(0, 12);

export const connect = async (endpoint: Endpoint): Promise<Mesh> => {
  const { baseUrl, sharedKey, sender, recipient, ca, cert, key } = endpoint;
  const secure = baseUrl.startsWith('https:');
  const credentials = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  const pool = { keepAlive: true, maxSockets: 16 };
  const agent = secure ? new Agent({ ...pool, ...credentials, minVersion: 'TLSv1.2' }) : new PlainAgent(pool);
  const mine = new Set<string>();
  let offMs = 0;

  const token: Mesh['token'] = (of, { minutesOff = 0, nonce = randomUUID(), count = 0 } = {}) => {
    const at = minuteOf(Date.now() + offMs + minutesOff * 60_000);
    const text = [of.mailboxId, nonce, count, of.password, at].join(':');
    const hash = createHmac('sha256', sharedKey).update(text).digest('hex');
    return `NHSMESH ${of.mailboxId}:${nonce}:${count}:${at}:${hash}`;
  };

  const ask: Mesh['ask'] = async (
    path,
    { method = 'GET', headers, body, as = sender, version = 2, authorization } = {},
  ) => {
    const url = new URL(`${baseUrl}${path.startsWith('/messageexchange') ? path : `/messageexchange${path}`}`);
    const options = {
      agent,
      method,
      headers: {
        Authorization: authorization ?? token(as),
        Accept: `application/vnd.mesh.v${version}+json`,
        'Accept-Encoding': 'gzip',
        ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        ...headers,
      },
    };
    const sending = secure ? tlsRequest(url, options) : plainRequest(url, options);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sending.on('response', resolve).on('error', reject).end(body);
    });
    const bytes = decoded(await buffer(response), response.headers);
    const date = Date.parse(response.headers.date ?? '');
    if (Number.isFinite(date)) offMs = date - Date.now();
    return { status: response.statusCode ?? 0, headers: response.headers, body: bytes, json: parsed(bytes) };
  };

  const send: Mesh['send'] = async (headers = {}, body = 'a message of the contract suite', rest = {}) => {
    const answer = await ask(`/${(rest.as ?? sender).mailboxId}/outbox`, {
      method: 'POST',
      ...rest,
      headers: { 'Mex-To': recipient.mailboxId, 'Mex-WorkflowID': endpoint.workflowId, ...headers },
      body,
    });
    const id = accepted.safeParse(answer.json);
    if (answer.status === 202 && id.success) mine.add(id.data);
    return answer;
  };

  const waiting: Mesh['waiting'] = async (as, query = '') => {
    const ids: string[] = [];
    let pages = 0;
    let next: string | null | undefined = `/${as.mailboxId}/inbox${query}`;
    while (next) {
      const answer: Answer = await ask(next, { as });
      if (answer.status !== 200) throw new Error(`The inbox was answered with ${answer.status}.`);
      const { messages, links } = page.parse(answer.json);
      ids.push(...messages);
      pages++;
      next = links.next;
    }
    return { ids, pages };
  };

  const change: Mesh['change'] = (path, body, method = 'POST') =>
    ask(`/admin/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });

  const adminOf = async (): Promise<Mesh['admin']> => {
    const settings = await ask('/admin/settings');
    if (settings.status === 200) return 'simulator';
    const details = await ask(`/admin/mailbox/${sender.mailboxId}`);
    return details.status === 200 ? 'sandbox' : 'none';
  };

  // Learns the server's time before the first token.
  await ask('/_ping');
  const admin = await adminOf();

  return {
    ...endpoint,
    ask,
    token,
    send,
    async sent(headers, body) {
      const answer = await send(headers, body);
      if (answer.status !== 202) throw new Error(`Sending was answered with ${answer.status}.`);
      return accepted.parse(answer.json);
    },
    part: (messageId, part, range, body, headers = {}) =>
      ask(`/${sender.mailboxId}/outbox/${messageId}/${part}`, {
        method: 'POST',
        headers: { ...(range === '' ? {} : { 'Mex-Chunk-Range': range }), ...headers },
        body,
      }),
    fetch: (messageId, part) =>
      ask(`/${recipient.mailboxId}/inbox/${messageId}${part === undefined ? '' : `/${part}`}`, { as: recipient }),
    async acknowledge(messageId, as = recipient) {
      mine.delete(messageId);
      return ask(`/${as.mailboxId}/inbox/${messageId}/status/acknowledged`, { method: 'PUT', as });
    },
    waiting,
    admin,
    change,
    lacks(context, reason) {
      if (endpoint.complete) throw new Error(`Our own simulator must offer this: ${reason}`);
      context.skip(reason);
      throw new Error('skipped');
    },
    async tidy() {
      const left = [...mine];
      mine.clear();
      await Promise.all(
        left.map((id) =>
          ask(`/${recipient.mailboxId}/inbox/${id}/status/acknowledged`, { method: 'PUT', as: recipient }),
        ),
      );
    },
    async shut() {
      agent.destroy();
      await endpoint.close();
    },
  };
};
