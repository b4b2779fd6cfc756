import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { scaledClock } from '../../../local/clock.ts';
import { createPki, type Pki } from '../../../local/pki/pki.ts';
import type { MeshClient } from '../../../shared/mesh/client.ts';
import type { MeshCredentials } from '../../../shared/mesh/credentials.ts';
import { days } from '../../../shared/platform/clock.ts';
import { envelope, part, type Rig, startRig } from './rig.ts';

let rig: Rig;
let elsewhere: Pki;
const servers: Server[] = [];
beforeAll(async () => {
  rig = await startRig({ clock: scaledClock(50) });
  elsewhere = await createPki({ now: Date.now() });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rig.close());

const both = async (client: MeshClient) => [
  await client.handshake(),
  await client.send(envelope, [part(Buffer.alloc(2_000_000))]),
];

const expectConfiguration = async (client: MeshClient, reason: RegExp) => {
  for (const outcome of await both(client)) {
    expect(outcome).toMatchObject({
      kind: 'configuration',
      reason: expect.stringMatching(reason),
      advice: expect.stringMatching(/^[A-Z].{20,}\.$/),
    });
  }
};

const listen = async (server: Server) => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const with_ = (changes: Partial<MeshCredentials>, baseUrl = rig.simulator.url) =>
  rig.client({ baseUrl, credentials: rig.credentials(changes) });

test('a server of another authority is not talked to', async () => {
  await expectConfiguration(with_({ ca: elsewhere.ca }), /does not descend from the CA bundle/);
});

test('a server whose certificate is for another host is not talked to', async () => {
  const other = await startRig({ server: (pki) => pki.issueServer(['mesh.example.org']) });
  await expectConfiguration(other.client(), /for another host/);
  expect(other.simulator.control.requests.handshake).toBe(0);
  await other.close();
});

test('a server whose certificate has expired is not talked to', async () => {
  const past = { notBefore: Date.now() - days(30), notAfter: Date.now() - days(1) };
  const other = await startRig({ server: (pki) => pki.issueServer(['127.0.0.1'], past) });
  await expectConfiguration(other.client(), /not valid today/);
  await other.close();
});

test('a certificate of another authority is refused, and nothing of the message goes out', async () => {
  const { certificate: cert, privateKey: key } = await elsewhere.issueClient('somebody');
  await expectConfiguration(with_({ cert, key }), /refused the client certificate/);
  expect(rig.simulator.control.requests).toMatchObject({ handshake: 0, send: 0, ping: 0 });
});

test('an expired certificate is refused', async () => {
  const past = { notBefore: Date.now() - days(30), notAfter: Date.now() - days(1) };
  const { certificate: cert, privateKey: key } = await rig.pki.issueClient('old', past);
  await expectConfiguration(with_({ cert, key }), /refused the client certificate/);
});

test('a key of another certificate, and texts that are no PEM, never reach the network', async () => {
  const { privateKey: key } = await rig.pki.issueClient('other');
  for (const bad of [{ key }, { key: 'Marker' }, { cert: 'Marker' }]) {
    await expectConfiguration(with_(bad), /cannot be used/);
    const unusable = with_(bad);
    expect(JSON.stringify(await both(unusable))).not.toContain('Marker');
    for (const outcome of [
      await unusable.listInbox(),
      await unusable.head('x'),
      await unusable.download('x'),
      await unusable.acknowledge('x'),
      await unusable.track('x'),
      await unusable.ping(),
    ]) {
      expect(outcome.kind).toBe('configuration');
    }
    unusable.close();
  }
});

test.each([
  ['unknown authority', 48],
  ['expired', 45],
  ['revoked', 44],
  ['bad certificate', 42],
  ['handshake failure', 40],
])('a TLS alert (%s) is a configuration fault', async (_, alert) => {
  const url = await listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
    }),
  );
  await expectConfiguration(with_({}, url), /refused the client certificate/);
});

test('a server that speaks no TLS is a configuration fault', async () => {
  const url = await listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    }),
  );
  await expectConfiguration(with_({}, url), /does not speak TLS 1.2 or newer/);
});

test('a server that speaks an old TLS only is a configuration fault', async () => {
  const { certificate: cert, privateKey: key } = await rig.pki.issueServer();
  const old = { cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  const server = createTlsServer(old);
  server.on('tlsClientError', () => undefined);
  await expectConfiguration(with_({}, await listen(server)), /does not speak TLS 1.2 or newer/);
});

test('nobody listening, and a name that does not exist, pass by themselves', async () => {
  const url = await listen(createServer());
  for (const server of servers.splice(0)) server.close();
  for (const baseUrl of [url, 'https://mesh.invalid']) {
    for (const outcome of await both(with_({}, baseUrl))) expect(outcome.kind).toBe('transient');
  }
});

test('a server that accepts and says nothing passes by itself', async () => {
  const open = new Set<{ destroy(): void }>();
  const url = await listen(createServer((socket) => void open.add(socket.on('error', () => undefined))));
  const client = rig.client({ baseUrl: url, timeouts: { connectMs: 100 } });
  for (const outcome of await both(client)) {
    expect(outcome).toMatchObject({ kind: 'transient', reason: 'No connection to MESH in 100 ms.' });
  }
  for (const socket of open) socket.destroy();
});

test('a base URL without TLS is a mistake of the program', () => {
  expect(() => rig.client({ baseUrl: 'http://127.0.0.1:1' })).toThrow(RangeError);
});
