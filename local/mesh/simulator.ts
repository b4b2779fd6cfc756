import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { LocalClock } from '../clock.ts';
import type { IssuedCertificate, Pki } from '../pki/pki.ts';
import { createBackstage, decodedBody, faultSchema, type MeshControl } from './control.ts';
import type { Fault } from './fault-script.ts';
import { acknowledge, count, download, downloadChunk, head, list } from './inbox-operations.ts';
import { type OutboxRequest, send, sendChunk, track, trackByLocalId } from './outbox-operations.ts';
import { empty, invalid, json, type Reply, refusal, type Version, versionOf } from './replies.ts';
import { type Call, matchCall } from './routes.ts';
import type { DateOfBirthFormat, Directory, Mailbox, RegisteredPatient } from './routing.ts';
import { createStore, defaultExpiryMs } from './store.ts';
import { createTokenCheck } from './tokens.ts';

/** How this MESH behaves where sources differ or a test needs it otherwise. */
export interface MeshSettings {
  /** Largest body of one request; MESH says 100 MB. */
  readonly maxBodyBytes: number;
  /** Milliseconds of the clock from acceptance to the recipient's inbox. */
  readonly deliveryDelayMs: number;
  /** Milliseconds of the clock from acceptance to a report that no practice was found. */
  readonly reportDelayMs: number;
  /** Milliseconds of the clock that every answer takes. */
  readonly latencyMs: number;
  /** Uncollected for so long: removed, and reported with code 14. */
  readonly expiryMs: number;
  readonly dateOfBirthFormat: DateOfBirthFormat;
  readonly strictChunkOrder: boolean;
  readonly chunkAnswer: 'null' | 'id';
  readonly reportAddressedTo: 'sender' | 'recipient';
  /** Idle connections are closed after so much of the machine's time. */
  readonly keepAliveTimeoutMs: number;
}

export const defaultSettings: MeshSettings = {
  maxBodyBytes: 100_000_000,
  deliveryDelayMs: 0,
  reportDelayMs: 0,
  latencyMs: 0,
  expiryMs: defaultExpiryMs,
  dateOfBirthFormat: 'YYYYMMDD',
  strictChunkOrder: true,
  chunkAnswer: 'null',
  reportAddressedTo: 'sender',
  keepAliveTimeoutMs: 60_000,
};

export interface MeshSimulatorSetting {
  readonly clock: LocalClock;
  /** Whose client certificates are let in. */
  readonly pki: Pki;
  readonly mailboxes: readonly Mailbox[];
  readonly sharedKey: string;
  /** Whom `GPPROVIDER_…` addresses find. */
  readonly patients: readonly RegisteredPatient[];
  readonly settings?: Partial<MeshSettings>;
  /** Another server certificate than one for 127.0.0.1 and localhost. */
  readonly server?: IssuedCertificate;
  /** 0 or absent: any free port. */
  readonly port?: number;
}

export interface MeshSimulator {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  readonly control: MeshControl;
  close(): Promise<void>;
}

const headersOf = (request: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  // Neither belongs to a message.
  delete headers.authorization;
  return headers;
};

/** Undefined past `limit`; read to its end all the same, so that the sender gets to hear of it. */
const bodyOf = async (request: IncomingMessage, limit: number): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  return length <= limit ? Buffer.concat(chunks) : undefined;
};

