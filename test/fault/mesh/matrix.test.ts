import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { scaledClock } from '../../../local/clock.ts';
import { createPki, type Pki } from '../../../local/pki/pki.ts';
import { createMeshClient, type MeshClient, type MeshClientSetting } from '../../../shared/mesh/client.ts';
import type { MeshEnvelope } from '../../../shared/mesh/envelope.ts';
import type { MeshPart } from '../../../shared/mesh/part-pump.ts';
import { type Fault, type FaultyServer, marker, startFaultyServer } from './faulty-server.ts';

/**
 * Every fault × every operation: what the client makes of it. The rule behind the table is mesh 1.11: what is safe to
 * repeat is repeated; a first part is posted once, and where MESH may have it the outcome says that nobody knows.
 */

// Tests wait for silence more than they work.
vi.setConfig({ maxConcurrency: 16 });

// Waits between attempts pass quickly; silence on a connection is measured in the machine's time.
const clock = scaledClock(100);
let pki: Pki;
let elsewhere: Pki;
let certificate: { certificate: string; privateKey: string };
let closedPort = 0;
const printed = vi.fn();

beforeAll(async () => {
  pki = await createPki({ now: clock.now() });
  elsewhere = await createPki({ now: clock.now() });
  certificate = await pki.issueClient('x');
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  closedPort = (probe.address() as AddressInfo).port;
  await new Promise((resolve) => probe.close(resolve));
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation(printed);
  }
});
afterAll(async () => {
  vi.restoreAllMocks();
  for (const server of servers) await server.close();
});

const servers: FaultyServer[] = [];
const idle: FaultyServer[] = [];

interface Bench {
  readonly server: FaultyServer;
  connect(changes?: Partial<MeshClientSetting>): MeshClient;
}

/** A server of its own for each test that is under way. */
const onBench =
  <Row extends unknown[]>(run: (bench: Bench, ...row: Row) => Promise<void>) =>
  async (...row: Row) => {
    const server = idle.pop() ?? (await startFaultyServer(pki));
    if (!servers.includes(server)) servers.push(server);
    server.fault = undefined;
    server.requests.length = 0;
    const opened: MeshClient[] = [];
    try {
      await run(
        {
          server,
          connect(changes = {}) {
            const client = clientOf(server, changes);
            opened.push(client);
            return client;
          },
        },
        ...row,
      );
    } finally {
      for (const client of opened) client.close();
      idle.push(server);
    }
  };

const clientOf = (server: FaultyServer, changes: Partial<MeshClientSetting>): MeshClient =>
  createMeshClient({
    baseUrl: server.url,
    mailboxId: 'RX1OT001',
    credentials: {
      cert: certificate.certificate,
      key: certificate.privateKey,
      ca: pki.ca,
      password: 'p',
      sharedKey: 'k',
    },
    clock,
    ids: { uuid: randomUUID },
    timeouts: { diagnosisMs: 10 },
    ...changes,
  });

const envelope: MeshEnvelope = {
  to: `GPPROVIDER_9691375087_19570109_${marker}`,
  workflowId: 'GPFED_CONSULT_REPORT',
  localId: 'RX1',
  subject: `Consultation report for ${marker}`,
  contentType: 'application/xml',
};
const part = (text = '<Bundle/>'): MeshPart => ({ length: text.length, open: () => Buffer.from(text) });
const parts = [part(), part(), part()];

