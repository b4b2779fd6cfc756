import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import type { MeshClient } from '../../../shared/mesh/client.ts';
import type { UploadProgress } from '../../../shared/mesh/outcomes.ts';
import { envelope, gzipped, part, patient, practice, type Rig, routed, sender, startRig, stranger } from './rig.ts';

let rig: Rig;
let client: MeshClient;
beforeAll(async () => {
  rig = await startRig({ settings: { maxBodyBytes: 200_000 } });
  client = rig.client();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const one = [part(Buffer.from('<Bundle/>'))];
const three = () => [randomBytes(50_000), randomBytes(50_000), randomBytes(7)];

describe('to the practice of a patient (GPCM-SD-056, GPCM-SD-063)', () => {
  test('NHS number, date of birth and surname find the practice, in any case of the surname', async () => {
    for (const to of [routed, routed.toUpperCase()])
      expect((await client.send({ ...envelope, to }, one)).kind).toBe('sent');
    const sent = rig.simulator.control.sent();
    expect(sent.map((message) => message.deliveredTo)).toEqual([practice.mailboxId, practice.mailboxId]);
    expect(sent[0]).toMatchObject({ from: sender.mailboxId, to: routed, headers: { 'mex-from': sender.mailboxId } });
    expect(rig.simulator.control.inbox(practice.mailboxId)).toHaveLength(2);
  });

  test.each([
    ['EPL-150', 'two practices', 'GPPROVIDER_9691375117_19570109_Smith-Jones'],
    ['EPL-151', 'a practice without a mailbox', 'GPPROVIDER_9691375109_19570109_Smith-Jones'],
    ['EPL-152', 'a number with a wrong check digit', 'GPPROVIDER_9691375088_19570109_Smith-Jones'],
    ['EPL-153', 'an unknown number', 'GPPROVIDER_9691375125_19570109_Smith-Jones'],
    ['EPL-154', 'another surname', 'GPPROVIDER_9691375087_19570109_Smith'],
    ['EPL-154', 'another date of birth', 'GPPROVIDER_9691375087_19570110_Smith-Jones'],
    ['EPL-154', 'the day before the year', 'GPPROVIDER_9691375087_09011957_Smith-Jones'],
  ])('%s comes as a report after the message was accepted: %s', async (code, _, to) => {
    const sent = await client.send({ ...envelope, to }, one);
    if (sent.kind !== 'sent') throw new Error(sent.kind);
    await expect.poll(() => rig.simulator.control.inbox(sender.mailboxId)).toHaveLength(1);
    expect(rig.simulator.control.inbox(sender.mailboxId)[0]).toMatchObject({
      messageType: 'REPORT',
      workflowId: envelope.workflowId,
      headers: { 'mex-statuscode': code, 'mex-linkedmsgid': sent.meshMessageId, 'mex-localid': 'RX1' },
    });
    expect(rig.simulator.control.inbox(practice.mailboxId)).toEqual([]);
  });

  test('delivery and reports take the time that they are set to, by the clock', async () => {
    const clock = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
    const slow = await startRig({ clock, settings: { deliveryDelayMs: 30_000, reportDelayMs: 60_000 } });
    const own = slow.client();
    await own.send({ ...envelope, to: routed }, one);
    await own.send({ ...envelope, to: `GPPROVIDER_${patient.nhsNumber}_19570109_Smith` }, one);
    expect(slow.simulator.control.inbox(practice.mailboxId)).toHaveLength(0);
    await clock.advance(30_000);
    expect(slow.simulator.control.inbox(practice.mailboxId)).toHaveLength(1);
    expect(slow.simulator.control.inbox(sender.mailboxId)).toHaveLength(0);
    await clock.advance(30_000);
    expect(slow.simulator.control.inbox(sender.mailboxId)).toHaveLength(1);
    await slow.close();
  });
});

describe('refused by MESH', () => {
  test.each([
    ['a recipient without the workflow', { to: stranger.mailboxId }, 417, '17'],
    ['a header with an address of the web', { workflowId: 'http://example.org' }, 400, '06'],
  ])('%s', async (_, changes, status, code) => {
    expect(await client.send({ ...envelope, ...changes }, one)).toMatchObject({ kind: 'refused', status, code });
    expect(rig.simulator.control.requests.send).toBe(1);
  });

  test('a workflow that the sender may not use', async () => {
    const credentials = rig.credentials({ password: stranger.password });
    const own = rig.client({ mailboxId: stranger.mailboxId, credentials });
    expect(await own.send(envelope, one)).toMatchObject({ kind: 'refused', status: 417, code: '16' });
  });

  test('more than one request may carry', async () => {
    expect(await client.send(envelope, [part(randomBytes(200_001))])).toMatchObject({
      kind: 'refused',
      status: 413,
      advice: expect.stringContaining('smaller'),
    });
    expect((await client.send(envelope, [part(randomBytes(200_000))])).kind).toBe('sent');
  });
});

describe('refused before anything is sent', () => {
  test.each([
    ['no parts', []],
    ['an empty part', [{ length: 0, open: () => Readable.from([]) }]],
    ['a part beyond 100 MB', [{ length: 100_000_001, open: () => Readable.from([]) }]],
  ])('%s', async (_, parts) => {
    const outcome = await client.send(envelope, parts);
    expect(outcome.kind).toBe('refused');
    expect(outcome).not.toHaveProperty('status');
  });

  test('a name that a header cannot carry', async () => {
    expect(await client.send({ ...envelope, subject: 'ŵ' }, one)).toMatchObject({ kind: 'refused' });
    expect(rig.simulator.control.requests).toMatchObject({ send: 0, ping: 0 });
  });
});

describe('a part that does not keep its word', () => {
  test('cannot be opened: nothing was sent', async () => {
    const parts = [{ length: 5, open: () => Promise.reject(new Error('Marker')) }];
    const outcome = await client.send(envelope, parts);
    expect(outcome).toMatchObject({ kind: 'transient', reason: 'The part could not be read.' });
  });

  test.each([
    ['longer', 4],
    ['shorter', 6],
  ])('%s than announced: MESH cannot have accepted it, and there is no doubt', async (_, length) => {
    const parts = [{ length, open: () => Readable.from([Buffer.from('h'), Buffer.from('e'), Buffer.from('llo')]) }];
    expect(await client.send(envelope, parts)).toMatchObject({ kind: 'transient' });
    expect(rig.simulator.control.sent()).toEqual([]);
  });

  test('ends late: an answer that comes before the source says that it is over is still the answer', async () => {
    const stream = new Readable({ read() {} });
    stream.push(Buffer.from('hello'));
    const pending = client.send(envelope, [{ length: 5, open: () => stream }]);
    setTimeout(() => stream.push(null), 50);
    expect((await pending).kind).toBe('sent');
    expect(rig.simulator.control.sent()[0]?.body.toString()).toBe('hello');
  });

  test('in one piece of the wrong length: nothing of it goes out', async () => {
    for (const length of [4, 6]) {
      const parts = [{ length, open: () => Readable.from([Buffer.from('hello')]) }];
      expect(await client.send(envelope, parts)).toMatchObject({ kind: 'transient' });
    }
    expect(rig.simulator.control.requests.send).toBe(0);
  });

  test('breaks off: the stream is closed, and there is no doubt', async () => {
    const stream = new Readable({ read() {} });
    stream.push(Buffer.alloc(100));
    const open = () => {
      setTimeout(() => stream.push(Buffer.alloc(100)), 10);
      setTimeout(() => stream.destroy(new Error('Marker')), 50);
      return stream;
    };
    const outcome = await client.send(envelope, [{ length: 1000, open }]);
    expect(outcome).toMatchObject({ kind: 'transient', reason: 'The part could not be read.' });
    expect(stream.destroyed).toBe(true);
  });

  test('was over before it was opened: nobody waits for it', async () => {
    const stream = new Readable({ read() {} });
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(await client.send(envelope, [{ length: 1000, open: () => stream }])).toMatchObject({
      kind: 'transient',
      reason: 'The part could not be read.',
    });
  });
});

describe('a message in parts', () => {
  test('goes in order, each progress told before the next part', async () => {
    const progress: UploadProgress[] = [];
    const pieces = three();
    const outcome = await client.send({ ...envelope, contentEncoding: 'gzip' }, pieces.map(gzipped), {
      onProgress: (at) => void progress.push(at),
    });
    if (outcome.kind !== 'sent') throw new Error(outcome.kind);
    expect(progress.map(({ nextPart }) => nextPart)).toEqual([2, 3]);
    const [sent] = rig.simulator.control.sent();
    expect(sent?.meshMessageId).toBe(outcome.meshMessageId);
    expect(sent?.body.equals(Buffer.concat(pieces))).toBe(true);
  });

  test('a lost answer to the last part: 423 on its repetition is success, and one message exists', async () => {
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'delay' });
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'reset-after-accept' });
    expect(
      (
        await client.send(
          envelope,
          three().map((bytes) => part(bytes)),
        )
      ).kind,
    ).toBe('sent');
    expect(rig.simulator.control.requests).toMatchObject({ send: 1, sendChunk: 3 });
    expect(rig.simulator.control.sent()).toHaveLength(1);
  });

  test('a middle part is repeated after a cut, an error of the server and a wait', async () => {
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'reset-after-accept' });
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'status', status: 502, body: '<html/>' });
    const pieces = three();
    expect(
      (
        await client.send(
          envelope,
          pieces.map((bytes) => part(bytes)),
        )
      ).kind,
    ).toBe('sent');
    expect(rig.simulator.control.requests).toMatchObject({ send: 1, sendChunk: 4 });
    expect(rig.simulator.control.sent()[0]?.body.equals(Buffer.concat(pieces))).toBe(true);
  });

  test('is finished later where it stopped, without its first part', async () => {
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'delay' });
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'reset-before', times: 3 });
    const pieces = three();
    const stopped = await client.send(
      envelope,
      pieces.map((bytes) => part(bytes)),
    );
    if (stopped.kind !== 'unknown' || !stopped.upload) throw new Error(stopped.kind);
    expect(stopped.upload.nextPart).toBe(3);
    const resumed = await client.send(
      envelope,
      pieces.map((bytes) => part(bytes)),
      { resume: stopped.upload },
    );
    expect(resumed).toEqual({ kind: 'sent', meshMessageId: stopped.upload.meshMessageId });
    expect(rig.simulator.control.requests.send).toBe(1);
    expect(rig.simulator.control.sent()[0]?.body.equals(Buffer.concat(pieces))).toBe(true);
    // What we knew of the progress was old: MESH has all of it.
    const again = await client.send(
      envelope,
      pieces.map((bytes) => part(bytes)),
      {
        resume: { ...stopped.upload, nextPart: 2 },
      },
    );
    expect(again).toEqual(resumed);
    expect(rig.simulator.control.sent()).toHaveLength(1);
  });

  test('a middle part that fails for good leaves no doubt: without it nothing is delivered', async () => {
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'reset-before', times: 3 });
    expect(
      await client.send(
        envelope,
        three().map((bytes) => part(bytes)),
      ),
    ).toMatchObject({
      kind: 'transient',
      upload: { nextPart: 2 },
    });
    expect(rig.simulator.control.sent()).toEqual([]);
  });

  test('an upload that MESH has dropped is refused', async () => {
    const resume = { meshMessageId: '20200529155357895317_3573F8', nextPart: 2 };
    const outcome = await client.send(
      envelope,
      three().map((bytes) => part(bytes)),
      { resume },
    );
    expect(outcome).toMatchObject({ kind: 'refused', status: 404, advice: expect.stringContaining('first part') });
  });

  test('single parts can be sent by themselves', async () => {
    const first = await client.send(envelope, [part(Buffer.from('a')), part(Buffer.from('b'))]);
    if (first.kind !== 'sent') throw new Error(first.kind);
    const chunk = { meshMessageId: first.meshMessageId, total: 2, contentType: 'application/xml' };
    expect(await client.sendChunk({ ...chunk, part: 2, content: part(Buffer.from('b')) })).toMatchObject({
      kind: 'ok',
    });
    expect(await client.sendChunk({ ...chunk, part: 1, content: part(Buffer.from('b')) })).toMatchObject({
      kind: 'refused',
    });
    expect(await client.sendChunk({ ...chunk, part: 3, content: part(Buffer.from('b')) })).toMatchObject({
      kind: 'refused',
    });
  });
});

