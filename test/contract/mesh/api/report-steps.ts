import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Answer, Mesh } from './mesh.ts';

/** What comes afterwards: a 202 first, and a report into the sender's inbox when it could not be delivered. */
export const reportSteps = (mesh: () => Mesh): void => {
  /** The report on a message, waited for. */
  const reportOn = async (messageId: string, seconds: number): Promise<Answer> => {
    const { waiting, sender, ask, acknowledge, admin } = mesh();
    // Nobody else's service is asked ten times a second.
    const pauseMs = admin === 'none' ? 5000 : 100;
    const seen = new Set<string>();
    for (let waited = 0; waited < seconds * 1000; waited += pauseMs) {
      for (const id of (await waiting(sender)).ids) {
        if (seen.has(id)) continue;
        seen.add(id);
        const got = await ask(`/${sender.mailboxId}/inbox/${id}`, { method: 'HEAD' });
        if (got.headers['mex-linkedmsgid'] !== messageId) continue;
        await acknowledge(id, sender);
        return got;
      }
      await pause(pauseMs);
    }
    throw new Error('No report came.');
  };

  describe('reports', () => {
    test('one that an operator puts in reads like MESH’s own, and is acknowledged like a message', async (context) => {
      const { admin, lacks, change, sender, sent } = mesh();
      if (admin === 'none') lacks(context, 'it has no admin route to put a report in');
      const id = await sent();
      const made = await change('report', {
        mailbox_id: sender.mailboxId,
        code: 'EPL-152',
        description: 'Invalid NHS Number',
        workflow_id: 'W',
        local_id: 'RX1',
        linked_message_id: id,
        status: 'error',
      });
      expect(made.status).toBe(200);
      expect((await reportOn(id, 2)).headers).toMatchObject({
        'mex-messagetype': 'REPORT',
        'mex-statuscode': 'EPL-152',
        'mex-statusevent': 'TRANSFER',
        'mex-statussuccess': 'ERROR',
        'mex-statusdescription': 'Invalid NHS Number',
        'mex-workflowid': 'W',
        'mex-localid': 'RX1',
      });
    });

    test('an operator puts a message back that was acknowledged', async (context) => {
      const { admin, lacks, change, sent, acknowledge, waiting, recipient } = mesh();
      if (admin === 'none') lacks(context, 'it has no admin route for a message’s state');
      const id = await sent();
      await acknowledge(id);
      expect((await change(`message/${id}/event`, { status: 'accepted' })).status).toBe(200);
      expect((await waiting(recipient)).ids).toContain(id);
      await acknowledge(id);
    });

    test('a patient whom MESH cannot route to is accepted first and reported afterwards', async (context) => {
      const { admin, lacks, unroutable, sent, workflowId } = mesh();
      const to = unroutable ?? (admin === 'simulator' ? 'GPPROVIDER_9691375125_19800101_Nobody' : undefined);
      if (to === undefined) lacks(context, 'no address of a patient that it cannot route was given (--unroutable)');
      const id = await sent({ 'Mex-To': to ?? '' });
      const { headers } = await reportOn(id, admin === 'simulator' ? 5 : 300);
      expect(headers).toMatchObject({
        'mex-messagetype': 'REPORT',
        'mex-statuscode': expect.stringMatching(/^EPL-15[0-4]$/),
        'mex-statussuccess': 'ERROR',
        'mex-workflowid': workflowId,
      });
    }, 330_000);

    test.for([
      ['EPL-150', 'GPPROVIDER_9691375117_19570109_Twice'],
      ['EPL-151', 'GPPROVIDER_9691375109_19570109_Nowhere'],
      ['EPL-152', 'GPPROVIDER_9691375088_19570109_Smith'],
      ['EPL-153', 'GPPROVIDER_9691375125_19570109_Smith'],
      ['EPL-154', "GPPROVIDER_9691375354_19841129_O'Connell"],
    ])('%s follows from the simulator’s test patients', async ([code, to], context) => {
      const { admin, lacks, sent } = mesh();
      if (admin !== 'simulator') lacks(context, 'its patients are not known');
      const id = await sent({ 'Mex-To': to ?? '' });
      expect((await reportOn(id, 5)).headers['mex-statuscode']).toBe(code);
    });

    test('the practice of a patient is found by NHS number, date of birth and surname', async (context) => {
      const { admin, lacks, sent, ask, sender } = mesh();
      if (admin !== 'simulator') lacks(context, 'its patients are not known');
      const id = await sent({ 'Mex-To': "GPPROVIDER_9691375354_19841130_O'Connell" });
      const tracked = await ask(`/${sender.mailboxId}/outbox/tracking?messageID=${id}`);
      expect(tracked.json).toMatchObject({
        recipient: 'Y12345OT001',
        recipient_ods_code: 'Y12345',
        status: 'accepted',
      });
    });

    test('what is sent to a deactivated mailbox comes back with code 14', async (context) => {
      const { admin, lacks, sent } = mesh();
      if (admin !== 'simulator') lacks(context, 'none of its mailboxes is known to be deactivated');
      const id = await sent({ 'Mex-To': 'X26INACTIVE' });
      expect((await reportOn(id, 5)).headers['mex-statuscode']).toBe('14');
    });
  });
};