const operations = {
  handshake: { on: /^POST \/messageexchange\/RX1OT001$/, run: (client) => client.handshake() },
  list: { on: /\/inbox$/, run: (client) => client.listInbox() },
  count: { on: /\/count$/, run: (client) => client.count() },
  head: { on: /^HEAD/, run: (client) => client.head('A1') },
  download: {
    on: /^GET .*\/inbox\/A1$/,
    run: async (client) => {
      const got = await client.download('A1');
      if (got.kind !== 'ok') return got;
      let length = 0;
      try {
        for await (const piece of got.value.body) {
          length += (piece as Buffer).length;
          if (length > 5_000_000) return { kind: 'as much as the reader wants' };
        }
        return { kind: 'ok' };
      } catch (error) {
        expect(error).toMatchObject({ name: 'MeshFault', outcome: { kind: 'transient' } });
        return { kind: 'transient' };
      }
    },
  },
  acknowledge: { on: /^PUT/, run: (client) => client.acknowledge('A1') },
  track: { on: /\/tracking$/, run: (client) => client.track('A1') },
  trackByLocalId: { on: /\/tracking\/./, run: (client) => client.trackByLocalId('A1') },
  lookup: { on: /endpointlookup/, run: (client) => client.lookup('Y12345', 'W') },
  searchWorkflow: { on: /workflowsearch/, run: (client) => client.searchWorkflow('W') },
  ping: { on: /_ping/, run: (client) => client.ping() },
  send: { on: /^POST .*\/outbox$/, run: (client) => client.send(envelope, [part()]) },
  'first part': { on: /^POST .*\/outbox$/, run: (client) => client.send(envelope, parts) },
  'middle part': { on: /^POST .*\/outbox\/.+\/2$/, run: (client) => client.send(envelope, parts) },
  'last part': { on: /^POST .*\/outbox\/.+\/3$/, run: (client) => client.send(envelope, parts) },
} satisfies Record<string, { on: RegExp; run: (client: MeshClient) => Promise<{ kind: string }> }>;
type Operation = keyof typeof operations;
const allOperations = Object.keys(operations) as Operation[];
const posts: readonly Operation[] = ['send', 'first part', 'middle part', 'last part'];

const soap = `<soap:Envelope xmlns:soap="urn:x"><soap:Body><soap:Fault>${marker}</soap:Fault></soap:Body></soap:Envelope>`;
const refusal = (code: string) => `{"detail":[{"event":"SEND","code":"${code}","msg":"${marker}"}]}`;
const answer = (status: number, body = marker, headers: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  body,
  headers,
});

/** What each kind of operation makes of a fault that it meets every time. */
interface Row {
  readonly meets: Fault;
  /** Everything that may be repeated. */
  readonly safe: string;
  /** A first part, or a message in one. */
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  /** Where an operation differs from its kind. */
  readonly but?: Partial<Record<Operation, string>>;
  /** Silence has to be waited for. */
  readonly hasty?: true;
}
const lost = { safe: 'transient', first: 'unknown', middle: 'transient', last: 'unknown' };
const passing = { safe: 'transient', first: 'transient', middle: 'transient', last: 'transient' };
const refused = { safe: 'refused', first: 'refused', middle: 'refused', last: 'refused' };
const configuration = {
  safe: 'configuration',
  first: 'configuration',
  middle: 'configuration',
  last: 'configuration',
};
/** 2xx with a body that is not what was asked for: only those that need it mind. */
const mindless = { handshake: 'ok', head: 'ok', acknowledge: 'ok', ping: 'ok' };
const nonsense = { safe: 'transient', first: 'unknown', middle: 'sent', last: 'sent' };

