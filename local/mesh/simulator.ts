import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { LocalClock } from '../clock.ts';
import type { IssuedCertificate, Pki } from '../pki/pki.ts';
import { administer, adminPrefix } from './admin.ts';
import { answer, answerHalf, answerSlowly } from './answering.ts';
import { openBodies } from './bodies.ts';
import { createBackstage, type MeshControl } from './control.ts';
import type { Fault } from './fault-script.ts';
import { type MeshService, perform } from './operations.ts';
import { json, type Reply, soapFault } from './replies.ts';
import { drained } from './requests.ts';
import { type Call, matchCall } from './routes.ts';
import type { Directory, Mailbox, RegisteredPatient } from './routing.ts';
import { defaultSettings, type MeshSettings } from './settings.ts';
import { createStore } from './store.ts';
import { createThrottle } from './throttle.ts';
import { createTokenCheck } from './tokens.ts';

export type { MeshSettings } from './settings.ts';

export interface MeshSimulatorSetting {
  /** Moved over the admin routes where it has a `leap`. */
  readonly clock: LocalClock & { leap?(ms: number): void };
  /** Whose client certificates are let in. */
  readonly pki: Pki;
  readonly mailboxes: readonly Mailbox[];
  readonly sharedKey: string;
  /** Whom `GPPROVIDER_…` addresses find. */
  readonly patients: readonly RegisteredPatient[];
  readonly settings?: Partial<MeshSettings>;
  /** Another server certificate than one for 127.0.0.1 and localhost. */
  readonly server?: IssuedCertificate;
  /** `mutual` where absent, as MESH; `server`: no client certificate is asked for; `none`: plain HTTP. */
  readonly tls?: 'mutual' | 'server' | 'none';
  /** Where bodies lie; emptied at the start. A folder of its own where absent. */
  readonly bodiesDir?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
}

export interface MeshSimulator {
  /** `https://127.0.0.1:PORT`; it listens nowhere else. */
  readonly url: string;
  readonly control: MeshControl;
  close(): Promise<void>;
}

const scripted = (fault: Fault): Reply => ({
  status: fault.status ?? 500,
  headers: {
    'Content-Type': fault.contentType ?? 'application/json',
    ...(fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) }),
  },
  body: Buffer.from(fault.body ?? ''),
});

/** A MESH that keeps its promises: real mutual TLS, one-use tokens, routing by patient, expiry, faults on demand. */
export const startMeshSimulator = async (setting: MeshSimulatorSetting): Promise<MeshSimulator> => {
  const { clock, pki } = setting;
  const given: MeshSettings = { ...defaultSettings, ...setting.settings };
  // One object for as long as the simulator runs: whoever holds it sees every change.
  const settings = { ...given };
  const mailboxes = new Map<string, Mailbox>();
  const restore = () => {
    Object.assign(settings, given);
    mailboxes.clear();
    for (const mailbox of setting.mailboxes) mailboxes.set(mailbox.mailboxId, mailbox);
    throttle.reset();
  };
  const throttle = createThrottle();
  restore();
  const directory: Directory = {
    mailbox: (id) => mailboxes.get(id),
    patients: (nhsNumber) => setting.patients.filter((patient) => patient.nhsNumber === nhsNumber),
    get dateOfBirthFormat() {
      return settings.dateOfBirthFormat;
    },
  };
  const bodies = openBodies(setting.bodiesDir);
  const store = createStore({ clock, directory, bodies, settings });
  const tokens = createTokenCheck(setting.sharedKey);
  const service: MeshService = {
    clock,
    settings,
    directory,
    mailboxes: () => [...mailboxes.values()],
    store,
    bodies,
    tokens,
    throttle,
  };
  const backstage = createBackstage({
    store,
    bodies,
    configure: (changes) => void Object.assign(settings, changes),
    changeMailbox(mailboxId, changes) {
      const mailbox = mailboxes.get(mailboxId);
      if (mailbox) mailboxes.set(mailboxId, { ...mailbox, ...changes });
      return mailbox !== undefined;
    },
    restore,
  });

  /** The time of an answer is the time at which it goes out. */
  const dated = (response: ServerResponse): ServerResponse =>
    response.setHeader('Date', new Date(clock.now()).toUTCString());

  const serve = async (request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> => {
    backstage.count(call.operation);
    const fault = backstage.faults.take(call.operation, call.mailboxId);
    const slow = fault?.fault === 'slow-answer';
    const wait = settings.latencyMs + (slow ? 0 : (fault?.delayMs ?? 0));
    if (wait > 0) await clock.sleep(wait);
    const cut = () => void request.socket.destroy();
    if (fault?.fault === 'reset-before') return cut();
    if (fault?.fault === 'cut-request') return void request.once('data', cut).once('end', cut);
    if (fault?.fault === 'hang') return void request.resume();
    if (fault?.fault === 'status' || fault?.fault === 'soap-fault') {
      await drained(request);
      return answer(dated(response), fault.fault === 'status' ? scripted(fault) : soapFault(), bodies);
    }
    const reply = await perform(service, request, call);
    if (fault?.fault === 'reset-after-accept') return cut();
    if (fault?.fault === 'status-after-accept') return answer(dated(response), scripted(fault), bodies);
    if (fault?.fault === 'cut-answer') return answerHalf(dated(response), reply, bodies);
    if (slow) return answerSlowly(dated(response), reply, bodies, { clock, waitMs: fault.delayMs ?? 0 });
    return answer(dated(response), reply, bodies);
  };

  const { control } = backstage;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url?.startsWith(adminPrefix)) {
      const admin = { control, store, bodies, directory, settings, clock };
      const reply = await administer(admin, request);
      return answer(dated(response), reply, bodies);
    }
    const call = matchCall(request.method ?? '', request.url ?? '');
    if (call) return serve(request, response, call);
    await drained(request);
    return answer(dated(response), json(404, { detail: 'Not Found' }), bodies);
  };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A client that goes away while it is served is no fault of the server's.
    handle(request, response).catch(() => request.socket.destroy());
  };
  const secured = async (): Promise<Server> => {
    const { certificate, privateKey } = setting.server ?? (await pki.issueServer());
    const mutual = setting.tls !== 'server';
    const options = { cert: certificate, key: privateKey, ca: pki.ca, minVersion: 'TLSv1.2' as const };
    const server = createTlsServer({ ...options, requestCert: mutual, rejectUnauthorized: mutual }, listener);
    server.on('secureConnection', () => backstage.connected());
    return server;
  };
  const server = setting.tls === 'none' ? createPlainServer(listener) : await secured();
  server.keepAliveTimeout = settings.keepAliveTimeoutMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(setting.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${setting.tls === 'none' ? 'http' : 'https'}://127.0.0.1:${port}`,
    control,
    close: () =>
      new Promise((resolve) => {
        store.reset();
        server.close(() => {
          bodies.close();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};