const write = (response: ServerResponse, { status, headers = {}, body = Buffer.alloc(0) }: Reply): void => {
  response.writeHead(status, { ...headers, 'Content-Length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
};

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
  const settings: MeshSettings = { ...defaultSettings, ...setting.settings };
  const mailboxes = new Map(setting.mailboxes.map((mailbox) => [mailbox.mailboxId, mailbox]));
  const directory: Directory = {
    mailbox: (id) => mailboxes.get(id),
    patients: (nhsNumber) => setting.patients.filter((patient) => patient.nhsNumber === nhsNumber),
    dateOfBirthFormat: settings.dateOfBirthFormat,
  };
  const store = createStore({ ...settings, clock, directory });
  const tokens = createTokenCheck(setting.sharedKey);
  const backstage = createBackstage(store);

  const handshake = (headers: Readonly<Record<string, string>>, mailbox: Mailbox, version: Version): Reply => {
    const missing = ['mex-clientversion', 'mex-osname', 'mex-osversion'].filter((name) => headers[name] === undefined);
    if (missing.length > 0) return invalid(missing.map((name) => ({ at: ['header', name], msg: 'field required' })));
    return version === 1 ? json(200, { mailboxId: mailbox.mailboxId }) : empty(200);
  };

  const lookup = ([odsCode = '', workflowId = '']: readonly string[], version: Version): Reply => {
    const found = setting.mailboxes.filter(
      (mailbox) => mailbox.odsCode === odsCode && (mailbox.workflows?.includes(workflowId) ?? true),
    );
    if (version === 2) {
      return json(200, { results: found.map((m) => ({ mailbox_id: m.mailboxId, mailbox_name: m.name })) });
    }
    const results = found.map((m) => ({ address: m.mailboxId, description: m.name, endpoint_type: 'MESH' }));
    return json(200, { query_id: '', results });
  };

  const perform = async (request: IncomingMessage, call: Call): Promise<Reply> => {
    const body = await bodyOf(request, settings.maxBodyBytes);
    const version = versionOf(request.headers.accept);
    if (version === undefined) return invalid([{ at: ['header', 'accept'], msg: 'malformed media type' }]);
    const { operation, parameters, query } = call;
    if (operation === 'ping') return json(200, {});
    if (operation === 'lookup') return lookup(parameters, version);

    const mailbox = mailboxes.get(call.mailboxId ?? '');
    if (!mailbox) return refusal(version, 403, { code: 'EPL-151', msg: 'No mailbox matched' });
    const reason = tokens.refuse(request.headers.authorization, mailbox, clock.now());
    if (reason) return refusal(version, 403, { msg: reason });

    const headers = headersOf(request);
    const inbox = { store, mailbox, version, parameters, query };
    const { strictChunkOrder: strictOrder, chunkAnswer } = settings;
    const outbox: OutboxRequest = { ...inbox, directory, headers, body, strictOrder, chunkAnswer };
    switch (operation) {
      case 'handshake':
        return handshake(headers, mailbox, version);
      case 'list':
        return list(inbox);
      case 'count':
        return count(inbox);
      case 'head':
        return head(inbox);
      case 'download':
        return download(inbox);
      case 'downloadChunk':
        return downloadChunk(inbox);
      case 'acknowledge':
        return acknowledge(inbox);
      case 'send':
        return send(outbox);
      case 'sendChunk':
        return sendChunk(outbox);
      case 'track':
        return track(outbox);
      case 'trackByLocalId':
        return trackByLocalId(outbox);
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> => {
    backstage.count(call.operation);
    const fault = backstage.faults.take(call.operation, call.mailboxId);
    const wait = settings.latencyMs + (fault?.delayMs ?? 0);
    if (wait > 0) await clock.sleep(wait);
    if (fault?.fault === 'reset-before') return void request.socket.destroy();
    if (fault?.fault === 'hang') return void request.resume();
    if (fault?.fault === 'status') {
      await bodyOf(request, 0);
      return write(response, scripted(fault));
    }
    const reply = await perform(request, call);
    if (fault?.fault === 'reset-after-accept') return void request.socket.destroy();
    if (fault?.fault === 'status-after-accept') return write(response, scripted(fault));
    if (fault?.fault === 'cut-answer') {
      const whole = reply.body ?? Buffer.alloc(0);
      response.writeHead(reply.status, { ...reply.headers, 'Content-Length': whole.length + 1 });
      response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => request.socket.destroy());
      return;
    }
    write(response, reply);
  };

  /** For other processes. Shows ids, sizes and digests: no address and no subject. */
  const administer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'https://simulator.invalid');
    const body = await bodyOf(request, 65_536);
    if (request.method === 'GET' && url.pathname === '/simulator/messages') {
      const workflow = url.searchParams.get('workflow');
      const recipient = url.searchParams.get('recipient');
      const found = store
        .sent()
        .filter((m) => (workflow ?? m.workflowId) === m.workflowId && (recipient ?? m.recipient) === m.recipient);
      const shown = found.map((message) => {
        const content = decodedBody(message.parts);
        return {
          meshMessageId: message.id,
          from: message.from,
          workflowId: message.workflowId,
          state: message.state,
          deliveredTo: message.recipient,
          acceptedAt: message.acceptedAt,
          parts: message.total,
          length: content.length,
          sha256: createHash('sha256').update(content).digest('hex'),
        };
      });
      return write(response, json(200, { messages: shown, requests: backstage.control.requests }));
    }
    if (request.method === 'POST' && url.pathname === '/simulator/faults') {
      let wanted: unknown;
      try {
        wanted = JSON.parse(body?.toString() ?? '');
      } catch {
        wanted = undefined;
      }
      const fault = faultSchema.safeParse(wanted);
      if (!fault.success) return write(response, json(400, { problems: fault.error.issues }));
      backstage.control.failNext(fault.data);
      return write(response, empty(204));
    }
    write(response, empty(404));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url?.startsWith('/simulator/')) return administer(request, response);
    const call = matchCall(request.method ?? '', request.url ?? '');
    if (call) return serve(request, response, call);
    await bodyOf(request, 0);
    write(response, json(404, { detail: 'Not Found' }));
  };

  const { certificate, privateKey } = setting.server ?? (await pki.issueServer());
  const server = createServer(
    {
      cert: certificate,
      key: privateKey,
      ca: pki.ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: settings.keepAliveTimeoutMs,
    },
    (request, response) => {
      response.setHeader('Date', new Date(clock.now()).toUTCString());
      // A client that goes away while it is served is no fault of the server's.
      handle(request, response).catch(() => request.socket.destroy());
    },
  );
  server.on('secureConnection', () => backstage.connected());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(setting.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    control: backstage.control,
    close: () =>
      new Promise((resolve) => {
        store.reset();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
