import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createPipe, connect as netConnect, type Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { realClock } from '../../../local/clock.ts';
import { createPki, type Pki } from '../../../local/pki/pki.ts';
import { createMeshClient, type MeshClient } from '../../../shared/mesh/client.ts';

// What a TLS connection does that broke after it stood, and what the process's environment may not do to it.

const clock = realClock();
let pki: Pki;
let own: { certificate: string; privateKey: string };
let server: Server;
let closing: (() => void)[] = [];
const asked: string[] = [];

beforeAll(async () => {
  pki = await createPki({ now: clock.now() });
  own = await pki.issueClient('x');
});
beforeEach(() => {
  asked.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) close();
});

const listening = async (one: { listen: (port: number, host: string, done: () => void) => unknown }) =>
  new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
const portOf = (one: { address(): unknown }) => (one.address() as AddressInfo).port;

/** A MESH that reads a message to its end, behind something that then writes `bytes` past TLS. */
const startBreaking = async (bytes: Buffer, maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
  const { certificate, privateKey } = await pki.issueServer();
  const bare = new Set<Socket>();
  server = createServer(
    { cert: certificate, key: privateKey, ca: pki.ca, requestCert: true, maxVersion },
    (request, response) => {
      request.resume().on('end', () => {
        asked.push(`${request.method} ${request.url}`);
        if (/outbox/.test(request.url ?? '')) for (const socket of bare) socket.write(bytes);
        else response.end();
      });
    },
  );
  await listening(server);
  const pipe = createPipe((socket) => {
    const onwards = netConnect(portOf(server), '127.0.0.1');
    bare.add(socket);
    for (const end of [socket, onwards]) end.on('error', () => end.destroy());
    socket.pipe(onwards).pipe(socket);
  });
  await listening(pipe);
  closing = [
    () => {
      for (const socket of bare) socket.destroy();
      pipe.close();
      server.closeAllConnections();
      server.close();
    },
  ];
  return `https://127.0.0.1:${portOf(pipe)}`;
};

const connect = (baseUrl: string, ca = pki.ca): MeshClient => {
  const credentials = { cert: own.certificate, key: own.privateKey, ca, password: 'p', sharedKey: 'k' };
  const client = createMeshClient({ baseUrl, mailboxId: 'A', credentials, clock, ids: { uuid: randomUUID } });
  closing.push(() => client.close());
  return client;
};
const envelope = { to: 'X', workflowId: 'W', localId: 'L', subject: 's', contentType: 'application/xml' };

const debris = {
  'an answer in plain text': Buffer.from('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
  'a record of another version': Buffer.from([0x17, 2, 0, 0, 20, ...Buffer.alloc(20)]),
  'an alert in plain text': Buffer.from([0x15, 3, 3, 0, 2, 2, 49]),
  'a record that cannot be decrypted': Buffer.from([0x17, 3, 3, 0, 40, ...Buffer.alloc(40)]),
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  test.each(Object.entries(debris))('a message that MESH has read in full, then %s: nobody knows', async (_, bytes) => {
    const client = connect(await startBreaking(bytes, version));
    const outcome = await client.send(envelope, [{ length: 3, open: () => Buffer.from('abc') }]);
    expect(outcome.kind).toBe('unknown');
    expect(asked.filter((one) => one.endsWith('/outbox'))).toHaveLength(1);
  });
});

test('no variable of the process turns verification off', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const elsewhere = await createPki({ now: clock.now() });
  const client = connect(await startBreaking(Buffer.alloc(0), 'TLSv1.3'), elsewhere.ca);
  expect(await client.handshake()).toMatchObject({ kind: 'configuration', cause: 'server-certificate' });
  expect(asked).toEqual([]);
});
