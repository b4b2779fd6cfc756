import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mesh } from './mesh.ts';

/** What hurts in production and only happens on demand: by the simulator's admin routes. */
export const troubleSteps = (mesh: () => Mesh): void => {
  describe('trouble on demand', () => {
    beforeEach((context) => {
      const { admin, lacks } = mesh();
      if (admin !== 'simulator') lacks(context, 'it makes no trouble on demand');
    });
    let restore: [path: string, body: unknown][] = [];
    afterEach(async () => {
      const { admin, change } = mesh();
      if (admin !== 'simulator') return;
      await change('fault', undefined, 'DELETE');
      for (const [path, body] of restore) await change(path, body);
      restore = [];
    });
    const fault = async (fields: Record<string, unknown>) => {
      expect((await mesh().change('fault', fields)).status).toBe(204);
    };
    const setting = async (changes: Record<string, unknown>) => {
      const { ask, change } = mesh();
      const before = (await ask('/admin/settings')).json as Record<string, unknown>;
      restore.push(['settings', Object.fromEntries(Object.keys(changes).map((name) => [name, before[name]]))]);
      expect((await change('settings', changes)).status).toBe(200);
    };
    const found = async (localId: string) => {
      const { ask, sender } = mesh();
      return (await ask(`/${sender.mailboxId}/outbox/tracking/${localId}`, { version: 1 })).status;
    };

    test('accepted, and the answer lost: the message is there', async () => {
      const { send, sender } = mesh();
      const localId = randomUUID();
      await fault({ operation: 'send', mailbox_id: sender.mailboxId, fault: 'reset-after-accept' });
      await expect(send({ 'Mex-LocalID': localId })).rejects.toThrow();
      expect(await found(localId)).toBe(200);
    });

    test('cut before or within the request: no message is there', async () => {
      const { send, sender } = mesh();
      for (const kind of ['reset-before', 'cut-request']) {
        const localId = randomUUID();
        await fault({ operation: 'send', mailbox_id: sender.mailboxId, fault: kind });
        await expect(send({ 'Mex-LocalID': localId }, Buffer.alloc(3_000_000))).rejects.toThrow();
        expect(await found(localId)).toBe(404);
      }
    });

    test('a lost answer to the last part: its repetition is answered with 423', async () => {
      const { sent, part, sender } = mesh();
      const id = await sent({ 'Mex-Chunk-Range': '1:3' }, 'a');
      await fault({ operation: 'sendChunk', mailbox_id: sender.mailboxId, fault: 'reset-after-accept', skip: 1 });
      expect((await part(id, 2, '2:3', 'b')).status).toBe(202);
      await expect(part(id, 3, '3:3', 'c')).rejects.toThrow();
      expect((await part(id, 3, '3:3', 'c')).status).toBe(423);
    });

    test('a 500 may be a SOAP fault, and a gateway may lose an answer', async () => {
      const { send, sender } = mesh();
      await fault({ operation: 'send', fault: 'soap-fault' });
      const broken = await send();
      expect(broken.status).toBe(500);
      expect(broken.headers['content-type']).toContain('xml');
      const localId = randomUUID();
      await fault({ operation: 'send', mailbox_id: sender.mailboxId, fault: 'status-after-accept', status: 504 });
      expect((await send({ 'Mex-LocalID': localId })).status).toBe(504);
      expect(await found(localId)).toBe(200);
    });

    test('a slow answer comes whole, a cut one never does', async () => {
      const { sent, fetch } = mesh();
      const id = await sent({}, Buffer.alloc(10_000, 'x'));
      await fault({ operation: 'download', fault: 'slow-answer', delay_ms: 200 });
      expect((await fetch(id)).body.length).toBe(10_000);
      await fault({ operation: 'download', fault: 'cut-answer' });
      await expect(fetch(id)).rejects.toThrow();
    });

    test('too many requests in a minute are answered with 429 and a time to wait', async () => {
      const { ask, sender } = mesh();
      await setting({ requests_per_minute: 1 });
      const list = () => ask(`/${sender.mailboxId}/inbox`);
      const statuses = [await list(), await list()];
      expect(statuses.at(-1)?.status).toBe(429);
      expect(Number(statuses.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
    });

    test('a body past the limit is answered with 413, at the limit it is taken', async () => {
      const { send } = mesh();
      await setting({ max_body_bytes: 100_000 });
      expect((await send({}, Buffer.alloc(100_001))).status).toBe(413);
      expect((await send({}, Buffer.alloc(100_000))).status).toBe(202);
    });

    test('a part out of its turn is refused where order is strict, and only the last where it is not', async () => {
      const { sent, part } = mesh();
      const id = await sent({ 'Mex-Chunk-Range': '1:4' }, 'a');
      expect((await part(id, 3, '3:4', 'c')).status).toBe(417);
      await setting({ strict_chunk_order: false, chunk_answer: 'id' });
      const early = await part(id, 3, '3:4', 'c');
      expect(early.status).toBe(202);
      expect(early.json).toEqual({ message_id: id });
      expect((await part(id, 4, '4:4', 'd')).status).toBe(417);
      expect((await part(id, 2, '2:4', 'b')).status).toBe(202);
      expect((await part(id, 4, '4:4', 'd')).status).toBe(202);
    });

    test('a workflow that the sender may not send is refused with 16, one that the recipient does not take with 17', async () => {
      const { send, ask, change, sender } = mesh();
      expect((await send({ 'Mex-To': 'X26LIMITED' })).json).toMatchObject({ detail: [{ code: '17' }] });
      const { workflows } = (await ask(`/admin/mailbox/${sender.mailboxId}`)).json as { workflows?: string[] };
      expect(workflows).toBeUndefined();
      const limited = { mailboxId: 'X26LIMITED', password: sender.password };
      expect((await change('mailbox/X26LIMITED', { password: sender.password })).status).toBe(204);
      expect((await send({}, 'x', { as: limited })).json).toMatchObject({ detail: [{ code: '16' }] });
    });

    test('an uncollected message is deleted at thirty days: gone, and known to have been there', async () => {
      const { sent, change, fetch, ask } = mesh();
      const id = await sent();
      const days = (n: number) => ({ advance_ms: n * 86_400_000 + 1000 });
      expect((await change('clock', days(30))).status).toBe(200);
      try {
        expect((await fetch(id)).status).toBe(410);
        expect((await ask(`/admin/message/${id}`)).json).toMatchObject({ status: 'undeliverable', deleted: true });
        expect((await change(`message/${id}/event`, { status: 'accepted' })).status).toBe(410);
      } finally {
        await change('clock', { advance_ms: -30 * 86_400_000 - 1000 });
      }
    });
  });
};
