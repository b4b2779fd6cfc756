import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RunFile } from '../../local/run-file.ts';

/** A system that calls the API over HTTP, as one of a caller's would. */

const outcome = z.strictObject({
  resourceType: z.literal('OperationOutcome'),
  issue: z
    .array(
      z.looseObject({
        severity: z.literal('error'),
        details: z.object({ coding: z.array(z.object({ system: z.string(), code: z.string() })), text: z.string() }),
        diagnostics: z.string().includes('Whose move: '),
        expression: z.array(z.string()).optional(),
      }),
    )
    .min(1),
});

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json(): Record<string, unknown>;
  /** Codes of the problems it tells, in their order. Throws where it is no OperationOutcome. */
  codes(): string[];
  /** Where each problem lies. */
  paths(): string[];
}

export interface Call {
  readonly method?: string;
  /** Sent as it is, where it is text; else as JSON. */
  readonly body?: unknown;
  /** In place of, or beside, what the caller sends by itself; `undefined` takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Caller {
  call(path: string, call?: Call): Promise<Reply>;
}

/** Calls with a token that stays the same; each call has an id of its own, and the function must mirror it. */
export const callerWith = ({ apiUrl }: Pick<RunFile, 'apiUrl'>, token: string | undefined): Caller => ({
  async call(path, { method = 'GET', body, headers = {} } = {}) {
    const requestId = randomUUID();
    const given: Record<string, string | undefined> = {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      'X-Request-ID': requestId,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    };
    const sent = Object.entries(given).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    );
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: sent,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const mirrored = response.headers.get('x-request-id');
    // What the gateway answers by itself names the request as the gateway does.
    const byGateway = response.headers.has('x-amzn-errortype');
    if (given['X-Request-ID'] === requestId && !byGateway && mirrored !== requestId) {
      throw new Error(`${method} ${path} mirrored ${mirrored} for ${requestId}`);
    }
    const issues = () => outcome.parse(JSON.parse(text)).issue;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => z.record(z.string(), z.unknown()).parse(JSON.parse(text)),
      codes: () => issues().map(({ details }) => details.coding[0]?.code ?? ''),
      paths: () => issues().flatMap(({ expression = [] }) => expression),
    };
  },
});

/** A token by the client credentials grant. */
export const tokenFor = async (
  { tokenUrl, clientId, clientSecret }: RunFile['issuer'],
  scope?: string,
): Promise<string> => {
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
  });
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
};
