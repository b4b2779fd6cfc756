import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPki, type IssuedCertificate, type Pki } from '../../../local/pki/pki.ts';
import { createMeshClient, type MeshClient } from '../../../shared/mesh/client.ts';
import { systemClock } from '../../../shared/platform/clock.ts';
import { envelope, part } from '../../contract/mesh/rig.ts';

// A frozen function hears of nothing: its server runs on while it stands still, and gives up the idle connections.

const idleLimitMs = 150;
const frozenMs = 600;

/** In a thread of its own, or it would freeze as well. */
const server = `
const { parentPort, workerData } = require('node:worker_threads');
const counts = { posts: 0, connections: 0, closed: 0 };
const server = require('node:https').createServer({ ...workerData.tls, requestCert: true, keepAliveTimeout: 0 }, (request, response) => {
  request.resume().on('end', () => {
    if (request.method === 'POST') counts.posts++;
    response.end('{"message_id":"20200529155357895317_3573F8"}');
    // Node's own limit has a second of grace: this server has none.
    setTimeout(() => { if (request.socket.served === response) request.socket.destroy(); }, workerData.idleLimitMs);
    request.socket.served = response;
  });
});
server.on('secureConnection', (socket) => { counts.connections++; socket.on('close', () => counts.closed++).on('error', () => undefined); });
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.on('message', () => parentPort.postMessage(counts));
`;

interface Counts {
  readonly posts: number;
  readonly connections: number;
  readonly closed: number;
}

let worker: Worker;
let pki: Pki;
let own: IssuedCertificate;
let port: number;
const told = <T>() => new Promise<T>((resolve) => worker.once('message', resolve));
beforeAll(async () => {
  pki = await createPki({ now: Date.now() });
  own = await pki.issueClient('x');
  const { certificate: cert, privateKey: key } = await pki.issueServer();
  worker = new Worker(server, { eval: true, workerData: { tls: { cert, key, ca: pki.ca }, idleLimitMs } });
  port = await told<number>();
});
afterAll(() => worker.terminate());

const counts = () => {
  const answer = told<Counts>();
  worker.postMessage('counts');
  return answer;
};
const connect = (): MeshClient =>
  createMeshClient({
    baseUrl: `https://127.0.0.1:${port}`,
    mailboxId: 'RX1OT001',
    credentials: { cert: own.certificate, key: own.privateKey, ca: pki.ca, password: 'p', sharedKey: 'k' },
    clock: systemClock,
    ids: { uuid: randomUUID },
    maxIdleMs: 100,
  });
/** Nothing of this thread runs: no timer, no packet is looked at. */
const freeze = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, frozenMs);

test('frozen past the server’s idle limit: the message goes out once, without doubt, on a connection that stands', async () => {
  const client = connect();
  const one = [part(Buffer.from('<Bundle/>'))];
  expect((await client.send(envelope, one)).kind).toBe('sent');
  for (let n = 1; n <= 3; n++) {
    freeze();
    expect((await client.send(envelope, one)).kind).toBe('sent');
    expect((await counts()).posts).toBe(n + 1);
  }
  client.close();
});

test('frozen between two invocations: what was idle is given up first', async () => {
  const before = await counts();
  const client = connect();
  expect((await client.handshake()).kind).toBe('ok');
  freeze();
  client.dropIdleConnections();
  expect((await client.send(envelope, [part(Buffer.from('<Bundle/>'))])).kind).toBe('sent');
  expect((await counts()).posts - before.posts).toBe(2);
  client.close();
});

test('frozen while an answer is read: the next operation has a connection of its own', async () => {
  const client = connect();
  const download = await client.download('A1');
  freeze();
  expect(download.kind).toBe('ok');
  expect((await client.send(envelope, [part(Buffer.from('<Bundle/>'))])).kind).toBe('sent');
  client.close();
});