const table: Record<string, Row> = {
  'a reset before the body was read': { meets: { kind: 'reset-before-body' }, ...lost },
  'a reset after the body': { meets: { kind: 'reset-after-body' }, ...lost },
  'a close after the body': { meets: { kind: 'close-after-body' }, ...lost },
  'silence before the body was read': { meets: { kind: 'silent-before-body' }, ...lost, hasty: true },
  'silence after the body': { meets: { kind: 'silent-after-body' }, ...lost, hasty: true },
  'half a status line': { meets: { kind: 'bytes', bytes: 'HTTP/1.1 20' }, ...lost },
  'half a header': { meets: { kind: 'bytes', bytes: `HTTP/1.1 202 Accepted\r\nX: ${marker}` }, ...lost },
  'bytes that are no HTTP': { meets: { kind: 'bytes', bytes: `${marker}\r\n\r\n` }, ...lost },
  'another protocol': {
    meets: { kind: 'bytes', bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n' },
    ...lost,
  },
  'a header without an end': { meets: { kind: 'endless-header' }, ...lost },
  'half an answer': {
    meets: { kind: 'answer', status: 200, body: '{"messages":["A1"', cut: true },
    ...nonsense,
    but: mindless,
  },
  'an answer without an end': {
    meets: { kind: 'endless-body', status: 200 },
    ...nonsense,
    but: { ...mindless, download: 'as much as the reader wants' },
  },
  'an error without an end': { meets: { kind: 'endless-body', status: 500 }, ...lost },
  'an oversize answer': {
    meets: answer(200, ' '.repeat(4_300_000)),
    ...nonsense,
    but: { ...mindless, download: 'ok' },
  },
  'malformed JSON': {
    meets: answer(200, `{"message_id":"${marker}`),
    ...nonsense,
    but: { ...mindless, download: 'ok' },
  },
  'null instead of an answer': { meets: answer(200, 'null'), ...nonsense, but: { ...mindless, download: 'ok' } },
  'an empty answer': { meets: answer(200, ''), ...nonsense, but: { ...mindless, download: 'ok' } },
  'an answer that says gzip and is not': {
    meets: answer(200, gzipSync('{}').toString('latin1').slice(0, 9), { 'Content-Encoding': 'gzip' }),
    ...nonsense,
    but: mindless,
  },
  'a 500 with a SOAP fault': { meets: answer(500, soap, { 'Content-Type': 'text/xml' }), ...lost },
  'a 502 in HTML': { meets: answer(502, `<html>${marker}</html>`, { 'Content-Type': 'text/html' }), ...lost },
  'an empty 503': { meets: answer(503, ''), ...lost },
  'a 503 that asks to wait': { meets: answer(503, '', { 'Retry-After': '3' }), ...lost },
  'a 504 with null': { meets: answer(504, 'null'), ...lost },
  'a 408': { meets: answer(408), ...passing, first: 'unknown' },
  'a 425': { meets: answer(425), ...passing },
  'a 429 with a short wait': { meets: answer(429, '', { 'Retry-After': '2' }), ...passing },
  'a 429 with a long wait': { meets: answer(429, '', { 'Retry-After': '3600' }), ...passing },
  'a 401': { meets: answer(401), ...configuration },
  'a 403 for a bad token': { meets: answer(403, refusal('')), ...configuration },
  'a 302': { meets: answer(302, '', { Location: `https://${marker}/` }), ...configuration },
  'a 304': { meets: answer(304, ''), ...lost, last: 'transient' },
  'a 400': { meets: answer(400, refusal('06')), ...refused },
  'a 404': {
    meets: answer(404, refusal('20')),
    ...refused,
    safe: 'gone',
    but: { trackByLocalId: 'ok' },
  },
  'a 410': { meets: answer(410, refusal('Message already accepted')), ...refused, safe: 'gone' },
  'a 417': { meets: answer(417, refusal('12')), ...refused },
  'a 417 in SOAP': { meets: answer(417, soap), ...refused },
  'a 422': { meets: answer(422, ''), ...refused },
  'a 423': { meets: answer(423, ''), ...refused, last: 'sent' },
};

const kindOf = (operation: Operation, row: Row): string => {
  const { but = {}, safe, first, middle, last } = row;
  const usual = { send: first, 'first part': first, 'middle part': middle, 'last part': last };
  return but[operation] ?? (operation in usual ? usual[operation as keyof typeof usual] : safe);
};

const settle = async (client: MeshClient, operation: Operation) => {
  const outcome: { kind: string; reason?: string; upload?: unknown } = await operations[operation].run(client);
  // Nothing that the server said is repeated, and nothing that was sent; nothing is printed.
  expect(JSON.stringify(outcome)).not.toContain(marker);
  expect(printed).not.toHaveBeenCalled();
  return outcome;
};
const rowOf = (name: string): Row => {
  const row = table[name];
  if (!row) throw new Error(name);
  return row;
};
/** Silence that is met once must not be mistaken for the pauses of a busy machine, which come after it. */
const changesFor = ({ hasty }: Row, idleMs: number) => (hasty ? { timeouts: { idleMs, diagnosisMs: 10 } } : {});
const firstParts = (server: FaultyServer) => server.requests.filter((request) => request.endsWith('/outbox')).length;

describe.concurrent.each(allOperations)('%s', (operation) => {
  test.each(Object.keys(table))(
    'meets %s every time',
    onBench(async ({ server, connect }, name: string) => {
      const row = rowOf(name);
      const client = connect(changesFor(row, 1000));
      server.fault = { on: operations[operation].on, meets: row.meets, times: Number.POSITIVE_INFINITY };
      const outcome = await settle(client, operation);
      expect(outcome.kind).toBe(kindOf(operation, row));
      const asked = server.requests.filter((request) => operations[operation].on.test(request)).length;
      expect(asked).toBeLessThanOrEqual(3);
      // A first part is never posted again, unless MESH said that it did not take it.
      if (posts.includes(operation))
        expect(firstParts(server)).toBeLessThanOrEqual(kindOf(operation, row) === 'configuration' ? 2 : 1);
      if (operation === 'middle part' && outcome.kind !== 'sent') {
        expect(outcome.upload).toEqual({ meshMessageId: '20200529155357895317_3573F8', nextPart: 2 });
      }
      // The client is as good as new.
      server.fault = undefined;
      expect((await client.handshake()).kind).toBe('ok');
    }),
  );

  test.each(Object.keys(table))(
    'meets %s once',
    onBench(async ({ server, connect }, name: string) => {
      const row = rowOf(name);
      const client = connect(changesFor(row, 2500));
      server.fault = { on: operations[operation].on, meets: row.meets, times: 1 };
      const outcome = await settle(client, operation);
      const always = kindOf(operation, row);
      const mayTryAgain = always === 'transient' || always === 'unknown' || /40[13]/.test(name);
      const isFirst = operation === 'send' || operation === 'first part';
      if (isFirst) {
        expect(outcome.kind).toBe(/40[13]/.test(name) ? 'sent' : always);
        expect(firstParts(server)).toBe(/40[13]/.test(name) ? 2 : 1);
      } else if (!mayTryAgain) {
        expect(outcome.kind).toBe(always);
      } else if ('meets' in row && isAnswered(row.meets) && always === 'transient') {
        // The answer itself cannot be used, or asks for more patience than a call has: nothing is asked again.
        expect(outcome.kind).toBe('transient');
      } else {
        expect(outcome.kind).toBe(posts.includes(operation) ? 'sent' : 'ok');
      }
    }),
  );
});

/** An answer that a call takes as one, whatever is in it, or that asks for a long wait. */
const isAnswered = (meets: Fault): boolean =>
  (meets.kind === 'answer' && (meets.status === 200 || meets.headers?.['Retry-After'] === '3600')) ||
  (meets.kind === 'endless-body' && meets.status === 200);

describe.concurrent('no connection', () => {
  test.each(allOperations)(
    '%s: nobody listens',
    onBench(async ({ connect }, operation: Operation) => {
      const outcome = await settle(connect({ baseUrl: `https://127.0.0.1:${closedPort}` }), operation);
      expect(outcome.kind).toBe('transient');
    }),
  );

  test.each(allOperations)(
    '%s: the server is of another authority',
    onBench(async ({ server, connect }, operation: Operation) => {
      const { certificate: cert, privateKey: key } = certificate;
      const credentials = { cert, key, ca: elsewhere.ca, password: 'p', sharedKey: 'k' };
      const outcome = await settle(connect({ credentials }), operation);
      expect(outcome).toMatchObject({ kind: 'configuration', cause: 'server-certificate' });
      expect(server.requests).toEqual([]);
    }),
  );

  test.each(allOperations)(
    '%s: the certificate is refused',
    onBench(async ({ server, connect }, operation: Operation) => {
      const { certificate: cert, privateKey: key } = await elsewhere.issueClient('y');
      const credentials = { cert, key, ca: pki.ca, password: 'p', sharedKey: 'k' };
      const outcome = await settle(connect({ credentials, timeouts: {} }), operation);
      expect(outcome).toMatchObject({ kind: 'configuration', cause: 'client-certificate' });
      expect(server.requests).toEqual([]);
    }),
  );

  test.each(allOperations)(
    '%s: no time is left',
    onBench(async ({ server, connect }, operation: Operation) => {
      const outcome = await settle(connect({ deadline: () => clock.now() - 1 }), operation);
      expect(outcome.kind).toBe('transient');
      expect(server.requests).toEqual([]);
    }),
  );
});

test(
  'a list whose pages never end is given up',
  onBench(async ({ server, connect }) => {
    let page = 0;
    server.fault = { on: /\/inbox$/, meets: answer(200), times: 0 };
    const client = connect();
    const kinds: string[] = [];
    server.fault = {
      on: /\/inbox$/,
      get meets(): Fault {
        const next = `/messageexchange/RX1OT001/inbox?continue_from=${page++ % 4}`;
        return answer(200, JSON.stringify({ messages: [`A${page}`], links: { next } }));
      },
      times: 100,
    };
    for await (const { kind } of client.inboxPages()) kinds.push(kind);
    expect(kinds).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'transient']);
  }),
);

