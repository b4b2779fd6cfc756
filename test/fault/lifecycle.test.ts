import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { pollMailbox } from '../../shared/pipeline/poll/poll-mailbox.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import type { Objects } from '../../shared/platform/objects.ts';
import { createRigOnLocalServices, headerOf, practice, type Rig, sender } from '../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRigOnLocalServices();
});
afterAll(() => rig.close());

let n = 0;
const fresh = () => ({ name: `drop-${++n}`, overrides: { encounterId: randomUUID() } });
const stateOfDocument = async (documentId: string) => {
  const record = await rig.record(documentId);
  return record && stateOf(record);
};
const sentFor = (documentId: string) =>
  rig.record(documentId).then((record) => {
    const header = record && currentComposition(record).messageHeaderId;
    return rig.mesh.control.sent().filter(({ body }) => body.includes('<MessageHeader') && headerOf(body) === header);
  });

const goes = async (documentId: string, ...codes: string[]) => {
  await rig.takeEvents();
  await rig.takeOutbox();
  rig.answer(...codes);
  await rig.poll();
  return stateOfDocument(documentId);
};

describe('a document from drop to answer', () => {
  it.each(['pdf-first', 'manifest-first'] as const)('is accepted, whichever half comes first (%s)', async (order) => {
    const { name, overrides } = fresh();
    const { documentId, pdf } = await rig.drop(name, overrides, { order });
    expect(await goes(documentId, '20013', '30001')).toBe('ACCEPTED');
    const [message] = await sentFor(documentId);
    expect(message?.body.includes(pdf.toString('base64'))).toBe(true);
    expect(message?.to).toMatch(/^GPPROVIDER_9691375087_19570109_/);
    expect(message?.workflowId).toBe('GPFED_CONSULT_REPORT');
    expect(message?.headers['mex-localid']).toBe('RX1');
    expect(await rig.receipt(name)).toMatchObject({ state: 'ACCEPTED', documentId, whoseMove: 'nobody' });
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
    expect(await rig.keys(rig.archive, `sent/${documentId}/`)).toHaveLength(2);
    expect(rig.mesh.control.inbox(sender.mailboxId)).toHaveLength(0);
  });

  it('is rejected with every problem at once, keeps nothing in the inbox, and goes after correction', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, {
      ...overrides,
      patient: { nhsNumber: '9691375088', family: 'Under_score', birthDate: '2999-01-01' },
      consultation: { savedAt: '2999-01-01T00:00:00Z' },
    });
    await rig.takeEvents();
    const receipt = await rig.receipt(name);
    expect(receipt?.state).toBe('REJECTED');
    expect(receipt?.problems?.map(({ path }) => path).sort()).toEqual(
      expect.arrayContaining(['consultation.savedAt', 'patient.birthDate', 'patient.family', 'patient.nhsNumber']),
    );
    expect(JSON.stringify(receipt)).not.toContain('9691375088');
    expect(rig.outbox).toHaveLength(0);
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
    await rig.drop(name, overrides);
    expect(await goes(documentId, '20013', '30001')).toBe('ACCEPTED');
    const record = await rig.record(documentId);
    expect(record?.compositions).toHaveLength(2);
    expect((await rig.receipt(name))?.state).toBe('ACCEPTED');
  });

  it('dropped twice is one document and one message', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    await rig.drop(name, overrides);
    await rig.drop(`${name}-again`, overrides);
    expect(await goes(documentId, '20013', '30001')).toBe('ACCEPTED');
    expect(await sentFor(documentId)).toHaveLength(1);
    expect((await rig.receipt(`${name}-again`))?.documentId).toBe(documentId);
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
  });

  it('of the same identity with other content is refused while the first is under way, with what differs', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    await rig.drop(`${name}-other`, { ...overrides, practitioner: { family: 'Someone' } }, { text: `Report ${name}` });
    await rig.takeEvents();
    const receipt = await rig.receipt(`${name}-other`);
    expect(receipt).toMatchObject({
      state: 'DROP_REFUSED',
      whoseMove: 'the sender',
      documentId,
      document: { state: 'COMPOSED' },
    });
    expect(receipt?.problems).toEqual([
      expect.objectContaining({ code: 'CONTENT_DIFFERS', path: 'practitioner.family' }),
    ]);
    expect((await rig.receipt(name))?.state).toBe('COMPOSED');
    expect(receipt?.history.at(-1)).toMatchObject({
      what: 'drop refused: other content',
      detail: 'practitioner.family',
    });
    await rig.takeOutbox();
    expect(await sentFor(documentId)).toHaveLength(1);
  });

  it('whose PDF is not the one named waits for it, and goes when it comes', async () => {
    const { name, overrides } = fresh();
    const { documentId, pdf } = await rig.drop(name, overrides);
    await rig.drops.put(
      `inbox/RX1/${name}.pdf`,
      (await rig.drop(`${name}-x`, { encounterId: randomUUID() }, { text: 'other' })).pdf,
    );
    // Only the wrong PDF is seen: the right one's event is older.
    const [, manifest, , , wrong] = rig.events.splice(0);
    for (const message of [manifest, wrong]) if (message) rig.events.push(message);
    await rig.takeEvents();
    expect((await rig.receipt(name))?.advice).toContain('SHA-256');
    expect(await stateOfDocument(documentId)).toBe('RECEIVED');
    await rig.drops.put(`inbox/RX1/${name}.pdf`, pdf);
    expect(await goes(documentId, '20013', '30001')).toBe('ACCEPTED');
  });

  it('under a prefix that no sender has keeps its drop, says so, and goes once the sender is there', async () => {
    const pdf = (await rig.drop('elsewhere', { encounterId: randomUUID() })).pdf;
    rig.events.splice(0);
    await rig.drops.put('inbox/RX9/report.pdf', pdf);
    await rig.drops.put('inbox/RX9/report.json', '{}');
    await rig.takeEvents();
    const [key] = await rig.keys(rig.drops, 'receipts/RX9/');
    expect(key).toBe('receipts/RX9/report.json');
    expect(await rig.keys(rig.drops, 'inbox/RX9/')).toHaveLength(2);
  });
});

