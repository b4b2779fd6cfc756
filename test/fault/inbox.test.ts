import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hours } from '../../shared/platform/clock.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { putMailbox } from '../support/registry.ts';
import { createRig, practice, type Rig, sender } from '../support/rig.ts';

/** What others put into our inbox, and what MESH cannot hand over. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const inbox = () => rig.mesh.control.inbox(sender.mailboxId);
const sentDocument = async () => {
  const { documentId } = await rig.drop(randomUUID(), { encounterId: randomUUID() });
  await rig.takeEvents();
  await rig.takeOutbox();
  return documentId;
};
const stateOfDocument = async (documentId: string) => {
  const record = await rig.record(documentId);
  return record && stateOf(record);
};
const quarantined = async () => (await rig.items()).filter(({ pk }) => String(pk).startsWith('QUARANTINE#'));

describe('messages that cannot be read', () => {
  it('however many, do not stand in the way of the answers behind them', async () => {
    const documentId = await sentDocument();
    for (let n = 0; n < 10; n++) {
      rig.mesh.control.deliver(sender.mailboxId, {
        from: practice.mailboxId,
        workflowId: 'GPFED_CONSULT_REPORT_ACK',
        content: [{ bytes: Buffer.from('not gzip'), encoding: 'gzip' }],
      });
    }
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
    expect(inbox()).toHaveLength(10);
    expect(rig.metrics.get('InboxMessagesFailed')).toBe(10);
    const mailbox = await rig.table.read<{ course: { lastPollOutcome: string } }>(`MAILBOX#${sender.mailboxId}`);
    expect(mailbox?.course.lastPollOutcome).toBe('ok');
  });
});

describe('a report about no message of ours', () => {
  const report = () =>
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId: `unknown-${randomUUID()}`,
      code: '14',
      workflowId: 'GPFED_CONSULT_REPORT',
    });

  it('waits an hour for our own write, and is then quarantined, counted and told', async () => {
    const before = (await quarantined()).length;
    report();
    await rig.poll();
    expect(await quarantined()).toHaveLength(before);
    rig.clock.leap(hours(1.1));
    await rig.watch();
    expect(await quarantined()).toHaveLength(before + 1);
    expect(rig.lines.some((line) => line.includes('a report about no message of ours'))).toBe(true);
    // Nobody looks at it again; should its message become known it is taken out.
    const parked = (await rig.items()).filter(({ pk }) => String(pk).startsWith('PARKED#'));
    expect(parked.map((item) => [JSON.stringify(item).includes('quarantined'), 'nextCheckAt' in item])).toEqual([
      [true, false],
    ]);
  });

  it('in a mailbox that others read too stays there for them', async () => {
    const setting = mailboxFile.parse({
      mailboxId: sender.mailboxId,
      odsCode: sender.odsCode,
      environment: 'local',
      baseUrl: rig.mesh.url,
      pollEverySeconds: 60,
      shared: true,
    });
    await putMailbox(rig.table, setting, rig.clock.now());
    const [count, waiting] = [(await quarantined()).length, inbox().length];
    report();
    rig.answerTo(randomUUID(), '30001');
    await rig.poll();
    rig.clock.leap(hours(1.1));
    await rig.watch();
    await rig.poll();
    expect(inbox()).toHaveLength(waiting + 2);
    expect(await quarantined()).toHaveLength(count);
    await putMailbox(rig.table, { ...setting, shared: false }, rig.clock.now());
  });
});

describe('what others write', () => {
  it('goes into the record only if it looks like a code', async () => {
    const documentId = await sentDocument();
    rig.answer('Mrs Smith 9691375087 is not known');
    await rig.poll();
    const text = JSON.stringify(await rig.record(documentId)) + rig.lines.join('\n');
    expect(text).not.toContain('9691375087');
    expect(text).toContain('UNREADABLE_CODE');
    expect(await stateOfDocument(documentId)).toBe('INFRASTRUCTURE_REJECTED');
  });
});
