import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import type { MeshCredentials } from './credentials.ts';
import { certificateRefused, classifyNetworkError, type NetworkFault } from './network-faults.ts';
import { type Configuration, type Ok, ok } from './outcomes.ts';

/** Bytes to post: `length` is their exact number, `open` gives them from the beginning each time it is called. */
export interface MeshPart {
  readonly length: number;
  open(): Readable | Promise<Readable>;
}

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Path and query, every part encoded. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: MeshPart;
  /** Go out only on a connection that has answered before (see `Transport.exchange`). */
  readonly provenOnly?: boolean;
}

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly response: IncomingMessage;
  /** False where the server answered before it had all of the body. */
  readonly bodySent: boolean;
  /** Epoch milliseconds of the server's `Date` header. */
  readonly serverTime?: number;
}

export type Exchange =
  | Answer
  /** `bodyBegan`: some of the body went out, and nobody knows how much of it the server has. */
  | { readonly kind: 'no-answer'; readonly bodyBegan: boolean; readonly fault: NetworkFault }
  | { readonly kind: 'unproven' };

export interface Timeouts {
  /** Until TLS stands, in milliseconds. */
  readonly connectMs: number;
  /** Without a byte in either direction, waiting for the answer included. */
  readonly idleMs: number;
  /** How long to watch whether a server closes a connection on which nothing is said. */
  readonly diagnosisMs: number;
}

export interface TransportSetting {
  readonly base: URL;
  readonly secureContext: SecureContext;
  readonly clock: Clock;
  /** Epoch milliseconds at which whatever is under way is given up. */
  readonly deadline: () => number;
  readonly timeouts: Timeouts;
  readonly maxConnections: number;
  /** A connection unused for longer than this (of the clock) carries no first part: the server may have closed it. */
  readonly maxIdleMs: number;
}

export interface Transport {
  /**
   * One request and the head of its answer; never rejects, never repeats. With `provenOnly` a new connection is
   * refused (`unproven`): under TLS 1.3 a server judges the client certificate after the client has begun to talk,
   * and a refusal that meets a message on its way would look like a doubt.
   */
  exchange(call: HttpCall): Promise<Exchange>;
  /** Whether an idle connection that has answered lately is at hand; older ones are destroyed. */
  hasProvenConnection(): boolean;
  /** Opens a connection and says nothing: a server that closes it at once refuses the certificate. */
  diagnose(): Promise<Configuration | undefined>;
  /** Milliseconds of the clock until the deadline. */
  remaining(): number;
  dropIdleConnections(): void;
  close(): void;
}

/** Certificate, key and CA as TLS takes them, or why it does not. Verification has no switch. */
export const secureContextOf = (credentials: MeshCredentials): Ok<SecureContext> | Configuration => {
  try {
    const { cert, key, ca } = credentials;
    return ok(createSecureContext({ cert, key, ca, minVersion: 'TLSv1.2' }));
  } catch (error) {
    const fault = classifyNetworkError(error);
    if (fault.kind === 'configuration') return fault;
    return {
      kind: 'configuration',
      reason: 'The certificate, key or CA bundle cannot be used.',
      advice: 'Store certificate, key and CA bundle again, in PEM, and check that they belong together.',
    };
  }
};

class Abandoned extends Error {}
class BodyFault extends Error {}

// Longer waits overflow a timer; no invocation lives that long.
const longestWait = 2_147_483_647;
const leastTime = 1;

const carriesLength = (call: HttpCall) => call.method === 'POST' || call.method === 'PUT';

