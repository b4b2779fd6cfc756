import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { leapingClock, scaledClock } from '../../../local/clock.ts';
import { createPki } from '../../../local/pki/pki.ts';
import { createMeshClient, type MeshClient, type MeshClientSetting } from '../../../shared/mesh/client.ts';
import type { MeshCredentials } from '../../../shared/mesh/credentials.ts';
import { hours, minutes } from '../../../shared/platform/clock.ts';
import { envelope, part, type Rig, sender, startRig } from '../../contract/mesh/rig.ts';

// Credentials change while a function holds the old ones; the clock goes wrong.

let rig: Rig;
const opened: MeshClient[] = [];
beforeAll(async () => {
  rig = await startRig({ clock: scaledClock(100) });
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

const connect = (credentials: MeshCredentials, changes: Partial<MeshClientSetting> = {}): MeshClient => {
  const client = createMeshClient({
    baseUrl: rig.simulator.url,
    mailboxId: sender.mailboxId,
    credentials,
    clock: scaledClock(100),
    ids: { uuid: randomUUID },
    timeouts: { diagnosisMs: 200 },
    ...changes,
  });
  opened.push(client);
  return client;
};
const old = () => rig.credentials({ password: 'the password of yesterday' });
const one = [part(Buffer.from('<Bundle/>'))];

describe('a rotation', () => {
  test('of the password: each operation makes a new token first, then reads the credentials once, and succeeds', async () => {
    const renewCredentials = vi.fn(async () => rig.credentials());
    const client = connect(old(), { renewCredentials });
    expect((await client.handshake()).kind).toBe('ok');
    expect(rig.simulator.control.requests.handshake).toBe(3);
    expect((await client.send(envelope, one)).kind).toBe('sent');
    expect(renewCredentials).toHaveBeenCalledTimes(1);
  });

  test('found by a message: it is posted again only because MESH said that it did not take it', async () => {
    const client = connect(old(), { renewCredentials: async () => rig.credentials() });
    expect((await client.send(envelope, one)).kind).toBe('sent');
    expect(rig.simulator.control.requests.send).toBe(3);
    expect(rig.simulator.control.sent()).toHaveLength(1);
  });

  test('found by a later part of a message does not begin it again', async () => {
    // The same to MESH, and other text.
    const first = rig.credentials({ ca: `${rig.pki.ca}\n` });
    const client = connect(first, { renewCredentials: async () => rig.credentials() });
    const refused = { operation: 'sendChunk', fault: 'status', status: 403, times: 2 } as const;
    rig.simulator.control.failNext(refused);
    expect((await client.send(envelope, [...one, ...one, ...one])).kind).toBe('sent');
    expect(rig.simulator.control.requests).toMatchObject({ send: 1, sendChunk: 4 });
  });

  test('of the certificate: a refused one is replaced, and nothing was sent with it', async () => {
    const elsewhere = await createPki({ now: Date.now() });
    const { certificate: cert, privateKey: key } = await elsewhere.issueClient('x');
    const client = connect(rig.credentials({ cert, key }), { renewCredentials: async () => rig.credentials() });
    expect((await client.send(envelope, one)).kind).toBe('sent');
    expect(rig.simulator.control.requests.send).toBe(1);
  });

  test('many operations at once read the credentials once', async () => {
    const renewCredentials = vi.fn(async () => rig.credentials());
    const client = connect(old(), { renewCredentials });
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => client.listInbox()));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(12).fill('ok'));
    expect(renewCredentials).toHaveBeenCalledTimes(1);
  });

  test('that is none: the fault is told, and the credentials are not read again with every operation', async () => {
    const renewCredentials = vi.fn(async () => old());
    const client = connect(old(), { renewCredentials, clock: scaledClock(1) });
    for (let n = 0; n < 3; n++) {
      expect(await client.listInbox()).toMatchObject({ kind: 'configuration', cause: 'token' });
    }
    expect(renewCredentials).toHaveBeenCalledTimes(1);
    expect(rig.simulator.control.requests.list).toBe(6);
  });

  test.each([
    ['cannot be read now', () => Promise.reject(new Error('Marker')), 'token'],
    ['does not exist', () => Promise.resolve(undefined), 'token'],
    [
      'is faulty',
      () => Promise.resolve({ kind: 'configuration', cause: 'credentials', reason: 'R.', advice: 'A.' } as const),
      'credentials',
    ],
    ['is no PEM', async () => rig.credentials({ key: 'Marker' }), 'credentials'],
  ])('whose secret %s is a configuration fault', async (_, renewCredentials, cause) => {
    const outcome = await connect(old(), { renewCredentials }).listInbox();
    expect(outcome).toMatchObject({ kind: 'configuration', cause });
    expect(JSON.stringify(outcome)).not.toContain('Marker');
  });
});

describe('the clock', () => {
  test('is compared with the server’s at every answer', async () => {
    const clock = leapingClock();
    const client = connect(rig.credentials(), { clock });
    expect(client.clockSkew()).toBeUndefined();
    clock.leap(minutes(30));
    await client.ping();
    // The server’s clock runs fast, too, from the start of this file.
    const before = client.clockSkew() ?? 0;
    clock.leap(-minutes(20));
    await client.ping();
    expect(before - (client.clockSkew() ?? 0)).toBeGreaterThan(minutes(19));
  });

  test.each([
    ['ahead of', hours(3)],
    ['behind', -hours(3)],
  ])('three hours %s the server’s: the refusal of the token is explained by it', async (word, by) => {
    const still = await startRig();
    const clock = leapingClock();
    clock.leap(by);
    const client = still.client({ clock });
    const outcome = await client.handshake();
    expect(outcome).toMatchObject({ kind: 'configuration', cause: 'clock-skew' });
    expect(outcome.kind === 'configuration' && outcome.reason).toMatch(
      new RegExp(`403.*our clock is (3 h 0|2 h 59) min ${word}`),
    );
    await still.close();
  });
});
