import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Encounter } from '../../../shared/delivery/encounter.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import { stateOf } from '../../../shared/delivery/state-of.ts';
import { minutes } from '../../../shared/platform/clock.ts';
import { putSender } from '../../support/registry.ts';
import { createRig, type Rig } from '../../support/rig.ts';

// MESH may have the message and nobody knows. Where local ids are unique MESH is asked before it is sent again.

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await putSender(rig.table, { ...rig.senderSetting, localId: 'unique' });
  // The seconds until MESH is asked pass at once.
  Object.assign(rig.context, { clock: { ...rig.clock, sleep: async () => undefined } });
});
afterAll(() => rig.close());
beforeEach(() => {
  rig.mesh.control.reset();
  rig.outbox.length = 0;
});

const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error('lost');
  return record;
};
const compositionOf = async (documentId: string) => currentComposition(await recordOf(documentId));
const composed = async () => {
  const encounterId = randomUUID();
  const { documentId } = await rig.drop(encounterId, { encounterId });
  await rig.takeEvents();
  return { documentId, encounterId };
};
type Fault = Parameters<Rig['mesh']['control']['failNext']>[0];
const failNext = (...faults: Fault[]) => {
  for (const fault of faults) rig.mesh.control.failNext(fault);
};
/** MESH took it, its answer was lost, and asked at once it does not show it yet. */
const inDoubt = async () => {
  const document = await composed();
  failNext(
    { operation: 'send', fault: 'reset-after-accept' },
    { operation: 'trackByLocalId', fault: 'status', status: 404 },
  );
  await rig.takeOutbox();
  expect(stateOf(await recordOf(document.documentId))).toBe('SENDING');
  return document;
};
const afterTheWait = async () => {
  rig.clock.leap(minutes(25));
  await rig.watch();
  await rig.takeOutbox();
};
const expectOneMessage = async (documentId: string) => {
  expect(stateOf(await recordOf(documentId))).toBe('SENT');
  const [sent, ...more] = rig.mesh.control.sent();
  expect(more).toEqual([]);
  const { meshMessageId, messageHeaderId, possibleDuplicate } = await compositionOf(documentId);
  expect(meshMessageId).toBe(sent?.meshMessageId);
  expect(sent?.headers['mex-localid']).toBe(messageHeaderId);
  expect(possibleDuplicate).toBeUndefined();
};

describe('with unique local ids a lost answer', () => {
  test('is found again within the invocation: sent once, no doubt, no flag', async () => {
    const { documentId } = await composed();
    failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    await expectOneMessage(documentId);
    expect(rig.mesh.control.requests).toMatchObject({ send: 1, trackByLocalId: 1 });
  });

  test('that MESH did not show at first is found before it would be sent again, and the claim is free', async () => {
    const { documentId, encounterId } = await inDoubt();
    await afterTheWait();
    await expectOneMessage(documentId);
    expect(rig.mesh.control.requests).toMatchObject({ send: 1, trackByLocalId: 2 });
    expect((await rig.table.read<Encounter>(`ENCOUNTER#RX1#${encounterId}`))?.inFlight).toBeUndefined();
  });

  test('of a message that MESH does not have is followed by one re-send, flagged', async () => {
    const { documentId } = await composed();
    failNext({ operation: 'send', fault: 'reset-before' });
    await rig.takeOutbox();
    expect(stateOf(await recordOf(documentId))).toBe('SENDING');
    await afterTheWait();
    expect(stateOf(await recordOf(documentId))).toBe('SENT');
    expect(rig.mesh.control.requests).toMatchObject({ send: 2, trackByLocalId: 2 });
    expect(rig.mesh.control.sent()).toHaveLength(1);
    expect((await compositionOf(documentId)).possibleDuplicate).toBe(true);
  });

  test('of a message that MESH has twice is held for a person, and not sent again', async () => {
    const { documentId } = await inDoubt();
    failNext({ operation: 'trackByLocalId', fault: 'status', status: 300 });
    await afterTheWait();
    const record = await recordOf(documentId);
    expect(record.holds).toEqual([
      expect.objectContaining({ reason: 'doubt', why: expect.stringContaining('more than one') }),
    ]);
    expect(currentComposition(record).possibleDuplicate).toBe(true);
    await afterTheWait();
    expect(rig.mesh.control.requests.send).toBe(1);
  });

  test('is not sent again while MESH cannot be asked, and is found later', async () => {
    const { documentId } = await inDoubt();
    failNext({ operation: 'trackByLocalId', fault: 'status', status: 503, times: 3 });
    await afterTheWait();
    expect(stateOf(await recordOf(documentId))).toBe('SENDING');
    expect(rig.mesh.control.requests.send).toBe(1);
    await afterTheWait();
    await expectOneMessage(documentId);
  });

  test('of which MESH refuses to tell anything is sent again, as where it cannot be asked', async () => {
    const { documentId } = await inDoubt();
    failNext({ operation: 'trackByLocalId', fault: 'status', status: 400 });
    await afterTheWait();
    expect(stateOf(await recordOf(documentId))).toBe('SENT');
    expect((await compositionOf(documentId)).possibleDuplicate).toBe(true);
  });

  test('after which the mailbox is refused opens its circuit, and the document waits', async () => {
    const { documentId } = await inDoubt();
    failNext({ operation: 'trackByLocalId', fault: 'status', status: 403, times: 3 });
    await afterTheWait();
    expect(stateOf(await recordOf(documentId))).toBe('SENDING');
    expect(rig.lines.some((line) => line.includes('MAILBOX_CIRCUIT_OPEN'))).toBe(true);
    rig.clock.leap(minutes(6));
    await rig.watch();
    await afterTheWait();
    await expectOneMessage(documentId);
  });
});

test('with the sender’s ODS code as local id MESH is not asked: it would find every document', async () => {
  await putSender(rig.table, rig.senderSetting);
  const { documentId } = await composed();
  failNext({ operation: 'send', fault: 'reset-after-accept' });
  await rig.takeOutbox();
  await afterTheWait();
  expect(rig.mesh.control.requests).toMatchObject({ send: 2, trackByLocalId: 0 });
  expect((await compositionOf(documentId)).possibleDuplicate).toBe(true);
  expect(rig.mesh.control.sent().map(({ headers }) => headers['mex-localid'])).toEqual(['RX1', 'RX1']);
});
