import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Mesh } from './mesh.ts';

/** Refusals, versions, parts, lists and look-ups, as published. */
export const messageSteps = (mesh: () => Mesh): void => {
  describe('what is refused at once', () => {
    test('a handshake that does not say who calls', async () => {
      const { ask, sender } = mesh();
      const answer = await ask(`/${sender.mailboxId}`, { method: 'POST' });
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ detail: expect.any(Array) });
    });

    test('a message without recipient or workflow, with a blank recipient, or without content', async () => {
      const { ask, send, sender } = mesh();
      const post = (headers: Record<string, string>) =>
        ask(`/${sender.mailboxId}/outbox`, { method: 'POST', headers, body: 'x' });
      expect((await post({ 'Mex-WorkflowID': 'W' })).status).toBe(400);
      expect((await post({ 'Mex-To': sender.mailboxId })).status).toBe(400);
      expect((await send({ 'Mex-To': ' ' })).status).toBe(400);
      expect([400, 417]).toContain((await send({}, '')).status);
    });

    test('an encoding other than gzip', async () => {
      const { send } = mesh();
      expect([400, 415, 417, 422]).toContain((await send({ 'Content-Encoding': 'deflate' })).status);
    });

    test('a range that is none, or that begins late', async () => {
      const { send } = mesh();
      for (const range of ['one', '2:3', '0:1']) {
        expect((await send({ 'Mex-Chunk-Range': range })).status).toBe(417);
      }
    });
  });

  describe('parts', () => {
    const begin = (total: number) => mesh().sent({ 'Mex-Chunk-Range': `1:${total}` }, 'a');

    test('a middle part may come twice; after the last, every one is answered with 423', async () => {
      const { part, fetch } = mesh();
      const id = await begin(3);
      expect((await part(id, 2, '2:3', 'b')).status).toBe(202);
      expect((await part(id, 2, '2:3', 'b')).status).toBe(202);
      expect((await part(id, 3, '3:3', 'c')).status).toBe(202);
      expect((await part(id, 3, '3:3', 'c')).status).toBe(423);
      expect((await part(id, 2, '2:3', 'x')).status).toBe(423);
      expect((await fetch(id, 2)).body.toString()).toBe('b');
    });

    test('a part past the last, with another’s range, or in another encoding is refused', async () => {
      const { part } = mesh();
      const id = await begin(3);
      expect([406, 417]).toContain((await part(id, 4, '4:4', 'x')).status);
      expect((await part(id, 2, '3:3', 'x')).status).toBe(417);
      expect((await part(id, 2, '2:3', 'x', { 'Content-Encoding': 'gzip' })).status).toBe(417);
    });

    test('a part of no message is answered with 404', async () => {
      const { part } = mesh();
      expect((await part('20200529155357895317_3573F8', 2, '2:2', 'x')).status).toBe(404);
    });

    test('a message of which parts are missing is not in the inbox', async () => {
      const { waiting, recipient, fetch } = mesh();
      const id = await begin(2);
      expect((await waiting(recipient)).ids).not.toContain(id);
      expect((await fetch(id)).status).toBeGreaterThanOrEqual(400);
    });
  });

  describe('the inbox', () => {
    test('pages of ten show everything once; a page size of five is refused', async () => {
      const { sent, waiting, recipient, ask } = mesh();
      const ids = await Promise.all(Array.from({ length: 12 }, () => sent()));
      const listed = await waiting(recipient, '?max_results=10');
      expect(listed.pages).toBeGreaterThan(1);
      expect(new Set(listed.ids).size).toBe(listed.ids.length);
      expect(ids.filter((id) => !listed.ids.includes(id))).toEqual([]);
      expect((await ask(`/${recipient.mailboxId}/inbox?max_results=5`, { as: recipient })).status).toBe(400);
    });

    test('a filter shows a workflow, or all but it', async () => {
      const { sent, waiting, recipient, workflowId } = mesh();
      const id = await sent();
      const filtered = async (filter: string) =>
        (await waiting(recipient, `?workflow_filter=${encodeURIComponent(filter)}`)).ids;
      expect(await filtered(workflowId)).toContain(id);
      expect(await filtered(`${workflowId.slice(0, -1)}*`)).toContain(id);
      expect(await filtered(`!${workflowId}`)).not.toContain(id);
      expect(await filtered('SOMETHING_ELSE')).not.toContain(id);
    });

    test('v1 lists ids and nothing else; the count counts', async () => {
      const { sent, ask, recipient } = mesh();
      const id = await sent();
      const listed = await ask(`/${recipient.mailboxId}/inbox?max_results=5000`, { as: recipient, version: 1 });
      expect(listed.json).toMatchObject({ messages: expect.arrayContaining([id]) });
      const counted = await ask(`/${recipient.mailboxId}/count`, { as: recipient });
      expect(counted.status).toBe(200);
      expect(counted.json).toMatchObject({ count: expect.any(Number) });
    });
  });

  describe('look-ups', () => {
    test('by local id: none, one, and 300 where it was used twice', async (context) => {
      const { ask, sender, sent, lacks } = mesh();
      const localId = randomUUID();
      const find = () => ask(`/${sender.mailboxId}/outbox/tracking/${localId}`, { version: 1 });
      expect((await find()).status).toBe(404);
      const id = await sent({ 'Mex-LocalID': localId });
      const once = await find();
      if (once.status === 404) lacks(context, 'it has given up this deprecated look-up');
      expect(once.json).toMatchObject({ messageId: id });
      await sent({ 'Mex-LocalID': localId });
      expect((await find()).status).toBe(300);
    });

    test('by local id: a message of which parts are missing is known, too', async (context) => {
      const { ask, sender, sent, part, lacks } = mesh();
      const localId = randomUUID();
      const find = () => ask(`/${sender.mailboxId}/outbox/tracking/${localId}`, { version: 1 });
      const id = await sent({ 'Mex-LocalID': localId, 'Mex-Chunk-Range': '1:2' });
      const begun = await find();
      const finished = (await part(id, 2, '2:2', 'b')).status;
      expect(finished).toBe(202);
      if (begun.status === 404) lacks(context, 'it does not show a message before its last part, or not by local id');
      expect(begun.json).toMatchObject({ messageId: id });
    });

    test('of endpoints: an organisation’s mailboxes for a workflow, and a ping', async () => {
      const { ask, workflowId } = mesh();
      const none = await ask(`/endpointlookup/NOSUCHORG/${workflowId}`);
      expect(none.status).toBe(200);
      expect(none.json).toMatchObject({ results: [] });
      const searched = await ask(`/workflowsearch/${workflowId}`);
      expect(searched.status).toBe(200);
      expect(searched.json).toMatchObject({ results: expect.any(Array) });
      expect((await ask('/_ping')).status).toBe(200);
    });
  });
};
