import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { envelopeObject, partObject } from '../../../shared/delivery/keys.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import { stateOf } from '../../../shared/delivery/state-of.ts';
import { minutes } from '../../../shared/platform/clock.ts';
import { readWhole } from '../../../shared/platform/objects.ts';
import { CrashPlan } from '../../support/faults.ts';
import { putSender } from '../../support/registry.ts';
import { createRig, type Rig } from '../../support/rig.ts';

// A document in several transport parts through the whole of sending: what was begun is finished, not begun again.

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.mesh.control.reset());

const read = async (key: string): Promise<Buffer> => {
  const found = await readWhole(rig.context.messages, key, 10_000_000);
  if (!found || found === 'too-large') throw new Error(`no ${key}`);
  return found.bytes;
};
const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error('lost');
  return record;
};

/** A composed document whose message lies there in three parts, as that of a large report would. */
const inThreeParts = async () => {
  const encounterId = randomUUID();
  const { documentId } = await rig.drop(encounterId, { encounterId });
  await rig.takeEvents();
  const { stored } = currentComposition(await recordOf(documentId));
  if (!stored) throw new Error('not composed');
  const whole = await read(partObject(stored.folder, 1));
  const third = Math.ceil(whole.length / 3);
  const parts = [0, 1, 2].map((n) => whole.subarray(n * third, (n + 1) * third));
  for (const [n, bytes] of parts.entries()) await rig.context.messages.put(partObject(stored.folder, n + 1), bytes);
  const envelope = JSON.parse((await read(envelopeObject(stored.folder))).toString());
  const described = parts.map(({ length }) => ({ ...envelope.parts[0], length }));
  await rig.context.messages.put(envelopeObject(stored.folder), JSON.stringify({ ...envelope, parts: described }));
  return { documentId, whole, folder: stored.folder };
};

const expectOneMessage = async (documentId: string, whole: Buffer) => {
  expect(stateOf(await recordOf(documentId))).toBe('SENT');
  const sent = rig.mesh.control.sent();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body.equals(whole)).toBe(true);
  expect(currentComposition(await recordOf(documentId)).meshMessageId).toBe(sent[0]?.meshMessageId);
};

test('a middle part that fails leaves no doubt and no flag: the next attempt goes on under the same MESH id', async () => {
  const { documentId, whole } = await inThreeParts();
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'reset-before', times: 3 });
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('COMPOSED');
  rig.clock.leap(minutes(3));
  await rig.takeOutbox();
  await expectOneMessage(documentId, whole);
  expect(rig.mesh.control.requests.send).toBe(1);
  expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBeUndefined();
});

test('a last part whose answers are all lost is a doubt: the re-send finishes the same message, and there is one', async () => {
  const { documentId, whole } = await inThreeParts();
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'delay' });
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'reset-after-accept' });
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'reset-before', times: 2 });
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('SENDING');
  rig.clock.leap(minutes(25));
  await rig.watch();
  await rig.takeOutbox();
  await expectOneMessage(documentId, whole);
  expect(rig.mesh.control.requests.send).toBe(1);
  // One message, so the practice cannot have two.
  expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBeUndefined();
});

test('a doubt about a last part of which MESH knows nothing any more: the first part goes again, flagged', async () => {
  const { documentId, folder } = await inThreeParts();
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'delay' });
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'reset-after-accept' });
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'reset-before', times: 2 });
  await rig.takeOutbox();
  const lost = { meshMessageId: '20200529155357895317_3573F8', nextPart: 3, folder, at: rig.clock.now() };
  await rig.table.write(
    `UPLOAD#${documentId}`,
    lost,
    (await rig.table.read<{ revision?: number }>(`UPLOAD#${documentId}`))?.revision ?? 0,
  );
  rig.clock.leap(minutes(25));
  await rig.watch();
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('SENDING');
  expect(rig.mesh.control.requests.send).toBe(1);
  for (let round = 0; round < 3; round++) {
    rig.clock.leap(minutes(16));
    await rig.watch();
    await rig.takeOutbox();
  }
  expect(stateOf(await recordOf(documentId))).toBe('SENT');
  expect(rig.mesh.control.requests.send).toBe(2);
  expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBe(true);
});

test('a middle part that MESH refuses is no doubt: the document has failed, with the reason', async () => {
  const { documentId } = await inThreeParts();
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'status', status: 413 });
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('SEND_FAILED');
  expect(currentComposition(await recordOf(documentId)).failure?.code).toBe('HTTP_413');
  expect(rig.mesh.control.sent()).toEqual([]);
});

