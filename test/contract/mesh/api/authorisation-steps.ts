import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { describe, expect, test } from 'vitest';
import type { Mesh } from './mesh.ts';

/** 701 of the witness list, and all that a token and a certificate must keep out. */
export const authorisationSteps = (mesh: () => Mesh): void => {
  describe('701: nobody gets in', () => {
    const statusWith = async (authorization: string) => {
      const { ask, sender } = mesh();
      return (await ask(`/${sender.mailboxId}/inbox`, { authorization })).status;
    };

    test('without a token, or with something else', async () => {
      for (const authorization of ['', 'Basic abc', 'NHSMESH nonsense']) {
        expect([400, 403]).toContain(await statusWith(authorization));
      }
    });

    test('with a wrong password, or with a hash that is none', async () => {
      const { token, sender } = mesh();
      expect(await statusWith(token({ ...sender, password: 'wrong' }))).toBe(403);
      expect(await statusWith(`${token(sender).slice(0, -8)}00000000`)).toBe(403);
    });

    test('with another mailbox’s token', async (context) => {
      const { token, sender, recipient, lacks } = mesh();
      if (sender.mailboxId === recipient.mailboxId) lacks(context, 'only one mailbox was given');
      expect(await statusWith(token(recipient))).toBe(403);
    });

    test('to a mailbox that there is not', async () => {
      const { ask } = mesh();
      const nobody = { mailboxId: 'NOSUCHMAILBOX1', password: 'x' };
      expect((await ask(`/${nobody.mailboxId}/inbox`, { as: nobody })).status).toBe(403);
    });

    test('with a token that was used before', async (context) => {
      const { token, sender, lacks } = mesh();
      const once = token(sender);
      expect(await statusWith(once)).toBe(200);
      const again = await statusWith(once);
      if (again === 200) lacks(context, 'it takes a token twice');
      expect(again).toBe(403);
    });

    test('with a token of more than two hours ago, or ahead', async (context) => {
      const { token, sender, lacks } = mesh();
      const statuses = [
        await statusWith(token(sender, { minutesOff: -123 })),
        await statusWith(token(sender, { minutesOff: 123 })),
      ];
      if (statuses.includes(200)) lacks(context, 'it does not look at the time of a token');
      expect(statuses).toEqual([403, 403]);
    });

    test('without a client certificate', async (context) => {
      const { baseUrl, ca, cert, lacks } = mesh();
      if (!baseUrl.startsWith('https:') || cert === undefined) lacks(context, 'it was given no client certificate');
      const bare = request(`${baseUrl}/messageexchange/_ping`, ca === undefined ? {} : { ca });
      const outcome = await new Promise<number | string>((resolve) => {
        bare.on('response', (response) => resolve(response.resume().statusCode ?? 0));
        bare.on('error', () => resolve('refused'));
        bare.end();
      });
      if (outcome === 200) lacks(context, 'it asks for no client certificate');
      expect(['refused', 400, 403]).toContain(outcome);
    });
  });

  describe('who is let in', () => {
    test('with one nonce and a rising count, and with a clock an hour off', async () => {
      const { token, sender } = mesh();
      const nonce = randomUUID();
      const tokens = [
        token(sender, { nonce, count: 0 }),
        token(sender, { nonce, count: 1 }),
        token(sender, { minutesOff: -60 }),
        token(sender, { minutesOff: 60 }),
      ];
      for (const authorization of tokens) expect(await statusOf(mesh(), authorization)).toBe(200);
    });

    test('a message of another mailbox is not handed out, nor tracked', async (context) => {
      const { sent, ask, sender, recipient, lacks } = mesh();
      if (sender.mailboxId === recipient.mailboxId) lacks(context, 'only one mailbox was given');
      const id = await sent();
      expect([403, 404]).toContain((await ask(`/${sender.mailboxId}/inbox/${id}`)).status);
      const tracked = await ask(`/${recipient.mailboxId}/outbox/tracking?messageID=${id}`, { as: recipient });
      expect(tracked.status).toBe(404);
    });
  });
};

const statusOf = async ({ ask, sender }: Mesh, authorization: string) =>
  (await ask(`/${sender.mailboxId}/inbox`, { authorization })).status;
