import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Answer, Mesh } from './mesh.ts';

/** What NHS England witnesses before a client may go live, by its usual numbers. */
export const witnessSteps = (mesh: () => Mesh): void => {
  describe('the witness list', () => {
    const client = { 'mex-ClientVersion': 'contract', 'mex-OSName': process.platform, 'mex-OSVersion': '1' };

    test('100: a handshake is answered', async () => {
      const { ask, sender } = mesh();
      for (const version of [1, 2] as const) {
        const answer = await ask(`/${sender.mailboxId}`, { method: 'POST', headers: client, version });
        expect(answer.status).toBe(200);
        if (version === 1) expect(answer.json).toEqual({ mailboxId: sender.mailboxId });
      }
    });

    test('201: a message is sent, tracked, and waits for its recipient', async () => {
      const { sent, waiting, recipient, sender, ask, workflowId } = mesh();
      const localId = randomUUID();
      const id = await sent({ 'Mex-LocalID': localId });
      expect((await waiting(recipient)).ids).toContain(id);
      const tracked = await ask(`/${sender.mailboxId}/outbox/tracking?messageID=${id}`);
      expect(tracked.status).toBe(200);
      expect(tracked.json).toMatchObject({
        message_id: id,
        local_id: localId,
        workflow_id: workflowId,
        recipient: recipient.mailboxId,
        status: 'accepted',
        status_success: true,
      });
      const inVersion1 = await ask(`/${sender.mailboxId}/outbox/tracking?messageID=${id}`, { version: 1 });
      expect(inVersion1.json).toMatchObject({ messageId: id, localId, status: 'Accepted', statusSuccess: 'SUCCESS' });
    });

    test('202: an acknowledged message leaves the inbox, and the sender can see it', async () => {
      const { sent, acknowledge, waiting, recipient, sender, ask } = mesh();
      const id = await sent();
      expect((await acknowledge(id)).status).toBe(200);
      expect((await acknowledge(id)).status).toBe(200);
      expect((await waiting(recipient)).ids).not.toContain(id);
      const tracked = await ask(`/${sender.mailboxId}/outbox/tracking?messageID=${id}`);
      expect(tracked.json).toMatchObject({ status: 'acknowledged' });
    });

    test('401: an uncompressed message is retrieved as it was sent, with what was said of it', async () => {
      const { sent, fetch, ask, sender, recipient, workflowId } = mesh();
      const body = randomBytes(50_000);
      const md5 = createHash('md5').update(body).digest('hex');
      const id = await sent(
        {
          'Mex-Subject': 'Contract suite',
          'Mex-FileName': 'contract.bin',
          'Mex-LocalID': 'contract-401',
          'Mex-Content-Checksum': md5,
        },
        body,
      );
      const got = await fetch(id);
      expect(got.status).toBe(200);
      expect(got.body.equals(body)).toBe(true);
      expect(got.headers).toMatchObject({
        'mex-messageid': id,
        'mex-messagetype': 'DATA',
        'mex-from': sender.mailboxId,
        'mex-to': recipient.mailboxId,
        'mex-workflowid': workflowId,
        'mex-subject': 'Contract suite',
        'mex-filename': 'contract.bin',
        'mex-localid': 'contract-401',
        'mex-statuscode': '00',
        'mex-statussuccess': 'SUCCESS',
        'mex-chunk-range': '1:1',
        'mex-statustimestamp': expect.stringMatching(/^\d{14}$/),
      });
      const head = await ask(`/${recipient.mailboxId}/inbox/${id}`, { method: 'HEAD', as: recipient });
      expect(head.status).toBe(200);
      expect(head.body.length).toBe(0);
      expect(head.headers).toMatchObject({ 'mex-messageid': id, 'mex-workflowid': workflowId });
    });

    test('402: a compressed message is retrieved compressed or not, and says which', async () => {
      const { sent, fetch } = mesh();
      const text = Buffer.from('<Bundle/>'.repeat(500));
      const id = await sent({ 'Content-Encoding': 'gzip', 'Content-Type': 'application/xml' }, gzipSync(text));
      const got = await fetch(id);
      expect(got.status).toBe(200);
      expect(got.body.equals(text)).toBe(true);
    });

    test('501 and 502: a message in parts, each compressed by itself, is sent and retrieved part by part', async () => {
      const { sent, part, fetch, waiting, recipient } = mesh();
      const pieces = [randomBytes(40_000), Buffer.alloc(90_000, 'x'), randomBytes(1)];
      const gzip = { 'Content-Encoding': 'gzip' };
      const [first, second, third] = pieces.map((piece) => gzipSync(piece));
      const id = await sent({ 'Mex-Chunk-Range': '1:3', ...gzip }, first);
      expect((await part(id, 2, '2:3', second ?? '', gzip)).status).toBe(202);
      expect((await waiting(recipient)).ids).not.toContain(id);
      expect((await part(id, 3, '3:3', third ?? '', gzip)).status).toBe(202);
      expect((await waiting(recipient)).ids).toContain(id);

      const answers: Answer[] = [await fetch(id), await fetch(id, 2), await fetch(id, 3)];
      expect(answers.map(({ status }) => status)).toEqual([206, 206, 200]);
      expect(answers.map(({ headers }) => headers['mex-chunk-range'])).toEqual(['1:3', '2:3', '3:3']);
      expect(Buffer.concat(answers.map(({ body }) => body)).equals(Buffer.concat(pieces))).toBe(true);
      expect((await fetch(id, 4)).status).toBe(404);
    });

    test('601: more than 500 messages are listed page by page, each once, and acknowledged', async () => {
      const { sent, waiting, recipient, acknowledge } = mesh();
      const ids: string[] = [];
      const lanes = Array.from({ length: 16 }, async (_, lane) => {
        for (let n = lane; n < 510; n += 16) ids.push(await sent({}, String(n)));
      });
      await Promise.all(lanes);
      expect(new Set(ids).size).toBe(510);
      const listed = await waiting(recipient);
      expect(listed.pages).toBeGreaterThan(1);
      const ours = new Set(ids);
      const found = listed.ids.filter((id) => ours.has(id));
      expect(found.length).toBe(510);
      expect(new Set(found).size).toBe(510);
      const statuses = await Promise.all(ids.map(async (id) => (await acknowledge(id)).status));
      expect(new Set(statuses)).toEqual(new Set([200]));
      const left = await waiting(recipient);
      expect(left.ids.filter((id) => ours.has(id))).toEqual([]);
    }, 120_000);

    test('702: a recipient that is not registered is refused with code 12', async () => {
      const { send } = mesh();
      const answer = await send({ 'Mex-To': 'NOSUCHMAILBOX1' });
      expect(answer.status).toBe(417);
      expect(answer.json).toMatchObject({ detail: [{ event: 'SEND', code: '12' }] });
      const inVersion1 = await send({ 'Mex-To': 'NOSUCHMAILBOX1' }, 'x', { version: 1 });
      expect(inVersion1.json).toMatchObject({ errorEvent: 'SEND', errorCode: '12' });
    });

    test('703: a message that nobody collects comes back as a report after five days', async (context) => {
      const { admin, lacks, change, sent, waiting, sender, ask, acknowledge, fetch } = mesh();
      if (admin !== 'simulator') lacks(context, 'its clock cannot be moved, and nobody waits five days');
      const id = await sent({ 'Mex-LocalID': 'contract-703', 'Mex-Subject': 'Contract suite' });
      const before = (await waiting(sender)).ids;
      const fiveDays = 5 * 86_400_000;
      expect((await change('clock', { advance_ms: fiveDays + 1000 })).status).toBe(200);
      try {
        const [report = '', ...more] = (await waiting(sender)).ids.filter((other) => !before.includes(other));
        expect(more).toEqual([]);
        const got = await ask(`/${sender.mailboxId}/inbox/${report}`);
        expect(got.status).toBe(200);
        expect(got.body.length).toBe(0);
        expect(got.headers).toMatchObject({
          'mex-messagetype': 'REPORT',
          'mex-linkedmsgid': id,
          'mex-statuscode': '14',
          'mex-statussuccess': 'ERROR',
          'mex-localid': 'contract-703',
          'mex-chunk-range': '1:0',
        });
        expect((await acknowledge(report, sender)).status).toBe(200);
        expect((await fetch(id)).status).toBe(410);
        const tracked = await ask(`/${sender.mailboxId}/outbox/tracking?messageID=${id}`);
        expect(tracked.json).toMatchObject({ status: 'undeliverable', status_success: false });
      } finally {
        await change('clock', { advance_ms: -fiveDays - 1000 });
      }
    });

    test('704: a message that does not exist is answered with 404', async () => {
      const { fetch, ask, sender } = mesh();
      expect((await fetch('20200529155357895317_3573F8')).status).toBe(404);
      const tracked = await ask(`/${sender.mailboxId}/outbox/tracking?messageID=20200529155357895317_3573F8`);
      expect(tracked.status).toBe(404);
    });

    test('705: an acknowledged message is gone', async (context) => {
      const { sent, acknowledge, fetch, lacks } = mesh();
      const id = await sent();
      await acknowledge(id);
      const { status } = await fetch(id);
      if (status === 200) lacks(context, 'it still hands out what was acknowledged');
      expect([404, 410]).toContain(status);
    });
  });
};
