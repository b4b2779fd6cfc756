import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scaledClock } from '../../../local/clock.ts';
import { createPki } from '../../../local/pki/pki.ts';
import { createMeshClient, type MeshClient } from '../../../shared/mesh/client.ts';
import { parseErrorBody } from '../../../shared/mesh/error-body.ts';
import { MeshHeaders } from '../../../shared/mesh/mesh-headers.ts';
import { parseReport } from '../../../shared/mesh/reports.ts';
import { bodyOf, envelope, gzipped, part, type Rig, startRig } from '../../contract/mesh/rig.ts';

// A server may answer anything: the client never throws, never hangs and never takes nonsense for a success.

const clock = scaledClock(200);
let rig: Rig;
let odd: Server;
let client: MeshClient;
let answer: (response: ServerResponse, socket: Socket) => void;

beforeAll(async () => {
  rig = await startRig({ clock });
  const pki = await createPki({ now: clock.now() });
  const server = await pki.issueServer();
  const { certificate: cert, privateKey: key } = await pki.issueClient('x');
  odd = createServer({ cert: server.certificate, key: server.privateKey }, (request, response) => {
    request.resume();
    request.on('end', () => (request.url?.endsWith('_ping') ? response.end() : answer(response, request.socket)));
  });
  await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
  client = createMeshClient({
    baseUrl: `https://127.0.0.1:${(odd.address() as AddressInfo).port}`,
    mailboxId: 'RX1OT001',
    credentials: { cert, key, ca: pki.ca, password: 'p', sharedKey: 'k' },
    clock,
    ids: { uuid: randomUUID },
    timeouts: { idleMs: 200, diagnosisMs: 10 },
  });
});
afterAll(async () => {
  client.close();
  odd.close();
  await rig.close();
});

const body = fc.oneof(
  fc.constantFrom(
    '',
    'null',
    '{}',
    '[]',
    '{"message_id":',
    '{"message_id":5}',
    '{"messages":{}}',
    '{"messages":[1]}',
    '<html/>',
  ),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
);
const status = fc.constantFrom(
  200,
  201,
  202,
  204,
  206,
  300,
  302,
  304,
  400,
  401,
  403,
  404,
  406,
  408,
  410,
  417,
  418,
  422,
  423,
  425,
  429,
  500,
  502,
  503,
  504,
  599,
);
const headerValue = fc.oneof(
  fc.constantFrom(
    '',
    '1:1',
    '1:2',
    '2:2',
    '1:0',
    '0:0',
    '1:99999',
    'x:y',
    'gzip',
    'GZIP',
    'deflate',
    'REPORT',
    '-1',
    '1e9',
  ),
  fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\x20-\x7e]/g, '')),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'Mex-Chunk-Range',
    'Mex-Total-Chunks',
    'Content-Encoding',
    'Mex-MessageType',
    'Retry-After',
    'Mex-StatusCode',
    'Location',
  ),
  headerValue,
);

const anyAnswer = fc.record({ status, headers, body, cut: fc.boolean() });
const parameters = { seed: 20260301, numRuns: 60 };

const set = ({
  status,
  headers,
  body,
  cut,
}: {
  status: number;
  headers: Record<string, string>;
  body: string;
  cut: boolean;
}) => {
  answer = (response, socket) => {
    response.writeHead(status, { ...headers, ...(cut ? { 'Content-Length': Buffer.byteLength(body) + 1 } : {}) });
    if (cut) response.write(`${body} `.slice(0, -1), () => socket.destroy());
    else response.end(body);
  };
};

test('whatever MESH answers, an operation comes to an outcome', async () => {
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (given) => {
      set(given);
      const kinds = ['ok', 'refused', 'transient', 'configuration', 'gone'];
      const outcomes = [
        await client.handshake(),
        await client.listInbox(),
        await client.head('x'),
        await client.acknowledge('x'),
        await client.track('x'),
        await client.trackByLocalId('x'),
        await client.count(),
        await client.lookup('x', 'y'),
        await client.searchWorkflow('y'),
      ];
      for (const { kind } of outcomes) expect(kinds).toContain(kind);
      for await (const page of client.inboxPages()) expect(kinds).toContain(page.kind);
    }),
    parameters,
  );
});

