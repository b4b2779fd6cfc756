import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Pki } from '../../../local/pki/pki.ts';

/** Stands in every body and header of a faulty answer: no outcome may repeat it. */
export const marker = 'Zzyzx-9691375087';

/** What a request meets. Bodies of answers hold the marker. */
export type Fault =
  /** The connection is reset when the request's head has come. */
  | { readonly kind: 'reset-before-body' }
  /** Reset, or closed, when all of the request has come. */
  | { readonly kind: 'reset-after-body' }
  | { readonly kind: 'close-after-body' }
  /** Never answered; the body is not even read. */
  | { readonly kind: 'silent-before-body' }
  | { readonly kind: 'silent-after-body' }
  /** These bytes, then the connection is closed. */
  | { readonly kind: 'bytes'; readonly bytes: string }
  /** A header without an end. */
  | { readonly kind: 'endless-header' }
  /** A body without an end. */
  | { readonly kind: 'endless-body'; readonly status: number }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** The body breaks off short of its announced length. */
      readonly cut?: true;
    };

export interface FaultyServer {
  readonly url: string;
  /** Which requests meet the fault: those whose `method path` matches. */
  fault: { readonly on: RegExp; readonly meets: Fault; times: number } | undefined;
  /** `method path` of every request that came in full. */
  readonly requests: string[];
  close(): Promise<void>;
}

const tracking = '{"message_id":"20200529155357895317_3573F8","status":"Accepted","local_id":"x"}';

/** What a MESH in order says, as short as it may be. */
const healthy = (method: string, path: string): { status: number; headers?: Record<string, string>; body?: string } => {
  if (path.endsWith('/outbox')) return { status: 202, body: '{"message_id":"20200529155357895317_3573F8"}' };
  if (/\/outbox\/[^/]+\/\d+$/.test(path) && method === 'POST') return { status: 202, body: 'null' };
  if (path.includes('/tracking')) return { status: 200, body: tracking };
  if (/lookup|workflowsearch/.test(path)) return { status: 200, body: '{"results":[{"mailbox_id":"GP0001OT"}]}' };
  if (path.endsWith('/count')) return { status: 200, body: '{"count":1}' };
  if (path.endsWith('/inbox')) return { status: 200, body: '{"messages":["A1"],"links":{}}' };
  if (/\/inbox\/[^/]+$/.test(path)) return { status: 200, headers: { 'Mex-MessageID': 'A1' }, body: '<Bundle/>' };
  return { status: 200, body: '' };
};

const endless = (response: ServerResponse) => {
  const more = () => {
    while (!response.destroyed && response.write(marker.repeat(1000)));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};

const play = (meets: Fault, request: IncomingMessage, response: ServerResponse): void => {
  const socket: Socket = request.socket;
  switch (meets.kind) {
    case 'reset-before-body':
    case 'reset-after-body':
      return void socket.destroy();
    case 'close-after-body':
      return void socket.end();
    case 'silent-before-body':
    case 'silent-after-body':
      return;
    case 'bytes':
      return void socket.end(meets.bytes);
    case 'endless-header':
      return void socket.write(`HTTP/1.1 200 OK\r\nX-Endless: ${marker.repeat(5000)}`);
    case 'endless-body':
      response.writeHead(meets.status, { 'Content-Type': 'application/json' });
      if (request.method === 'HEAD') response.end();
      else endless(response);
      return;
    case 'answer': {
      const body = Buffer.from(meets.body ?? '');
      const length = { 'Content-Length': String(body.length + (meets.cut ? 10 : 0)) };
      response.writeHead(meets.status, { 'X-Marker': marker, ...meets.headers, ...length });
      if (request.method === 'HEAD') response.end();
      else if (meets.cut) response.write(body, () => socket.destroy());
      else response.end(body);
    }
  }
};

/** A server over real mutual TLS that does as it is told, and otherwise as a MESH in order would. */
export const startFaultyServer = async (pki: Pki): Promise<FaultyServer> => {
  const { certificate, privateKey } = await pki.issueServer();
  const requests: string[] = [];
  const server = createServer(
    { cert: certificate, key: privateKey, ca: pki.ca, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      response.on('error', () => undefined);
      const [path = ''] = (request.url ?? '').split('?');
      const name = `${request.method} ${path}`;
      const { fault } = faulty;
      const meets = fault && fault.times > 0 && fault.on.test(name) ? fault.meets : undefined;
      if (fault && meets) fault.times--;
      if (meets?.kind === 'reset-before-body' || meets?.kind === 'silent-before-body') {
        requests.push(name);
        return play(meets, request, response);
      }
      request.on('error', () => undefined);
      request.resume().on('end', () => {
        requests.push(name);
        if (meets) return play(meets, request, response);
        const { status, headers, body } = healthy(request.method ?? '', path);
        response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
      });
    },
  );
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const faulty: FaultyServer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return faulty;
};