describe('what MESH does', () => {
  it('a report that nobody was found makes it UNDELIVERED, with advice (GPCM-SD-075)', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, { ...overrides, patient: { birthDate: '1999-01-01' } });
    await rig.takeEvents();
    await rig.takeOutbox();
    rig.clock.leap(1000);
    await rig.poll();
    expect(await rig.receipt(name)).toMatchObject({ state: 'UNDELIVERED', whoseMove: 'the sender' });
    expect((await rig.receipt(name))?.advice).toBeTruthy();
    expect(await stateOfDocument(documentId)).toBe('UNDELIVERED');
  });

  it('a report that comes before our own write of the id is parked and applied (mesh-api 1.14)', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    await rig.takeOutbox();
    const record = await rig.record(documentId);
    const id = record && currentComposition(record).meshMessageId;
    if (!record || id === undefined) throw new Error('not sent');
    // As if the write of the MESH id had not happened yet.
    const item = await rig.table.read(`MESH#${id}`);
    await rig.table.remove(`MESH#${id}`, item?.revision ?? 0);
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId: id,
      code: '14',
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('SENT');
    expect(rig.mesh.control.inbox(sender.mailboxId)).toHaveLength(0);
    await rig.table.write(`DOC#${documentId}`, { ...record, work: { indexMessages: [1] } }, record.revision, {
      nextCheckAt: 1,
    });
    await rig.watch();
    expect(await stateOfDocument(documentId)).toBe('UNDELIVERED');
  });

  it('accepted but the answer lost: no second post by redelivery, one flagged re-send after the wait', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    const [message] = rig.outbox;
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    expect(await stateOfDocument(documentId)).toBe('SENDING');
    if (!message) throw new Error('nothing queued');
    await rig.send(message);
    await rig.send(message);
    await rig.watch();
    await rig.takeOutbox();
    expect(await sentFor(documentId)).toHaveLength(1);
    rig.clock.leap(minutes(25));
    await rig.watch();
    await rig.takeOutbox();
    const sent = await sentFor(documentId);
    expect(sent).toHaveLength(2);
    expect(sent[0]?.body.equals(sent[1]?.body ?? Buffer.alloc(0))).toBe(true);
    expect((await rig.receipt(name))?.possibleDuplicate).toBe(true);
    const record = await rig.record(documentId);
    rig.answer();
    rig.answerTo(record ? currentComposition(record).messageHeaderId : '', '20013', '30001', '20007');
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
  });

  it('accepted but the answer lost, and the practice answers: no re-send at all', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
    rig.clock.leap(hours(2));
    await rig.watch();
    await rig.takeOutbox();
    expect(await sentFor(documentId)).toHaveLength(1);
    const encounter = await rig.table.read<{ inFlight?: unknown }>(`ENCOUNTER#RX1#${overrides.encounterId}`);
    expect(encounter?.inFlight).toBeUndefined();
  });

  it('an outage is ridden out: certain failures are tried again, and given up after four hours', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    const down = () => rig.mesh.control.failNext({ operation: 'any', fault: 'status', status: 503, times: 50 });
    down();
    await rig.takeOutbox();
    expect(['COMPOSED', 'SENDING']).toContain(await stateOfDocument(documentId));
    rig.mesh.control.clearFaults();
    expect((await rig.receipt(name))?.whoseMove).toBe('this system');
    rig.clock.leap(hours(5));
    for (let round = 0; round < 3; round++) {
      await rig.watch();
      await rig.takeOutbox();
    }
    expect(['SEND_FAILED', 'SENT']).toContain(await stateOfDocument(documentId));
  });

  it('a wrong password stops the mailbox, not the document: one circuit, and all goes when it is put right', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    rig.mesh.control.failNext({ operation: 'any', fault: 'status', status: 403, times: 10 });
    await rig.takeOutbox();
    const mailbox = await rig.table.read<{ course: { circuit?: { reason: string } } }>(`MAILBOX#${sender.mailboxId}`);
    expect(mailbox?.course.circuit?.reason).toBeTruthy();
    expect(await stateOfDocument(documentId)).toBe('COMPOSED');
    expect(rig.outbox).toHaveLength(0);
    rig.mesh.control.clearFaults();
    rig.clock.leap(minutes(6));
    await rig.watch();
    rig.clock.leap(minutes(6));
    await rig.watch();
    await rig.takeOutbox();
    expect(await goes(documentId, '20013', '30001')).toBe('ACCEPTED');
  });
});

