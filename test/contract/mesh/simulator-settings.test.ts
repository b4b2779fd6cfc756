import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import type { MeshSettings } from '../../../local/mesh/settings.ts';
import { meshAuthorization } from '../../../shared/mesh/token.ts';
import { days } from '../../../shared/platform/clock.ts';
import { envelope, part, practice, type Rig, routed, sender, sharedKey, startRig, stranger } from './rig.ts';

// What sources differ on, or what only some environments do: each way of it.

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const set = (changes: Partial<MeshSettings>) => rig.simulator.control.configure(changes);
const sendOne = (changes: Partial<typeof envelope> = {}, content = 'x') =>
  rig.client().send({ ...envelope, ...changes }, [part(Buffer.from(content))]);
const reports = () =>
  rig.simulator.control
    .inbox(sender.mailboxId)
    .filter(({ messageType }) => messageType === 'REPORT')
    .map(({ headers }) => headers['mex-statuscode']);

describe('downloads', () => {
  const downloaded = async (id: string, acceptEncoding: string | undefined) => {
    const { certificate: cert, privateKey: key } = rig.clientCertificate;
    const asked = request(`${rig.simulator.url}/messageexchange/${practice.mailboxId}/inbox/${id}`, {
      ca: rig.pki.ca,
      cert,
      key,
      headers: {
        Accept: 'application/vnd.mesh.v2+json',
        Authorization: meshAuthorization({ ...practice, sharedKey, nonce: randomUUID(), at: Date.now() }),
        ...(acceptEncoding === undefined ? {} : { 'Accept-Encoding': acceptEncoding }),
      },
    });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on('response', resolve).on('error', reject).end();
    });
    return { encoding: response.headers['content-encoding'], bytes: await buffer(response) };
  };
  const text = Buffer.from('<Bundle/>'.repeat(100));
  const delivered = (bytes: Buffer, encoding?: string) =>
    rig.simulator.control.deliver(practice.mailboxId, {
      from: sender.mailboxId,
      workflowId: 'W',
      content: [{ bytes, ...(encoding === undefined ? {} : { encoding }) }],
    });

  test('come as they were sent', async () => {
    const compressed = delivered(gzipSync(text), 'gzip');
    expect(await downloaded(compressed, undefined)).toEqual({ encoding: 'gzip', bytes: gzipSync(text) });
    expect(await downloaded(delivered(text), 'gzip')).toEqual({ encoding: undefined, bytes: text });
  });

  test('or as the sandbox: compressed for whoever takes it, and decoded for whoever does not', async () => {
    set({ downloadEncoding: 'negotiated' });
    const plain = await downloaded(delivered(text), 'gzip, br');
    expect(plain.encoding).toBe('gzip');
    expect(gunzipSync(plain.bytes).equals(text)).toBe(true);
    expect(await downloaded(delivered(text), undefined)).toEqual({ encoding: undefined, bytes: text });
    const compressed = delivered(gzipSync(text), 'gzip');
    expect(await downloaded(compressed, undefined)).toEqual({ encoding: undefined, bytes: text });
    expect(await downloaded(compressed, 'gzip')).toEqual({ encoding: 'gzip', bytes: gzipSync(text) });
  });

  test('our client reads either', async () => {
    for (const downloadEncoding of ['stored', 'negotiated'] as const) {
      set({ downloadEncoding });
      const outcome = await rig.practice.download(delivered(text));
      if (outcome.kind !== 'ok') throw new Error(outcome.kind);
      expect((await buffer(outcome.value.body)).equals(text)).toBe(true);
    }
  });
});

describe('workflows that may not be used', () => {
  test.each([
    ['the recipient does not take it', '17', {}],
    ['nor can it be sent by the sender', '16', { workflows: ['OTHER'] }],
  ])('are told by a report where it is set so: %s', async (_, code, changes) => {
    set({ workflowRefusal: 'report' });
    rig.simulator.control.changeMailbox(sender.mailboxId, changes);
    expect((await sendOne({ to: stranger.mailboxId })).kind).toBe('sent');
    await expect.poll(reports).toEqual([code]);
    expect(rig.simulator.control.inbox(stranger.mailboxId)).toEqual([]);
  });
});

