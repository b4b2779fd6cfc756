import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import type { MeshClient } from '../../../shared/mesh/client.ts';
import { parseReport } from '../../../shared/mesh/reports.ts';
import { days } from '../../../shared/platform/clock.ts';
import { bodyOf, envelope, gzipped, part, practice, type Rig, sender, startRig } from './rig.ts';

// The steps that NHS England witnesses before a client may go live, by their usual numbers.

let rig: Rig;
let client: MeshClient;
beforeAll(async () => {
  rig = await startRig();
  client = rig.client();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const idsOf = async (of: MeshClient) => {
  const page = await of.listInbox();
  return page.kind === 'ok' ? page.value.messageIds : [];
};

const contentOf = async (of: MeshClient, id: string) => {
  const download = await of.download(id);
  if (download.kind !== 'ok') throw new Error(download.kind);
  return { headers: download.value.headers, body: await bodyOf(download.value.body) };
};

test('100: a handshake proves the mailbox', async () => {
  const outcome = await client.handshake();
  expect(outcome).toMatchObject({ kind: 'ok', value: { clockSkewMs: expect.any(Number) } });
  expect(rig.simulator.control.requests.handshake).toBe(1);
});

test('201 and 202: a message is sent, collected and acknowledged', async () => {
  const sent = await client.send(envelope, [part(Buffer.from('<Bundle/>'))]);
  expect(sent).toMatchObject({ kind: 'sent', meshMessageId: expect.stringMatching(/^\d{20}_[0-9A-F]{6}$/) });
  const [id = ''] = await idsOf(rig.practice);
  expect(sent).toMatchObject({ meshMessageId: id });
  expect(await client.track(id)).toMatchObject({
    kind: 'ok',
    value: { meshMessageId: id, status: 'accepted', recipient: practice.mailboxId, recipientOdsCode: 'GP0001' },
  });
  expect(await rig.practice.acknowledge(id)).toEqual({ kind: 'ok', value: undefined });
  expect(await idsOf(rig.practice)).toEqual([]);
  expect(await client.track(id)).toMatchObject({ kind: 'ok', value: { status: 'acknowledged', statusSuccess: true } });
});

test('401: an uncompressed message is collected as it was sent, with its headers', async () => {
  const bytes = Buffer.from('<Bundle>Siân</Bundle>');
  await client.send({ ...envelope, subject: 'Siân', fileName: 'x.xml', checksum: 'ab12' }, [part(bytes)]);
  const [id = ''] = await idsOf(rig.practice);
  const { headers, body } = await contentOf(rig.practice, id);
  expect(body.equals(bytes)).toBe(true);
  expect(headers.messageId).toBe(id);
  expect(headers.messageType).toBe('DATA');
  expect(headers.from).toBe(sender.mailboxId);
  expect(headers.get('Mex-To')).toBe(practice.mailboxId);
  expect(headers.get('MEX-SUBJECT')).toBe('Siân');
  expect(headers.get('mex-filename')).toBe('x.xml');
  expect(headers.get('mex-content-checksum')).toBe('ab12');
  expect(headers.get('content-type')).toBe('application/xml');
  expect(headers.localId).toBe('RX1');
  expect(headers.chunkRange).toEqual({ part: 1, total: 1 });
});

test('402: a compressed message is collected decoded', async () => {
  const bytes = Buffer.from('<Bundle/>'.repeat(1000));
  await client.send({ ...envelope, contentEncoding: 'gzip' }, [gzipped(bytes)]);
  const [id = ''] = await idsOf(rig.practice);
  const { headers, body } = await contentOf(rig.practice, id);
  expect(headers.contentEncoding).toBe('gzip');
  expect(body.equals(bytes)).toBe(true);
});

test('501 and 502: a message in parts, each compressed by itself, arrives whole', async () => {
  const pieces = [randomBytes(70_000), Buffer.alloc(100_000, 'x'), randomBytes(1)];
  const sent = await client.send({ ...envelope, contentEncoding: 'gzip' }, pieces.map(gzipped));
  expect(sent.kind).toBe('sent');
  expect(rig.simulator.control.requests.sendChunk).toBe(2);
  const [id = ''] = await idsOf(rig.practice);
  const { headers, body } = await contentOf(rig.practice, id);
  expect(headers.chunkRange).toEqual({ part: 1, total: 3 });
  expect(headers.get('content-type')).toBe('application/xml');
  expect(body.equals(Buffer.concat(pieces))).toBe(true);
  expect(rig.simulator.control.requests).toMatchObject({ download: 1, downloadChunk: 2 });
});

test('601: more than 500 messages are collected, each once', async () => {
  const wanted = Array.from({ length: 1201 }, (_, i) =>
    rig.simulator.control.deliver(practice.mailboxId, {
      from: sender.mailboxId,
      workflowId: 'BULK',
      content: Buffer.from(String(i)),
    }),
  );
  const ids: string[] = [];
  for await (const id of rig.practice.allInboxIds()) ids.push(id);
  expect(ids).toEqual(wanted);
  expect(rig.simulator.control.requests.list).toBe(3);
  for (const id of ids) expect((await rig.practice.acknowledge(id)).kind).toBe('ok');
  expect(await idsOf(rig.practice)).toEqual([]);
});

test('701: a wrong password, a wrong shared key and a foreign mailbox are configuration faults', async () => {
  const wrong = [
    rig.client({ credentials: rig.credentials({ password: 'wrong' }) }),
    rig.client({ credentials: rig.credentials({ sharedKey: 'wrong' }) }),
    rig.client({ mailboxId: practice.mailboxId }),
    rig.client({ mailboxId: 'NOBODY' }),
  ];
  for (const bad of wrong) {
    const outcome = { kind: 'configuration', reason: expect.stringContaining('403'), advice: expect.any(String) };
    expect(await bad.handshake()).toMatchObject(outcome);
    expect(await bad.send(envelope, [part(Buffer.from('x'))])).toMatchObject(outcome);
  }
  expect(rig.simulator.control.sent()).toEqual([]);
});

test('702: an unregistered recipient is refused with code 12', async () => {
  expect(await client.send({ ...envelope, to: 'NOBODY' }, [part(Buffer.from('x'))])).toMatchObject({
    kind: 'refused',
    status: 417,
    code: '12',
    advice: expect.stringContaining('service desk'),
  });
});

test('703: a message that nobody collects comes back as a report after five days', async () => {
  const clock = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
  const later = await startRig({ clock });
  const own = later.client();
  const sent = await own.send(envelope, [part(Buffer.from('x'))]);
  if (sent.kind !== 'sent') throw new Error(sent.kind);
  await clock.advance(days(5) - 1);
  expect(await idsOf(own)).toEqual([]);
  await clock.advance(1);
  const [id = ''] = await idsOf(own);
  const { headers, body } = await contentOf(own, id);
  expect(body.length).toBe(0);
  expect(headers.chunkRange).toEqual({ part: 1, total: 0 });
  expect(parseReport(headers)).toMatchObject({
    linkedMessageId: sent.meshMessageId,
    statusCode: '14',
    workflowId: envelope.workflowId,
    timestamp: clock.now(),
  });
  expect(await own.acknowledge(id)).toMatchObject({ kind: 'ok' });
  expect(await idsOf(later.practice)).toEqual([]);
  expect(await later.practice.download(sent.meshMessageId)).toMatchObject({ kind: 'gone', status: 410 });
  expect(await own.track(sent.meshMessageId)).toMatchObject({
    value: { status: 'undeliverable', statusSuccess: false, statusCode: '14' },
  });
  await later.close();
});

test('704: a message that does not exist is gone with 404', async () => {
  const gone = { kind: 'gone', status: 404, code: '20' };
  expect(await client.download('20200529155357895317_3573F8')).toMatchObject(gone);
  expect(await client.head('no/such?message')).toMatchObject({ kind: 'gone', status: 404 });
  expect(await client.track('20200529155357895317_3573F8')).toMatchObject(gone);
});

test('705: an acknowledged message is gone with 410, and may be acknowledged again', async () => {
  await client.send(envelope, [part(Buffer.from('x'))]);
  const [id = ''] = await idsOf(rig.practice);
  await rig.practice.acknowledge(id);
  expect(await rig.practice.download(id)).toMatchObject({ kind: 'gone', status: 410 });
  expect(await rig.practice.head(id)).toMatchObject({ kind: 'gone', status: 410 });
  expect(await rig.practice.acknowledge(id)).toMatchObject({ kind: 'ok' });
});