test('whatever MESH answers, a message is sent only with an id, and a doubt is never called a failure', async () => {
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (given) => {
      set(given);
      const outcome = await client.send(envelope, [part(Buffer.from('content'))]);
      if (outcome.kind === 'sent') expect(outcome.meshMessageId.length).toBeGreaterThan(0);
      if (given.status >= 500 || given.status < 300) expect(['sent', 'unknown']).toContain(outcome.kind);
      else expect(['refused', 'transient', 'configuration', 'unknown']).toContain(outcome.kind);
    }),
    parameters,
  );
});

test('whatever bytes come in place of an answer, an operation comes to an outcome, and a message is never called unsent', async () => {
  const line = fc.constantFrom(
    'HTTP/1.1 202 Accepted\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
    'HTTP/1.0 202\r\n\r\n',
    '{"message_id":"20200529155357895317_3573F8"}',
    '\r\n\r\n',
  );
  const bytes = fc.array(fc.oneof(line, fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(bytes, async (pieces) => {
      answer = (_, socket) => void socket.end(Buffer.from(pieces.join(''), 'latin1'));
      expect(['ok', 'transient', 'refused', 'configuration', 'gone']).toContain((await client.listInbox()).kind);
      const { kind } = await client.send(envelope, [part(Buffer.from('content'))]);
      expect(['sent', 'unknown']).toContain(kind);
    }),
    { seed: 20260304, numRuns: 60 },
  );
});

test('whatever MESH answers, a download ends in bytes or in a MeshFault', async () => {
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (given) => {
      set(given);
      const outcome = await client.download('x');
      if (outcome.kind !== 'ok') return;
      const bytes = await bodyOf(outcome.value.body).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'MeshFault', outcome: { kind: expect.any(String) } });
      });
      if (bytes && outcome.value.headers.contentEncoding !== 'gzip') expect(given.cut).toBe(false);
    }),
    parameters,
  );
});

test('a list without an end is given up', async () => {
  let page = 0;
  answer = (response) =>
    response.end(JSON.stringify({ messages: [], links: { next: `/messageexchange/RX1OT001/inbox?p=${page++ % 3}` } }));
  const kinds: string[] = [];
  for await (const { kind } of client.inboxPages()) kinds.push(kind);
  expect(kinds).toEqual(['ok', 'ok', 'ok', 'ok', 'transient']);
});

test('a list beyond any size is not read into memory', async () => {
  answer = (response) => {
    response.on('error', () => undefined);
    const more = () => {
      while (!response.destroyed && response.write('"20200529155357895317_3573F8",'.repeat(1000)));
      if (!response.destroyed) response.once('drain', more);
    };
    response.write('{"messages":[');
    more();
  };
  expect(await client.listInbox()).toMatchObject({ kind: 'transient' });
});

test('any content in any number of parts arrives byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 20_000 }),
      async (pieces, compressed, piece) => {
        const buffers = pieces.map((bytes) => Buffer.from(bytes));
        const parts = buffers.map((bytes) => (compressed ? gzipped(bytes) : part(bytes, piece)));
        const outcome = await rig
          .client()
          .send({ ...envelope, ...(compressed ? { contentEncoding: 'gzip' as const } : {}) }, parts);
        if (outcome.kind !== 'sent') throw new Error(outcome.kind);
        const download = await rig.practice.download(outcome.meshMessageId);
        if (download.kind !== 'ok') throw new Error(download.kind);
        expect((await bodyOf(download.value.body)).equals(Buffer.concat(buffers))).toBe(true);
      },
    ),
    { seed: 20260302, numRuns: 25 },
  );
});

test('any text as an error body, and any headers as a report, are read without throwing', () => {
  fc.assert(
    fc.property(body, fc.array(fc.tuple(fc.string(), fc.string())), (text, entries) => {
      const { code = '' } = parseErrorBody(text);
      expect(code).toMatch(/^[A-Za-z0-9 _.-]{0,40}$/);
      parseReport(new MeshHeaders([['mex-messagetype', 'REPORT'], ...entries]));
    }),
    { seed: 20260303 },
  );
});