describe('connections', () => {
  test('one TLS handshake serves many messages', async () => {
    for (let i = 0; i < 20; i++) expect((await client.send(envelope, one)).kind).toBe('sent');
    expect(rig.simulator.control.connections()).toBeLessThanOrEqual(1);
    expect(rig.simulator.control.requests.ping).toBeLessThanOrEqual(1);
  });

  test('many at once keep to the most connections allowed', async () => {
    const narrow = rig.client({ maxConnections: 3 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => narrow.send(envelope, one)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(20).fill('sent'));
    expect(rig.simulator.control.sent()).toHaveLength(20);
  });

  test('a message never goes out on a connection that waited too long: no doubt after a frozen invocation', async () => {
    const clock = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
    const frozen = await startRig({ clock });
    const own = frozen.client();
    expect((await own.send(envelope, one)).kind).toBe('sent');
    await clock.advance(5000);
    expect((await own.send(envelope, one)).kind).toBe('sent');
    expect(frozen.simulator.control.connections()).toBe(2);
    own.dropIdleConnections();
    expect((await own.send(envelope, one)).kind).toBe('sent');
    expect(frozen.simulator.control.connections()).toBe(3);
    expect(frozen.simulator.control.requests.ping).toBe(3);
    await frozen.close();
  });
});
