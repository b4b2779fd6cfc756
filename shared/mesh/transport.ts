import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import type { MeshCredentials } from './credentials.ts';
import { watchDeadline } from './deadline.ts';
import { lastFew } from './last-few.ts';
import { certificateRefused, classifyNetworkError, connectionBroke, type NetworkFault } from './network-faults.ts';
import { type Configuration, type Ok, ok } from './outcomes.ts';
import { type MeshPart, PartFault, pump, type RequestCourse } from './part-pump.ts';

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Path and query, every part encoded. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
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
  /** `mayHaveArrived`: all of the body went out, and nobody knows how much of it the server has. */
  | { readonly kind: 'no-answer'; readonly mayHaveArrived: boolean; readonly fault: NetworkFault }
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
  hasProvenConnection(): boolean | Promise<boolean>;
  /** Opens a connection and says nothing: a server that closes it at once refuses the certificate. */
  diagnose(): Promise<Configuration | undefined>;
  /** Milliseconds of the clock until the deadline. */
  remaining(): number;
  /** How far our clock was ahead of the server's at the last answer, in milliseconds. */
  clockSkew(): number | undefined;
  dropIdleConnections(): void;
  /** Lets what is under way come to its end, and keeps no connection for more. */
  retire(): void;
  close(): void;
}

/** How a client gets its requests to MESH. */
export type OpenTransport = (setting: TransportSetting) => Transport;

const madeContexts = lastFew<SecureContext>(4);

/** Certificate, key and CA as TLS takes them, or why it does not. Verification has no switch. */
export const secureContextOf = (credentials: MeshCredentials): Ok<SecureContext> | Configuration => {
  try {
    const { cert, key, ca } = credentials;
    const made = madeContexts(JSON.stringify([cert, key, ca]), () =>
      createSecureContext({ cert, key, ca, minVersion: 'TLSv1.2' }),
    );
    return ok(made);
  } catch (error) {
    const fault = classifyNetworkError(error);
    if (fault.kind === 'configuration') return fault;
    return {
      kind: 'configuration',
      cause: 'credentials',
      reason: 'The certificate, key or CA bundle cannot be used.',
      advice: 'Store certificate, key and CA bundle again, in PEM, and check that they belong together.',
    };
  }
};

class Abandoned extends Error {}

/** All its connections go to one server with one set of credentials, so that any idle one will do. */
class OneServerAgent extends Agent {
  override getName(): string {
    return 'mesh';
  }
}

const leastTime = 1;
/** Of the machine's time. */
const longestSettlingMs = 100;

/** As they go out: a list spares Node a map of them for each request, but it then adds no host either. */
const headerList = (host: string, { method, headers, body }: HttpCall): string[] => {
  const list = ['Host', host, ...headers];
  if (method === 'POST' || method === 'PUT') list.push('Content-Length', String(body?.length ?? 0));
  return list;
};