test(
  'an id in a list that nobody could ask for does not stand in the way of the others',
  onBench(async ({ server, connect }) => {
    const messages = ['', '.', '..', 5, null, 'a\u0000b', 'x'.repeat(301), 'GOOD'];
    server.fault = { on: /\/inbox$/, meets: answer(200, JSON.stringify({ messages })), times: 1 };
    expect(await connect().listInbox()).toEqual({ kind: 'ok', value: { messageIds: ['GOOD'] } });
  }),
);

test.each(['2:2', '2:3', '3:1'])(
  'a first part that says it is %s is none: nothing of it is taken for the message',
  onBench(async ({ server, connect }, range: string) => {
    server.fault = { on: /inbox/, meets: answer(200, 'x', { 'Mex-Chunk-Range': range }), times: 1 };
    expect((await connect().download('A1')).kind).toBe('transient');
  }),
);

test.each([{}, { 'Mex-Chunk-Range': '1:1' }, { 'Mex-Total-Chunks': 'many' }])(
  'a 206 that does not say how many parts follow is not taken for the whole message (%j)',
  onBench(async ({ server, connect }, headers: Record<string, string>) => {
    server.fault = { on: /inbox/, meets: answer(206, 'x', headers), times: 1 };
    expect((await connect().download('A1')).kind).toBe('transient');
  }),
);

test(
  'text that is not well formed in an id comes to an outcome',
  onBench(async ({ server, connect }) => {
    const client = connect();
    for (const id of ['\ud800', 'a/b', '?', 'é']) expect((await client.head(id)).kind).toBe('ok');
    expect(server.requests.map((request) => request.split('/').at(-1))).toEqual([
      '%EF%BF%BD',
      'a%2Fb',
      '%3F',
      '%C3%A9',
    ]);
  }),
);

test.each(['', 'x'.repeat(301), 'a b', 'a\u0000', 'é'])(
  '%j as the id of a message is none: nobody knows',
  onBench(async ({ server, connect }, message_id: string) => {
    server.fault = { on: /outbox$/, meets: answer(202, JSON.stringify({ message_id })), times: 1 };
    expect((await connect().send(envelope, [part()])).kind).toBe('unknown');
  }),
);
