import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MeshClient } from '../../../../shared/mesh/client.ts';
import { envelope, part, practice, type Rig, routed, sender, startRig, stranger } from '../../../contract/mesh/rig.ts';

let rig: Rig;
let client: MeshClient;
beforeAll(async () => {
  rig = await startRig();
  client = rig.client();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const send = async (localId: string) => {
  const outcome = await client.send({ ...envelope, localId }, [part(Buffer.from('<Bundle/>'))]);
  if (outcome.kind !== 'sent') throw new Error(outcome.kind);
  return outcome.meshMessageId;
};
/** MESH takes a message first, and finds out for whom it is after that. */
const onceTracked = (meshMessageId: string, value: object) =>
  vi.waitFor(async () => expect(await client.track(meshMessageId)).toMatchObject({ kind: 'ok', value }), 10_000);
/** The next answer is this, whatever was asked. */
const answerWith = (body: unknown) =>
  rig.simulator.control.failNext({ operation: 'any', fault: 'status', status: 200, body: JSON.stringify(body) });

describe('tracking by local id', () => {
  test('finds none, one or several messages', async () => {
    expect(await client.trackByLocalId('mine/1')).toEqual({ kind: 'ok', value: { found: 'none' } });
    const meshMessageId = await send('mine/1');
    expect(await client.trackByLocalId('mine/1')).toMatchObject({
      kind: 'ok',
      value: { found: 'one', tracked: { meshMessageId, status: 'accepted', localId: 'mine/1' } },
    });
    await send('mine/1');
    expect(await client.trackByLocalId('mine/1')).toEqual({ kind: 'ok', value: { found: 'several' } });
  });

  test('clears up an answer that was lost', async () => {
    rig.simulator.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    const outcome = await client.send({ ...envelope, localId: 'unique' }, [part(Buffer.from('<Bundle/>'))]);
    expect(outcome.kind).toBe('unknown');
    const [sent] = rig.simulator.control.sent();
    expect(await client.trackByLocalId('unique')).toMatchObject({
      value: { found: 'one', tracked: { meshMessageId: sent?.meshMessageId } },
    });
  });
});

describe('tracking by message id', () => {
  test('names the practice that MESH chose, once it has chosen', async () => {
    rig.simulator.control.configure({ deliveryDelayMs: 3_600_000 });
    const undecided = await client.send({ ...envelope, to: routed }, [part(Buffer.from('<Bundle/>'))]);
    const id = undecided.kind === 'sent' ? undecided.meshMessageId : '';
    const before = await client.track(id);
    expect(before).toMatchObject({ kind: 'ok', value: { meshMessageId: id, status: 'accepted' } });
    expect(before.kind === 'ok' && before.value).not.toHaveProperty('recipient');
    rig.simulator.control.configure({ deliveryDelayMs: 0 });
    const sent = await client.send({ ...envelope, to: routed }, [part(Buffer.from('<Bundle/>'))]);
    await onceTracked(sent.kind === 'sent' ? sent.meshMessageId : '', {
      recipient: practice.mailboxId,
      recipientOdsCode: practice.odsCode,
      recipientName: practice.name,
    });
  });

  test('says what became of a message: acknowledged by its recipient, undeliverable with a code, unknown', async () => {
    const id = await send('a');
    await rig.practice.acknowledge(id);
    expect(await client.track(id)).toMatchObject({ value: { status: 'acknowledged' } });
    const lost = await client.send({ ...envelope, to: 'NOBODY' }, [part(Buffer.from('<Bundle/>'))]);
    expect(lost.kind).not.toBe('unknown');
    const nobody = await client.send({ ...envelope, to: 'GPPROVIDER_9691375087_19570109_Other' }, [
      part(Buffer.from('<Bundle/>')),
    ]);
    await onceTracked(nobody.kind === 'sent' ? nobody.meshMessageId : '', {
      status: 'undeliverable',
      statusSuccess: false,
      statusCode: 'EPL-154',
    });
    expect((await client.track('20200529155357895317_3573F8')).kind).toBe('gone');
  });

  test('reads the first version of the answer, where blank means none', async () => {
    answerWith({
      messageId: 'M',
      status: 'Accepted',
      recipient: ' ',
      recipientOrgCode: '',
      meshRecipientOdsCode: 'Y12345',
      recipientOrgName: '',
      recipientName: 'Willow Lane Surgery',
    });
    expect(await client.track('M')).toEqual({
      kind: 'ok',
      value: {
        meshMessageId: 'M',
        status: 'accepted',
        recipientOdsCode: 'Y12345',
        recipientName: 'Willow Lane Surgery',
      },
    });
  });
});

describe('endpoint lookup', () => {
  test('names the mailboxes of an organisation that take a workflow, without a token', async () => {
    expect(await client.lookup(practice.odsCode, envelope.workflowId)).toEqual({
      kind: 'ok',
      value: [{ mailboxId: practice.mailboxId, name: practice.name }],
    });
    expect(await client.lookup(stranger.odsCode, envelope.workflowId)).toEqual({ kind: 'ok', value: [] });
    const wrong = rig.client({ credentials: rig.credentials({ password: 'wrong' }) });
    expect((await wrong.lookup(practice.odsCode, envelope.workflowId)).kind).toBe('ok');
    expect((await wrong.ping()).kind).toBe('ok');
  });

  test('reads both versions of the answer', async () => {
    answerWith({ query_id: 'Q', results: [{ address: 'A1', description: 'A', endpoint_type: 'MESH' }] });
    expect(await client.lookup('X', 'W')).toEqual({ kind: 'ok', value: [{ mailboxId: 'A1', name: 'A' }] });
    answerWith({ results: [{ mailbox_id: 'A1', mailbox_name: null }] });
    expect(await client.searchWorkflow('W')).toEqual({ kind: 'ok', value: [{ mailboxId: 'A1' }] });
  });
});

describe('count', () => {
  test('says how many messages wait', async () => {
    expect(await client.count()).toEqual({ kind: 'ok', value: 0 });
    const content = Buffer.from('x');
    rig.simulator.control.deliver(sender.mailboxId, { from: practice.mailboxId, workflowId: 'W', content });
    expect(await client.count()).toEqual({ kind: 'ok', value: 1 });
  });

  test('reads both versions of the answer', async () => {
    answerWith({ count: 7, internalID: 'I', allResultsIncluded: true });
    expect(await client.count()).toEqual({ kind: 'ok', value: 7 });
    answerWith({ count: -1 });
    expect((await client.count()).kind).toBe('transient');
  });
});