describe('mailboxes', () => {
  test('a deactivated one gets nothing, and the sender code 14: by its id and by its patient', async () => {
    rig.simulator.control.changeMailbox(practice.mailboxId, { active: false });
    expect((await sendOne()).kind).toBe('sent');
    expect((await sendOne({ to: routed })).kind).toBe('sent');
    await expect.poll(reports).toEqual(['14', '14']);
    expect(rig.simulator.control.inbox(practice.mailboxId)).toEqual([]);
  });

  test('one of MESH’s own cannot be sent to', async () => {
    rig.simulator.control.changeMailbox(practice.mailboxId, { internal: true });
    expect(await sendOne()).toMatchObject({ kind: 'refused', status: 417, code: '12' });
  });
});

describe('routing', () => {
  test.each([
    ['DDMMYYYY', '09011957', 'sent'],
    ['either', '09011957', 'sent'],
    ['either', '19570109', 'sent'],
    ['DDMMYYYY', '19570109', 'EPL-154'],
  ] as const)('dates of birth as %s: %s', async (dateOfBirthFormat, birthDate, outcome) => {
    set({ dateOfBirthFormat });
    expect((await sendOne({ to: `GPPROVIDER_9691375087_${birthDate}_Smith-Jones` })).kind).toBe('sent');
    if (outcome === 'sent') expect(rig.simulator.control.inbox(practice.mailboxId)).toHaveLength(1);
    else await expect.poll(reports).toEqual([outcome]);
  });
});

describe('parts', () => {
  test('too small ones are refused where that is enforced, except the last', async () => {
    set({ minPartBytes: 1000 });
    const small = part(Buffer.alloc(999));
    expect(await rig.client().send(envelope, [small, small])).toMatchObject({ kind: 'refused', status: 417 });
    const enough = part(Buffer.alloc(1000));
    expect((await rig.client().send(envelope, [enough, small])).kind).toBe('sent');
    expect((await sendOne()).kind).toBe('sent');
  });
});

describe('time', () => {
  test('at thirty days nothing is left of a message, collected or not, nor of an upload that was given up', async () => {
    const clock = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
    const own = await startRig({ clock });
    const { control } = own.simulator;
    const client = own.client();
    const sent = [];
    for (let i = 0; i < 2; i++) {
      const outcome = await client.send(envelope, [part(Buffer.from('x'))]);
      if (outcome.kind !== 'sent') throw new Error(outcome.kind);
      sent.push(outcome.meshMessageId);
    }
    await own.practice.acknowledge(sent[0] ?? '');
    control.failNext({ operation: 'sendChunk', fault: 'status', status: 400 });
    const two = [part(Buffer.from('a')), part(Buffer.from('b'))];
    await client.send(envelope, two);
    await clock.advance(days(30) - 1);
    expect(control.sent().map(({ body }) => body.length)).toEqual([1, 1]);
    await clock.advance(1);
    expect(control.sent().map(({ body }) => body.length)).toEqual([0, 0]);
    for (const id of sent) expect(await own.practice.download(id)).toMatchObject({ kind: 'gone', status: 410 });
    await own.close();
  });

  test('a report on an uncollected message names its recipient or its sender', async () => {
    const clock = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
    const own = await startRig({ clock, settings: { reportAddressedTo: 'recipient' } });
    await own.client().send(envelope, [part(Buffer.from('x'))]);
    await clock.advance(days(5));
    const page = await own.client().listInbox();
    const [id = ''] = page.kind === 'ok' ? page.value.messageIds : [];
    const head = await own.client().head(id);
    if (head.kind !== 'ok') throw new Error(head.kind);
    expect(head.value.get('mex-to')).toBe(practice.mailboxId);
    await own.close();
  });
});