export const createTransport: OpenTransport = (setting) => {
  const { base, secureContext, clock, timeouts } = setting;
  const host = base.hostname.replace(/^\[|\]$/g, '');
  const port = base.port === '' ? 443 : Number(base.port);
  // Said aloud: the default is off where NODE_TLS_REJECT_UNAUTHORIZED is 0.
  const tls = { secureContext, rejectUnauthorized: true, ...(isIP(host) ? {} : { servername: host }) };
  const agent = new OneServerAgent({
    ...tls,
    keepAlive: true,
    maxSockets: setting.maxConnections,
    scheduling: 'lifo',
    timeout: timeouts.idleMs,
  });
  const watch = watchDeadline(clock, setting.deadline);
  /** Connections that have answered, and when they last did. */
  const answeredAt = new WeakMap<Socket, number>();
  let clockSkewMs: number | undefined;

  const dropIdleConnections = () => {
    for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
  };

  const isFresh = (socket: Socket) => {
    const at = answeredAt.get(socket);
    return at !== undefined && clock.now() - at <= setting.maxIdleMs;
  };

  const isProvenIdle = () => {
    let found = false;
    for (const name in agent.freeSockets) {
      for (const socket of agent.freeSockets[name] ?? []) {
        if (!isFresh(socket)) socket.destroy();
        else if (!socket.destroyed) found = true;
      }
    }
    return found;
  };

  /** Requests answered in full whose last bytes Node has not yet reported as written: their connection is not idle. */
  const settling = new Set<Promise<void>>();
  const settled = async () => {
    await Promise.race([...settling, new Promise((resolve) => setTimeout(resolve, longestSettlingMs))]);
    return isProvenIdle();
  };
  const settle = (request: ClientRequest) => {
    const closed = new Promise<void>((resolve) => request.once('close', resolve));
    settling.add(closed);
    void closed.then(() => settling.delete(closed));
  };
  const hasProvenConnection = () => isProvenIdle() || (settling.size > 0 && settled());

  const begin = (call: HttpCall, resolve: (exchange: Exchange) => void) => {
    const { body } = call;
    const course: RequestCourse = { bodySent: body === undefined, answered: false };
    const request = httpsRequest({
      host,
      port,
      method: call.method,
      path: call.path,
      headers: headerList(base.host, call),
      agent,
    });

    // Clock time bounds the whole; the connection's own silences are the network's and count in the machine's time,
    // or a clock that runs fast would cut healthy connections.
    const giveUp = () => request.destroy(new Abandoned('The time for this request ran out.'));
    watch.add(giveUp);
    let proven = false;
    let silence = `No answer from MESH for ${timeouts.idleMs} ms.`;
    request.on('timeout', () => request.destroy(new Abandoned(silence)));

    const fail = (error: unknown) => {
      if (course.answered) return; // The reader of the answer hears of it.
      watch.remove(giveUp);
      const ours = error instanceof Abandoned || error instanceof PartFault;
      const fault: NetworkFault = ours
        ? { kind: 'network', cut: false, reason: error.message }
        : proven
          ? connectionBroke(error)
          : classifyNetworkError(error);
      // What falls short of its announced length is no request that MESH could accept.
      resolve({ kind: 'no-answer', mayHaveArrived: body !== undefined && course.bodySent, fault });
    };
    const go = (on: Socket) => {
      silence = `No answer from MESH for ${timeouts.idleMs} ms.`;
      if (on.timeout !== timeouts.idleMs) on.setTimeout(timeouts.idleMs);
      if (body) pump(request, body, course);
    };

    request.on('socket', (socket) => {
      proven = answeredAt.has(socket);
      if (call.provenOnly && !isFresh(socket)) {
        watch.remove(giveUp);
        resolve({ kind: 'unproven' });
        request.destroy();
      } else if (proven || (socket instanceof TLSSocket && socket.authorized)) {
        go(socket);
      } else {
        silence = `No connection to MESH in ${timeouts.connectMs} ms.`;
        socket.setTimeout(timeouts.connectMs);
        socket.once('secureConnect', () => go(socket));
      }
    });
    request.on('response', (response) => {
      course.answered = true;
      const on = response.socket;
      answeredAt.set(on, clock.now());
      response.on('close', () => {
        watch.remove(giveUp);
        if (response.complete) answeredAt.set(on, clock.now());
        // Half a request leaves a connection that nothing else can be sent on.
        if (!course.bodySent) request.destroy();
        else if (!request.writableFinished && !request.destroyed) settle(request);
      });
      const { bodySent } = course;
      const { statusCode: status = 0, headers } = response;
      const serverTime = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
      if (Number.isNaN(serverTime)) {
        resolve({ kind: 'answer', status, response, bodySent });
      } else {
        clockSkewMs = clock.now() - serverTime;
        resolve({ kind: 'answer', status, response, bodySent, serverTime });
      }
    });
    request.on('error', fail);
    request.on('close', () => fail(undefined));
    if (!body) request.end();
  };

  const exchange = (call: HttpCall) =>
    new Promise<Exchange>((resolve) => {
      if (watch.remaining() >= leastTime) return begin(call, resolve);
      const fault: NetworkFault = { kind: 'network', cut: false, reason: 'No time was left for another request.' };
      resolve({ kind: 'no-answer', mayHaveArrived: false, fault });
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
    remaining: watch.remaining,
    clockSkew: () => clockSkewMs,
    dropIdleConnections,
    retire() {
      agent.maxFreeSockets = 0;
      dropIdleConnections();
    },
    close() {
      agent.destroy();
      watch.close();
    },
  };
};
