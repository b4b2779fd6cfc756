import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MeshClient } from '../../../../shared/mesh/client.ts';
import { envelope, part, practice, type Rig, sender, startRig, stranger } from '../../../contract/mesh/rig.ts';

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
