import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request as the gateway sees it, before anybody is asked about it. */
export interface GatewayRequest {
  readonly requestId: string;
  readonly extendedRequestId: string;
  /** Epoch ms. */
  readonly at: number;
  readonly method: string;
  /** As sent, with the stage's name in front. */
  readonly path: string;
  /** Without the stage's name; begins with a slash. */
  readonly pathInStage: string;
  /** In the caller's own spelling and order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly sourceIp: string;
  readonly protocol: string;
  readonly host: string;
  /** Absent where there is none. */
  readonly body?: string;
}

type Pairs = readonly (readonly [string, string])[];

/** Values in their order; names of headers have no case. */
export const headerValues = (headers: Pairs, name: string): string[] =>
  headers.flatMap(([each, value]) => (each.toLowerCase() === name.toLowerCase() ? [value] : []));

export const headerValue = (headers: Pairs, name: string): string | undefined => headerValues(headers, name).at(-1);

/** The last value of each name, as API Gateway hands over what was sent more than once; null where there is none. */
export const lastValues = (pairs: Pairs): Readonly<Record<string, string>> | null =>
  pairs.length === 0 ? null : Object.fromEntries(pairs);

export const allValues = (pairs: Pairs): Readonly<Record<string, readonly string[]>> | null => {
  if (pairs.length === 0) return null;
  const all = new Map<string, string[]>();
  for (const [name, value] of pairs) all.set(name, [...(all.get(name) ?? []), value]);
  return Object.fromEntries(all);
};

const headersOf = ({ rawHeaders }: IncomingMessage): [string, string][] => {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return pairs;
};

/** Undefined where its address is none of this stage's. */
export const requestOf = (
  incoming: IncomingMessage,
  stage: string,
  at: number,
  body: Buffer,
): GatewayRequest | undefined => {
  const [path = '/', ...rest] = (incoming.url ?? '/').split('?');
  const prefix = `/${stage}`;
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
  const host = incoming.headers.host ?? '127.0.0.1';
  const sourceIp = incoming.socket.remoteAddress ?? '127.0.0.1';
  const added: [string, string][] = [
    ['X-Forwarded-For', sourceIp],
    ['X-Forwarded-Port', host.split(':')[1] ?? '80'],
    ['X-Forwarded-Proto', 'http'],
  ];
  return {
    requestId: randomUUID(),
    extendedRequestId: randomUUID().replaceAll('-', '').slice(0, 15),
    at,
    method: incoming.method ?? 'GET',
    path,
    pathInStage: path.slice(prefix.length) || '/',
    headers: [...headersOf(incoming), ...added],
    query: [...new URLSearchParams(rest.join('?'))],
    sourceIp,
    protocol: `HTTP/${incoming.httpVersion}`,
    host,
    ...(body.length === 0 ? {} : { body: body.toString('utf8') }),
  };
};