describe('the inbox', () => {
  it('what is not ours stays in it, untouched, told once, and is not fetched again', async () => {
    rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'SOMETHING_ELSE',
      content: Buffer.from('hello'),
    });
    const before = rig.lines.length;
    await rig.poll();
    await rig.poll();
    expect(rig.mesh.control.inbox(sender.mailboxId)).toHaveLength(1);
    expect(rig.lines.slice(before).filter((line) => line.includes('INBOX_MESSAGE_NOT_OURS'))).toHaveLength(1);
    const { head } = rig.mesh.control.requests;
    await rig.poll();
    expect(rig.mesh.control.requests.head).toBe(head);
  });

  it('an answer to nothing of ours on our workflow is quarantined with its raw bytes, then acknowledged', async () => {
    rig.answerTo(randomUUID(), '30001');
    rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      content: Buffer.from('<not'),
    });
    await rig.poll();
    const quarantined = (await rig.items()).filter(({ pk }) => String(pk).startsWith('QUARANTINE#'));
    expect(quarantined).toHaveLength(2);
    expect((await rig.keys(rig.archive, `received/${sender.mailboxId}/`)).length).toBeGreaterThanOrEqual(4);
    expect(rig.mesh.control.inbox(sender.mailboxId).every(({ workflowId }) => workflowId === 'SOMETHING_ELSE')).toBe(
      true,
    );
  });

  it('a message that cannot be dealt with stays for the next slot and does not stand in the others’ way', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    await rig.takeOutbox();
    const poison = rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      content: Buffer.from('<Bundle/>'),
    });
    rig.answer('20013', '30001');
    const archive: Objects = {
      ...rig.archive,
      put: (key, ...rest) =>
        key.includes(poison) ? Promise.reject(new Error('the archive is out of order')) : rig.archive.put(key, ...rest),
    };
    await pollMailbox(
      { ...rig.context, archive, deadline: rig.deadline() },
      { mailboxId: sender.mailboxId, slot: 'test' },
    );
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
    expect(rig.mesh.control.inbox(sender.mailboxId).map(({ meshMessageId }) => meshMessageId)).toContain(poison);
    await rig.poll();
    expect(rig.mesh.control.inbox(sender.mailboxId).map(({ meshMessageId }) => meshMessageId)).not.toContain(poison);
  });

  it('an invocation that runs out of time leaves the rest for a poll at once', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    await rig.takeOutbox();
    rig.answer('20013', '30001');
    await pollMailbox(
      { ...rig.context, deadline: rig.clock.now() + 20_000 },
      { mailboxId: sender.mailboxId, slot: 'test' },
    );
    expect(await stateOfDocument(documentId)).toBe('SENT');
    const mailbox = await rig.table.read<{ course: { nextPollAt: number } }>(`MAILBOX#${sender.mailboxId}`);
    expect(mailbox?.course.nextPollAt).toBeLessThanOrEqual(rig.clock.now());
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
  });

  it('two pollers at once are harmless', async () => {
    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    await rig.takeEvents();
    await rig.takeOutbox();
    rig.answer('20013', '30001');
    await Promise.all([rig.poll(), rig.poll(), rig.poll()]);
    const record = await rig.record(documentId);
    if (!record) throw new Error('lost');
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(record.history.filter(({ what }) => what === 'accepted')).toHaveLength(1);
    expect((await rig.receipt(name))?.state).toBe('ACCEPTED');
  });
});