test('a middle part that MESH calls one too many is a doubt', async () => {
  const { documentId } = await inThreeParts();
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'status', status: 423 });
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('SENDING');
});

test('a doubt about the last part is not cleared up by a refusal to look at it again', async () => {
  const { documentId } = await inThreeParts();
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'delay' });
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'reset-after-accept' });
  rig.mesh.control.failNext({ operation: 'sendChunk', fault: 'status', status: 429, times: 2 });
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('SENDING');
  expect(rig.mesh.control.sent()).toHaveLength(1);
});

test('an upload that MESH does not know any more is begun again, and told of', async () => {
  const { documentId, whole, folder } = await inThreeParts();
  const lost = { meshMessageId: '20200529155357895317_3573F8', nextPart: 2, folder, at: rig.clock.now() };
  await rig.table.write(`UPLOAD#${documentId}`, lost, 0);
  await rig.takeOutbox();
  rig.clock.leap(minutes(3));
  await rig.takeOutbox();
  await expectOneMessage(documentId, whole);
  expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBeUndefined();
  expect(rig.lines.some((line) => line.includes('SEND_UPLOAD_ABANDONED'))).toBe(true);
});

test('a first part whose answer was lost is found by its local id, where that is unique, and the upload goes on', async () => {
  await putSender(rig.table, { ...rig.senderSetting, localId: 'unique' });
  const { clock } = rig.context;
  Object.assign(rig.context, { clock: { ...rig.clock, sleep: async () => undefined } });
  for (const asksAgain of [false, true]) {
    rig.mesh.control.reset();
    const { documentId, whole } = await inThreeParts();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    if (asksAgain) rig.mesh.control.failNext({ operation: 'trackByLocalId', fault: 'status', status: 404 });
    await rig.takeOutbox();
    expect(stateOf(await recordOf(documentId))).toBe(asksAgain ? 'SENDING' : 'COMPOSED');
    rig.clock.leap(minutes(25));
    await rig.watch();
    await rig.takeOutbox();
    const { messageHeaderId, meshMessageId, possibleDuplicate } = currentComposition(await recordOf(documentId));
    // Documents of the tests before may go out as well.
    const own = rig.mesh.control.sent().filter(({ headers }) => headers['mex-localid'] === messageHeaderId);
    expect(own.map((sent) => sent.meshMessageId)).toEqual([meshMessageId]);
    expect(own[0]?.body.equals(whole)).toBe(true);
    expect(possibleDuplicate).toBeUndefined();
  }
  Object.assign(rig.context, { clock });
  await putSender(rig.table, rig.senderSetting);
});

test('a function that dies in an upload leaves one message, whole, whatever was written down', async () => {
  const rehearsal = new CrashPlan(0, 'before');
  await inThreeParts();
  rig.crashWith(rehearsal);
  await rig.takeOutbox();
  rig.crashWith(undefined);
  const gets = rehearsal.names.flatMap((name, n) => (name === 'messages.get' ? [n + 1] : []));
  const [, first = 0, second = 0, third = 0] = gets;
  const points = {
    'the first part is with MESH, its id not written down': first + 1,
    'its id is written down': second,
    'the second part is with MESH, and that not written down': second + 1,
    'the last part is with MESH, and that not written down': third + 1,
  };
  for (const [where, at] of Object.entries(points)) {
    rig.mesh.control.reset();
    rig.outbox.length = 0;
    const { documentId, whole } = await inThreeParts();
    const plan = new CrashPlan(at, 'before');
    rig.crashWith(plan);
    await rig.takeOutbox();
    rig.crashWith(undefined);
    expect(plan.crashed, where).toBe(true);
    const { messageHeaderId } = currentComposition(await recordOf(documentId));
    rig.clock.leap(minutes(25));
    await rig.watch();
    await rig.takeOutbox();
    expect(stateOf(await recordOf(documentId)), where).toBe('SENT');
    const own = rig.mesh.control.sent().filter(({ body }) => body.includes(messageHeaderId));
    expect(own.length, where).toBe(1);
    expect(own[0]?.body.equals(whole), where).toBe(true);
  }
});

test('progress of other bytes is not gone on with', async () => {
  const { documentId, whole } = await inThreeParts();
  const other = { meshMessageId: 'OTHER', nextPart: 3, folder: 'messages/other/1/run/', at: rig.clock.now() };
  await rig.table.write(`UPLOAD#${documentId}`, other, 0);
  await rig.takeOutbox();
  await expectOneMessage(documentId, whole);
  expect(rig.mesh.control.requests).toMatchObject({ send: 1, sendChunk: 2 });
});
