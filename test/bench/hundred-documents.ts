import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { realClock } from '../../local/clock.ts';
import { startMeshSimulator } from '../../local/mesh/simulator.ts';
import { createPki } from '../../local/pki/pki.ts';
import { makeDrop, manifestPatient, pickTestPatients } from '../../local/samples/variants.ts';
import { meshAuthorization } from '../../shared/mesh/token.ts';
import { startForTest } from '../support/local-system.ts';

/**
 * `npm run bench`: a hundred documents dropped together, from the drop to SENT and to ACCEPTED, beside the least that it could
 * take: the same messages posted to the same MESH over mutual TLS, by one process that does nothing else.
 */

const count = 100;
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

const began = performance.now();
const system = await startForTest();
console.log(`up after ${seconds(performance.now() - began)}; clock ${system.run.timeScale} times as fast`);

const drops = await Promise.all(
  pickTestPatients(count).map((patient, n) =>
    makeDrop(
      { text: `Report ${n}`, minBytes: 50_000 },
      { encounterId: randomUUID(), patient: manifestPatient(patient) },
    ),
  ),
);
const put = (key: string, body: Uint8Array) =>
  system.s3.send(new PutObjectCommand({ Bucket: system.run.inboxBucket, Key: key, Body: body }));

const dropped = performance.now();
await Promise.all(
  drops.flatMap(({ pdf, json }, n) => [put(`inbox/RX1/bench-${n}.pdf`, pdf), put(`inbox/RX1/bench-${n}.json`, json)]),
);
const inBucket = performance.now();
let allSent = 0;
const open = new Set(drops.keys());
while (open.size > 0) {
  // Looks seldom: what watches must not be what takes the time.
  await new Promise((resolve) => setTimeout(resolve, 250));
  const sent = system.mesh.control.sent().filter(({ from }) => from === 'RX1OT001').length;
  if (sent >= count && allSent === 0) allSent = performance.now();
  const received = (await system.received()).length;
  if (received >= count) {
    for (const n of [...open].slice(0, 20)) {
      if ((await system.receipt(`bench-${n}`))?.state === 'ACCEPTED') open.delete(n);
    }
  }
  if (performance.now() - dropped > 180_000) throw new Error('not all were ACCEPTED in three minutes');
}
const accepted = performance.now();
const bodies = system.mesh.control
  .sent()
  .filter(({ from }) => from === 'RX1OT001')
  .map(({ body }) => body);

const pki = await createPki({ now: Date.now() });
const mailbox = { mailboxId: 'RX1OT001', password: 'password', odsCode: 'RX1', name: 'sender' };
const mesh = await startMeshSimulator({
  clock: realClock(),
  pki,
  mailboxes: [mailbox],
  sharedKey: 'key',
  patients: [],
});
const client = await pki.issueClient('RX1OT001');
const agent = new Agent({
  ca: pki.ca,
  cert: client.certificate,
  key: client.privateKey,
  keepAlive: true,
  maxSockets: 5,
});
const post = (body: Buffer) =>
  new Promise<void>((resolve, reject) => {
    const sending = request(
      `${mesh.url}/messageexchange/RX1OT001/outbox`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: meshAuthorization({
            mailboxId: 'RX1OT001',
            password: 'password',
            sharedKey: 'key',
            nonce: randomUUID(),
            at: Date.now(),
          }),
          'mex-to': 'RX1OT001',
          'mex-workflowid': 'GPFED_CONSULT_REPORT',
          'content-length': body.length,
        },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () =>
          answer.statusCode === 202 ? resolve() : reject(new Error(`MESH said ${answer.statusCode}`)),
        );
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
const limitBegan = performance.now();
await Promise.all(bodies.map(post));
const limit = performance.now() - limitBegan;

console.log(
  `documents                     ${count}, posts ${bodies.length}, ${Math.round((bodies[0]?.length ?? 0) / 1024)} KiB of XML each`,
);
console.log(`200 PutObject                 ${seconds(inBucket - dropped)}`);
console.log(`drop to all SENT              ${seconds(allSent - dropped)}`);
console.log(`drop to all ACCEPTED          ${seconds(accepted - dropped)}`);
console.log(`limit: the bare ${count} posts    ${seconds(limit)}`);
agent.destroy();
await mesh.close();
await system.stop();
