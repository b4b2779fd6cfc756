import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEvent } from '../../shared/delivery/documents.ts';
import { openDocuments } from '../../shared/delivery/open-attention.ts';
import { showAttention } from '../../shared/operate/commands/attention.ts';
import { pollMailbox } from '../../shared/pipeline/poll/poll-mailbox.ts';
import { days, hours, isoTime, minutes } from '../../shared/platform/clock.ts';
import type { DocumentId } from '../../shared/platform/ids.ts';
import { readMailbox } from '../../shared/senders/registry.ts';
import { senderFile } from '../../shared/senders/sender.ts';
import { putSender } from '../support/registry.ts';
import { createRig, type Rig, sender } from '../support/rig.ts';

/** What is told of a practice's silence, and how what needs a person is found, listed and dealt with. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const send = async (name: string, overrides: Parameters<Rig['drop']>[1] = {}) => {
  const { documentId } = await rig.drop(name, { encounterId: randomUUID(), ...overrides });
  await rig.takeEvents();
  await rig.takeOutbox();
  return documentId;
};
const open = async () =>
  (await openDocuments(rig.context.table)).map(({ record, attention }) => ({
    documentId: record.documentId,
    codes: attention.map(({ code }) => code),
  }));
const resolve = (documentId: string) =>
  applyEvent(rig.context, documentId as DocumentId, { kind: 'resolved', by: 'Ann', route: 'telephoned' });

describe('a practice that does not answer (GPCM-SD-095)', () => {
  it('after an outage nothing is overdue before the first poll has emptied the inbox', async () => {
    const answered = await send('answered');
    await rig.poll();
    // The answer lies in the inbox for two days, in which nobody polls.
    rig.answer('20013', '30001');
    const silent = await send('silent');
    rig.clock.leap(days(2));
    for (let look = 0; look < 3; look++) {
      await rig.watch();
      rig.clock.leap(minutes(6));
    }
    expect([(await rig.record(answered))?.overdueSince, (await rig.record(silent))?.overdueSince]).toEqual([
      undefined,
      undefined,
    ]);
    await rig.poll();
    await rig.watch();
    rig.clock.leap(minutes(6));
    await rig.watch();
    expect(await rig.receipt('answered')).toMatchObject({ state: 'ACCEPTED' });
    expect((await rig.record(answered))?.overdueSince).toBeUndefined();
    const record = await rig.record(silent);
    expect(record?.overdueSince).toBe((record?.compositions[0]?.sentAt ?? 0) + hours(24));
    expect(await rig.receipt('silent')).toMatchObject({
      state: 'SENT',
      whoseMove: 'the sender',
      attention: [{ code: 'INFRASTRUCTURE_OVERDUE', since: isoTime(record?.overdueSince ?? 0) }],
    });
    expect(await open()).toEqual([{ documentId: silent, codes: ['INFRASTRUCTURE_OVERDUE'] }]);
    await resolve(silent);
    expect(await open()).toEqual([]);
  });

  it('a poll that ran out of time has not emptied the inbox', async () => {
    const before = (await readMailbox(rig.table, sender.mailboxId))?.course.inboxReadAt;
    const silent = await send('unread');
    rig.answerTo((await rig.record(silent))?.compositions[0]?.messageHeaderId ?? '', '20013');
    // With less than half a minute left no message is begun.
    await pollMailbox(
      { ...rig.context, deadline: rig.clock.now() + 10_000 },
      { mailboxId: sender.mailboxId, slot: 'x' },
    );
    const { course } = (await readMailbox(rig.table, sender.mailboxId)) ?? {};
    expect([course?.inboxReadAt, course?.lastPollOutcome]).toEqual([before, 'ok']);
    await rig.poll();
    expect((await readMailbox(rig.table, sender.mailboxId))?.course.inboxReadAt).toBeGreaterThan(before ?? 0);
  });

  it('goes by the sender’s own due times, as they were when the document came', async () => {
    const dueTimes = { infrastructureHours: 2 };
    await putSender(rig.table, senderFile.parse({ ...rig.senderSetting, dueTimes }));
    const documentId = await send('impatient');
    await putSender(rig.table, rig.senderSetting);
    rig.clock.leap(hours(2) + minutes(1));
    await rig.poll();
    // The poll has asked MESH where the document is and written that down: watch looks again soon.
    rig.clock.leap(minutes(5));
    await rig.watch();
    expect((await openDocuments(rig.context.table)).map(({ record }) => record.documentId)).toContain(documentId);
    await resolve(documentId);
  });
});

describe('what needs a person', () => {
  it('is counted each minute with its age, listed for operators, and ends when it is dealt with', async () => {
    const documentId = await send('refused');
    rig.answerTo((await rig.record(documentId))?.compositions[0]?.messageHeaderId ?? '', '20013', '30002');
    await rig.poll();
    rig.clock.leap(hours(30));
    await rig.watch();
    expect(rig.metrics.get('AttentionOpen')).toBe(1);
    expect(rig.metrics.get('OldestAttentionHours')).toBeGreaterThan(29.9);

    const context = { ...rig.context, readText: () => undefined };
    const { ok, lines } = await showAttention({}, context);
    const text = lines.join('\n');
    expect(ok).toBe(true);
    expect(lines[0]).toBe('1 document needs a person.');
    for (const part of [documentId, 'sender RX1', 'BUSINESS_REJECTED for 1 day', 'the sender', 'incident']) {
      expect(text).toContain(part);
    }
    expect((await showAttention({}, context)).data).toMatchObject([
      { documentId, senderOds: 'RX1', attention: [{ code: 'BUSINESS_REJECTED' }] },
    ]);
    expect((await showAttention({ sender: 'RX2' }, context)).lines).toEqual([
      '0 documents need a person, of sender RX2.',
    ]);
    expect((await showAttention({ sender: 'rx1' }, context)).ok).toBe(false);

    await resolve(documentId);
    await rig.watch();
    expect([rig.metrics.get('AttentionOpen'), rig.metrics.get('OldestAttentionHours')]).toEqual([0, 0]);
  });

  it('is found in more than one page, longest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) {
      const { documentId } = await rig.drop(`wrong-${n}`, { encounterId: randomUUID(), patient: { nhsNumber: '1' } });
      ids.push(documentId);
      rig.clock.leap(minutes(1));
      await rig.takeEvents();
    }
    const small = {
      ...rig.context.table,
      attention: (shard: string, wanted: { limit: number }) =>
        rig.context.table.attention(shard, { ...wanted, limit: 1 }),
    };
    const found = await openDocuments(small);
    expect(found.map(({ since }) => since)).toEqual(found.map(({ since }) => since).sort((a, b) => a - b));
    expect(found.map(({ record }) => record.documentId)).toEqual(expect.arrayContaining(ids));
  });

  it('counts a late handover for its sender (GPCM-SD-096)', async () => {
    const before = rig.metrics.get('LateHandovers') ?? 0;
    await send('late');
    expect(rig.metrics.get('LateHandovers')).toBe(before + 1);
    await send('in-time', { consultation: { savedAt: isoTime(rig.clock.now() - minutes(30)) } });
    expect(rig.metrics.get('LateHandovers')).toBe(before + 1);
  });
});
