import { randomBytes } from 'node:crypto';
import type { StoredBody } from './bodies.ts';

/** What the server answers with, before it is written. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Instead of `body`: from disk, encoded or decoded on its way where it says so. */
  readonly stored?: StoredBody;
  readonly transform?: 'gzip' | 'gunzip';
}

export type Version = 1 | 2;

export interface MeshErrorDetail {
  readonly event?: string;
  readonly code?: string;
  readonly msg: string;
}

export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
});

export const empty = (status: number): Reply => ({ status });

/** A refusal in the shape of the version asked for. */
export const refusal = (version: Version, status: number, detail: MeshErrorDetail, messageId?: string): Reply => {
  const { event = '', code = '', msg } = detail;
  if (version === 1) {
    return json(status, { messageID: messageId ?? '', errorEvent: event, errorCode: code, errorDescription: msg });
  }
  return json(status, {
    ...(messageId === undefined ? {} : { message_id: messageId }),
    internal_id: randomBytes(8).toString('hex'),
    detail: [{ event, code, msg }],
  });
};

/** What the framework in front of the API says of a parameter, whatever the version. */
export const invalid = (
  problems: readonly { readonly at: readonly [where: string, name: string]; readonly msg: string }[],
): Reply =>
  json(400, {
    detail: problems.map(({ at, msg }) => ({
      loc: at,
      msg,
      type: msg === 'field required' ? 'value_error.missing' : 'value_error',
    })),
  });

/** What the real server says when something behind it broke: not JSON, whatever was asked for. */
export const soapFault = (): Reply => ({
  status: 500,
  headers: { 'Content-Type': 'text/xml' },
  body: Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">' +
      '<soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>Internal error</faultstring>' +
      '</soap:Fault></soap:Body></soap:Envelope>',
  ),
});

/** From `Accept`: v1 unless v2 (or later) is asked for; undefined where the MESH media type is malformed. */
export const versionOf = (accept: string | undefined): Version | undefined => {
  if (!accept?.includes('vnd.mesh')) return 1;
  const match = /application\/vnd\.mesh\.v(\d+)\+json/.exec(accept);
  if (!match) return undefined;
  return match[1] === '1' ? 1 : 2;
};