export const createTransport = (setting: TransportSetting): Transport => {
  const { base, secureContext, clock, timeouts } = setting;
  const host = base.hostname.replace(/^\[|\]$/g, '');
  const port = base.port === '' ? 443 : Number(base.port);
  const tls = { secureContext, ...(isIP(host) ? {} : { servername: host }) };
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: setting.maxConnections, scheduling: 'lifo' });
  const secured = new WeakSet<Socket>();
  /** Connections that have answered, and when they last did. */
  const answeredAt = new WeakMap<Socket, number>();

  const remaining = () => setting.deadline() - clock.now();
  const idleSockets = () => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);

  const dropIdleConnections = () => {
    for (const socket of idleSockets()) socket.destroy();
  };

  const isFresh = (socket: Socket) => {
    const at = answeredAt.get(socket);
    return at !== undefined && clock.now() - at <= setting.maxIdleMs;
  };

  const hasProvenConnection = () => {
    let found = false;
    for (const socket of idleSockets()) {
      if (!isFresh(socket)) socket.destroy();
      else if (!socket.destroyed) found = true;
    }
    return found;
  };

  const exchange = (call: HttpCall) =>
    new Promise<Exchange>((resolve) => {
      const time = remaining();
      if (!(time >= leastTime)) {
        const fault: NetworkFault = { kind: 'network', cut: false, reason: 'No time was left for another request.' };
        return resolve({ kind: 'no-answer', bodyBegan: false, fault });
      }
      let bodyBegan = false;
      let bodySent = call.body === undefined;
      let answered = false;
      let socket: Socket | undefined;
      const stop = new AbortController();

      const request = httpsRequest({
        ...tls,
        host,
        port,
        method: call.method,
        path: call.path,
        headers: carriesLength(call) ? { ...call.headers, 'Content-Length': call.body?.length ?? 0 } : call.headers,
        agent,
      });

      const onIdle = () => request.destroy(new Abandoned(`No answer from MESH for ${timeouts.idleMs} ms.`));
      const onConnectIdle = () => request.destroy(new Abandoned(`No connection to MESH in ${timeouts.connectMs} ms.`));
      const release = () => {
        stop.abort();
        socket?.off('timeout', onIdle).off('timeout', onConnectIdle);
      };
      const fail = (error: unknown) => {
        if (answered) return; // The reader of the answer hears of it.
        release();
        const fault: NetworkFault =
          error instanceof Abandoned || error instanceof BodyFault
            ? { kind: 'network', cut: false, reason: error.message }
            : classifyNetworkError(error);
        // A body that we ourselves broke off short of its announced length is no request that MESH could accept.
        resolve({ kind: 'no-answer', bodyBegan: bodyBegan && !(error instanceof BodyFault), fault });
      };

      // Clock time bounds the whole; the connection's own silences are the network's and count in the machine's time,
      // or a clock that runs fast would cut healthy connections.
      if (Number.isFinite(time)) {
        void clock.sleep(Math.min(time, longestWait), stop.signal).then(() => {
          if (!stop.signal.aborted) request.destroy(new Abandoned('The time for this request ran out.'));
        });
      }

      const go = (on: Socket) => {
        on.off('timeout', onConnectIdle).setTimeout(timeouts.idleMs, onIdle);
        if (call.body) void pump(call.body);
      };

      // One piece is held back until the next comes or the source ends, so that a source of the wrong length is found
      // before MESH has all that was announced.
      const pump = async (body: MeshPart) => {
        let source: Readable | undefined;
        let read = 0;
        let held: Uint8Array | undefined;
        try {
          source = await body.open();
          request.once('close', () => source?.destroy());
          for await (const piece of source as AsyncIterable<Uint8Array>) {
            if (answered || request.destroyed) return;
            read += piece.length;
            if (read > body.length) throw new BodyFault('The part is longer than announced.');
            if (held) {
              bodyBegan = true;
              if (!request.write(held)) await drained();
            }
            held = piece;
          }
          if (answered || request.destroyed) return;
          if (read < body.length) throw new BodyFault('The part is shorter than announced.');
          bodyBegan = true;
          bodySent = true;
          request.end(held);
        } catch (error) {
          if (answered) return;
          request.destroy(error instanceof BodyFault ? error : new BodyFault('The part could not be read.'));
        } finally {
          source?.destroy();
        }
      };

      const drained = () =>
        new Promise<void>((done) => {
          const over = () => {
            request.off('drain', over).off('close', over).off('response', over);
            done();
          };
          request.on('drain', over).on('close', over).on('response', over);
        });

      request.on('socket', (assigned) => {
        socket = assigned;
        if (call.provenOnly && !isFresh(assigned)) {
          release();
          resolve({ kind: 'unproven' });
          request.destroy();
          return;
        }
        if (secured.has(assigned)) return go(assigned);
        assigned.setTimeout(timeouts.connectMs, onConnectIdle);
        assigned.once('secureConnect', () => {
          secured.add(assigned);
          go(assigned);
        });
      });
      request.on('response', (response) => {
        answered = true;
        const on = response.socket;
        answeredAt.set(on, clock.now());
        response.once('end', () => {
          answeredAt.set(on, clock.now());
          // Half a request leaves a connection that nothing else can be sent on.
          if (!bodySent) request.destroy();
        });
        response.once('close', release);
        const date = Date.parse(response.headers.date ?? '');
        resolve({
          kind: 'answer',
          status: response.statusCode ?? 0,
          response,
          bodySent,
          ...(Number.isNaN(date) ? {} : { serverTime: date }),
        });
      });
      request.on('error', fail);
      request.on('close', () => fail(undefined));
      if (!call.body) request.end();
    });

  const diagnose = () =>
    new Promise<Configuration | undefined>((resolve) => {
      const probe = tlsConnect({ ...tls, host, port, ALPNProtocols: ['http/1.1'] });
      let stands = false;
      const end = (verdict: Configuration | undefined) => {
        probe.removeAllListeners('close').destroy();
        resolve(verdict);
      };
      probe.once('secureConnect', () => {
        stands = true;
      });
      probe.on('error', (error) => {
        const fault = classifyNetworkError(error);
        if (fault.kind === 'configuration') end(fault);
      });
      probe.once('close', () =>
        end(stands ? certificateRefused('the server closes the connection once it has it') : undefined),
      );
      probe.setTimeout(timeouts.diagnosisMs, () => end(undefined));
      probe.resume();
    });

  return {
    exchange,
    hasProvenConnection,
    diagnose,
    remaining,
    dropIdleConnections,
    close: () => agent.destroy(),
  };
};