describe('versions', () => {
  it('a second version replaces the first (GPCM-SD-123, 131, 132); an older one that comes late is superseded', async () => {
    const { name, overrides } = fresh();
    const first = await rig.drop(name, overrides);
    expect(await goes(first.documentId, '20013', '30001')).toBe('ACCEPTED');
    const third = await rig.drop(`${name}-v3`, { ...overrides, version: 3 });
    expect(await goes(third.documentId, '20013', '30001')).toBe('ACCEPTED');
    const [message] = await sentFor(third.documentId);
    const record = await rig.record(first.documentId);
    expect(message?.body.toString()).toContain('<code value="replaces"');
    expect(message?.body.toString()).toContain(record ? currentComposition(record).documentBundleId : 'missing');
    const second = await rig.drop(`${name}-v2`, { ...overrides, version: 2 });
    expect(await goes(second.documentId)).toBe('SUPERSEDED');
    expect(await sentFor(second.documentId)).toHaveLength(0);
  });
});

describe('a half that stays alone', () => {
  it('is told after five minutes and rejected after an hour; a storage event that never came is swept up', async () => {
    await rig.drops.put('inbox/RX1/lonely.json', '{}');
    await rig.takeEvents();
    rig.clock.leap(minutes(6));
    await rig.watch();
    expect((await rig.receipt('lonely'))?.state).toBe('WAITING_FOR_PDF');
    rig.clock.leap(minutes(56));
    await rig.watch();
    expect(await rig.receipt('lonely')).toMatchObject({ state: 'REJECTED' });

    const { name, overrides } = fresh();
    const { documentId } = await rig.drop(name, overrides);
    rig.events.splice(0);
    rig.clock.leap(minutes(31));
    await rig.watch();
    expect(rig.events.length).toBeGreaterThanOrEqual(2);
    expect(await goes(documentId, '20013', '30001')).toBe('ACCEPTED');
  });
});

describe('the table and the log', () => {
  it('hold no patient data, and every record that has not ended is due', async () => {
    const items = await rig.items();
    const text = JSON.stringify(items) + rig.lines.join('\n');
    for (const secret of ['9691375087', 'Fernández', 'María', '1957-01-09', '19570109'])
      expect(text).not.toContain(secret);
    for (const item of items) {
      if (!String(item.pk).startsWith('DOC#')) continue;
      const record = { ...(item.data as NonNullable<Awaited<ReturnType<Rig['record']>>>) };
      const ended = [
        'ACCEPTED',
        'REJECTED',
        'UNDELIVERED',
        'SEND_FAILED',
        'SUPERSEDED',
        'SUPPRESSED',
        'BUSINESS_REJECTED',
        'INFRASTRUCTURE_REJECTED',
        'CONTRADICTED',
        'NULL_AND_VOID',
        'REPLACED',
      ].includes(stateOf(record));
      if (!ended) expect(item.nextCheckAt).toBeTypeOf('number');
    }
  });
});
