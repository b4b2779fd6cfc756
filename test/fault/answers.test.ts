import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { indexedRecord } from '../../shared/delivery/documents.ts';
import { archivedReceived, owedKey } from '../../shared/delivery/keys.ts';
import type { Owed } from '../../shared/delivery/owed.ts';
import type { Quarantined } from '../../shared/delivery/quarantine.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { readResponse } from '../../shared/itk3/response.ts';
import { answerXml } from '../../shared/itk3/write-answer.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { systemIds } from '../../shared/platform/ids.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { CrashPlan } from '../support/faults.ts';
import { putMailbox } from '../support/registry.ts';
import { createRig, practice, type Rig, sender } from '../support/rig.ts';

/** What comes back about a document, and from where: tracking, quarantine, reports, and answers to answers. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
beforeEach(() => {
  rig.crashWith(undefined);
  rig.mesh.control.clearFaults();
});

const asked = () => rig.mesh.control.requests.track;
const sentDocument = async (overrides: Parameters<Rig['drop']>[1] = {}) => {
  const name = randomUUID();
  const { documentId, manifest } = await rig.drop(name, { encounterId: randomUUID(), ...overrides });
  await rig.takeEvents();
  await rig.takeOutbox();
  return { documentId, name, encounterId: manifest.encounterId };
};
const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error(`There is no document ${documentId}.`);
  return record;
};
const stateNow = async (documentId: string) => stateOf(await recordOf(documentId));
const later = async (ms: number) => {
  rig.clock.leap(ms);
  await rig.poll();
};
/** Nothing of earlier tests is left to be asked about. */
const quiet = async () => {
  await later(minutes(3));
  await rig.poll();
};
const settingOf = (more: object = {}) =>
  mailboxFile.parse({
    mailboxId: sender.mailboxId,
    odsCode: sender.odsCode,
    environment: 'local',
    baseUrl: rig.mesh.url,
    pollEverySeconds: 60,
    ...more,
  });

/** One poll dies at a call of a port, then the next at the next call, until one lives. Returns how many died. */
const crashEverywhere = async (round: (crashedPoll: () => Promise<string>) => Promise<void>): Promise<number> => {
  let crashes = 0;
  for (let at = 1; ; at++) {
    for (const when of ['before', 'after'] as const) {
      const plan = new CrashPlan(at, when);
      await round(async () => {
        rig.crashWith(plan);
        await rig.poll().catch(() => undefined);
        rig.crashWith(undefined);
        return `crash ${when} ${plan.names.at(-1)}`;
      });
      if (!plan.crashed) return crashes;
      crashes += 1;
      // After a call that only reads it is as it was before it.
      if (/\.(read|get|head|listed)$/.test(plan.names.at(-1) ?? '')) break;
    }
  }
};

interface Reply {
  readonly code: string;
  readonly inResponseTo?: string | undefined;
  readonly senderReference?: string;
  readonly infAckRequested?: boolean;
  readonly from?: string;
}
/** A practice's response; returns the MESH id under which it lies in the inbox. */
const reply = ({ code, inResponseTo, senderReference, infAckRequested = false, from = practice.mailboxId }: Reply) =>
  rig.mesh.control.deliver(sender.mailboxId, {
    from,
    workflowId: 'GPFED_CONSULT_REPORT_ACK',
    content: Buffer.from(
      answerXml(
        { code },
        {
          ids: systemIds,
          at: rig.clock.now(),
          mailboxId: from,
          odsCode: practice.odsCode,
          inResponseTo,
          senderReference,
          infAckRequested,
        },
      ),
    ),
  });

describe('the practice that MESH chose', () => {
  it('is asked for once after the inbox is read, kept, and named in the receipt', async () => {
    await quiet();
    const { documentId, name } = await sentDocument();
    const before = asked();
    await rig.poll();
    expect(asked(), 'not at once: MESH is still choosing').toBe(before);
    await later(minutes(3));
    expect(asked()).toBe(before + 1);
    const record = await recordOf(documentId);
    expect(stateOf(record)).toBe('SENT');
    expect(currentComposition(record).routed).toMatchObject({
      mailboxId: practice.mailboxId,
      odsCode: practice.odsCode,
      organisation: practice.name,
    });
    expect((await rig.receipt(name))?.routedTo).toMatchObject({
      odsCode: practice.odsCode,
      organisation: practice.name,
    });
    await later(hours(2));
    expect(asked(), 'and not again').toBe(before + 1);
  });

  it('is asked for again at most hourly and four times, and never kept as the address that names the patient', async () => {
    await quiet();
    rig.mesh.control.configure({ deliveryDelayMs: hours(20) });
    const { documentId } = await sentDocument();
    rig.mesh.control.configure({ deliveryDelayMs: 0 });
    const before = asked();
    for (let n = 0; n < 20; n++) await later(minutes(20));
    expect(asked()).toBe(before + 5);
    expect(currentComposition(await recordOf(documentId)).tracking).toMatchObject({ asked: 5 });
    expect(JSON.stringify(await rig.items())).not.toContain('GPPROVIDER');
  });

  it('differs from the one that the manifest names: a person is told', async () => {
    const { documentId, name } = await sentDocument({
      registeredPractice: { odsCode: 'A20047', name: 'The Old Surgery', lookedUpAt: '2024-03-18T09:35:00+00:00' },
    });
    await later(minutes(3));
    expect(await stateNow(documentId)).toBe('SENT');
    expect((await rig.receipt(name))?.attention).toMatchObject([{ code: 'WENT_TO_ANOTHER_PRACTICE' }]);
    expect(rig.lines.some((line) => line.includes('DOCUMENT_ROUTED_ELSEWHERE'))).toBe(true);
  });

  it('answers from another mailbox: applied and flagged', async () => {
    const { documentId, name } = await sentDocument();
    await later(minutes(3));
    const { messageHeaderId } = currentComposition(await recordOf(documentId));
    reply({ code: '20013', inResponseTo: messageHeaderId });
    reply({ code: '30001', inResponseTo: ` URN:UUID:${messageHeaderId.toUpperCase()} `, from: 'A20047OT001' });
    await rig.poll();
    expect(await stateNow(documentId)).toBe('ACCEPTED');
    expect(currentComposition(await recordOf(documentId)).business?.fromMailboxId).toBe('A20047OT001');
    expect((await rig.receipt(name))?.attention).toMatchObject([{ code: 'ANSWERED_BY_ANOTHER_MAILBOX' }]);
  });

  it('is asked for by one of two polls at once', async () => {
    await quiet();
    await sentDocument();
    rig.clock.leap(minutes(3));
    const before = asked();
    await Promise.all([rig.poll(), rig.poll()]);
    expect(asked()).toBe(before + 1);
  });

  it('cannot be asked for while tracking is out of order: polls and answers go on, and one question an hour finds out', async () => {
    await quiet();
    const { documentId } = await sentDocument();
    await sentDocument();
    rig.mesh.control.failNext({ operation: 'track', fault: 'status', status: 503, times: 100 });
    rig.clock.leap(minutes(3));
    await rig.poll();
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await stateNow(documentId)).toBe('ACCEPTED');
    const mailbox = await rig.table.read<{ course: { lastPollOutcome: string; circuit?: object } }>(
      `MAILBOX#${sender.mailboxId}`,
    );
    expect(mailbox?.course).toMatchObject({ lastPollOutcome: 'ok' });
    expect(mailbox?.course.circuit).toBeUndefined();
    rig.mesh.control.clearFaults();
    await later(hours(1.1));
    expect(currentComposition(await recordOf(documentId)).routed).toBeDefined();
  });

  it('is known in the end whichever call a crash hits, without a question more than hourly', async () => {
    await quiet();
    const { documentId, name } = await sentDocument();
    /** As if it had only been sent: tracking has not begun. */
    const asSent = async () => {
      const { revision, ...record } = await recordOf(documentId);
      const { routed: _r, tracking: _t, ...composition } = currentComposition(record);
      const fresh = { ...record, compositions: [{ ...composition, sentAt: rig.clock.now() }] };
      const indexed = indexedRecord(fresh, rig.clock.now(), rig.context.settings);
      expect(await rig.table.write(`DOC#${documentId}`, fresh, revision, indexed)).toBe('written');
    };
    const crashes = await crashEverywhere(async (crashedPoll) => {
      await asSent();
      rig.clock.leap(minutes(3));
      const before = asked();
      const where = await crashedPoll();
      await rig.poll();
      expect(asked() - before, where).toBeLessThanOrEqual(1);
      rig.clock.leap(hours(1.1));
      await rig.watch();
      await rig.poll();
      expect(currentComposition(await recordOf(documentId)).routed, where).toBeDefined();
      expect((await rig.receipt(name))?.routedTo?.odsCode, where).toBe(practice.odsCode);
    });
    expect(crashes).toBeGreaterThan(10);
  });

  it('could not take it: UNDELIVERED as by the report, though another system took that report', async () => {
    const { documentId, name } = await sentDocument();
    const id = currentComposition(await recordOf(documentId)).meshMessageId ?? '';
    const body = { message_id: id, status: 'undeliverable', status_success: false, status_code: '14' };
    rig.mesh.control.failNext({ operation: 'track', fault: 'status', status: 200, body: JSON.stringify(body) });
    await later(minutes(3));
    expect(await stateNow(documentId)).toBe('UNDELIVERED');
    expect((await rig.receipt(name))?.advice).toContain('has not received the document');
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId: id,
      code: '14',
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await rig.poll();
    expect(await stateNow(documentId)).toBe('UNDELIVERED');
  });
});

describe('reports', () => {
  it.each(['14', 'EPL-151', ''])('with code %j end as UNDELIVERED with advice (GPCM-SD-075)', async (code) => {
    const { documentId, name } = await sentDocument();
    const linkedMessageId = currentComposition(await recordOf(documentId)).meshMessageId ?? '';
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId,
      code,
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await rig.poll();
    const receipt = await rig.receipt(name);
    expect(receipt?.state).toBe('UNDELIVERED');
    expect(receipt?.whoseMove).toBe('the sender');
    expect(receipt?.advice?.length).toBeGreaterThan(40);
  });

  it('of good news leave the document waiting for the practice', async () => {
    const { documentId } = await sentDocument();
    const linkedMessageId = currentComposition(await recordOf(documentId)).meshMessageId ?? '';
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId,
      code: '00',
      event: 'TRANSFER',
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await rig.poll();
    expect(await stateNow(documentId)).toBe('SENT');
    expect((await recordOf(documentId)).history.at(-1)?.what).toBe('MESH says that it is delivered');
  });

  it('that overtake our own write are parked, all of them, and applied when it comes', async () => {
    const linked = 'not-written-yet_AAAAAA';
    for (const code of ['00', '14', 'EPL-151']) {
      rig.mesh.control.injectReport({
        mailboxId: sender.mailboxId,
        linkedMessageId: linked,
        code,
        workflowId: 'GPFED_CONSULT_REPORT',
      });
    }
    await rig.poll();
    const { documentId } = await sentDocument();
    // Our own write, which came late: the table says whose message that is.
    await rig.table.write(`MESH#${linked}`, { documentId }, 0);
    const record = await recordOf(documentId);
    const composition = currentComposition(record);
    const { revision, ...rest } = record;
    await rig.table.write(
      `DOC#${documentId}`,
      { ...rest, compositions: [{ ...composition, meshMessageId: linked }] },
      revision,
    );
    rig.clock.leap(hours(1.1));
    await rig.watch();
    const next = await recordOf(documentId);
    expect(stateOf(next)).toBe('UNDELIVERED');
    const told = next.history.map(({ what, detail = '' }) => `${what} ${detail.split(' ')[0]}`);
    // Taken several at a time, so in any order: whichever came first decides, and none is lost.
    const [first, second] = told.includes('undelivered 14') ? ['14', 'EPL-151'] : ['EPL-151', '14'];
    expect(told).toEqual(
      expect.arrayContaining([
        'MESH says that it is delivered 00',
        `undelivered ${first}`,
        `MESH report recorded ${second}`,
      ]),
    );
  });
});

describe('the quarantine', () => {
  const item = (id: string) => rig.table.read<Quarantined>(`QUARANTINE#${id}`);
  const operate = (...words: string[]) => runCommand(words, rig.operating, { by: 'Ann Bell' });

  it('holds a response that names no message of this mailbox, with the documents that it may be about', async () => {
    const { documentId, encounterId } = await sentDocument();
    await sentDocument();
    const id = reply({ code: '10009', senderReference: encounterId });
    const stray = reply({ code: '30002', inResponseTo: randomUUID(), senderReference: 'None' });
    await rig.poll();
    expect(await stateNow(documentId), 'a suggestion changes nothing').toBe('SENT');
    expect(await item(id)).toMatchObject({
      mailboxId: sender.mailboxId,
      why: 'does not say what it answers',
      fromMailboxId: practice.mailboxId,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      response: { codes: ['10009'], level: 'infrastructure', polarity: 'negative', responderOds: practice.odsCode },
      suggestions: [{ documentId, senderOds: 'RX1', composition: 1, samePractice: true, answered: false }],
    });
    expect(await item(stray)).toMatchObject({ why: 'answers no message of this mailbox' });
    expect(await item(stray)).not.toHaveProperty('suggestions');
    expect(await rig.keys(rig.archive, archivedReceived(sender.mailboxId, id, 2, 'body'))).toHaveLength(1);

    const list = await operate('quarantine', 'list');
    expect(list.ok).toBe(true);
    expect(list.lines.find((line) => line.includes(id))).toMatch(/10009 \(negative\).*suggestions: 1/);
    expect(list.data).toMatchObject({
      more: false,
      quarantined: expect.arrayContaining([
        expect.objectContaining({ meshMessageId: id }),
        expect.objectContaining({ meshMessageId: stray }),
      ]),
    });
    const one = await operate('quarantine', 'show', id);
    const shown = one.lines.join('\n');
    expect(shown).toContain(documentId);
    expect(shown).toContain('now SENT');
    expect(shown).toContain(archivedReceived(sender.mailboxId, id, 2, 'body'));
    expect(one.data).toMatchObject({
      suggestions: [{ documentId, state: 'SENT' }],
    });
    expect((await operate('quarantine', 'show', 'nothing')).ok).toBe(false);
  });

  it('never suggests what did not go out through the mailbox', async () => {
    const encounterId = randomUUID();
    await rig.drop(randomUUID(), { encounterId });
    await rig.takeEvents();
    const id = reply({ code: '10009', senderReference: encounterId });
    await rig.poll();
    expect(await item(id)).not.toHaveProperty('suggestions');
    await rig.takeOutbox();
  });

  it.each<[string, Buffer, string]>([
    ['no XML', Buffer.from('{"resourceType":"Bundle"}'), 'cannot be read: not XML'],
    [
      'a document type declaration',
      Buffer.from('<!DOCTYPE a><a/>'),
      'cannot be read: headed by a document type declaration',
    ],
    ['nothing', Buffer.alloc(0), 'cannot be read: empty'],
    ['another message', Buffer.from('<Bundle xmlns="http://hl7.org/fhir"/>'), 'is no ITK3 response'],
  ])('holds %s', async (_, content, why) => {
    const id = rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      content,
    });
    await rig.poll();
    expect((await item(id))?.why).toBe(why);
  });

  it('keeps every byte of what is longer than any answer', async () => {
    const content = Buffer.alloc(12_000_000, 'Mrs Smith 9691375087 ');
    const id = rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      content,
    });
    await rig.poll();
    expect((await item(id))?.why).toBe('cannot be read: too large');
    const kept = await rig.archive.head(archivedReceived(sender.mailboxId, id, 2, 'body'));
    expect(kept?.size).toBe(content.length);
    expect(rig.mesh.control.inbox(sender.mailboxId).some(({ meshMessageId }) => meshMessageId === id)).toBe(false);
  });

  it('says nothing of what others wrote', async () => {
    const marked = 'Mrs-Smith-9691375087';
    const xml = answerXml(
      { code: '20009', diagnostics: marked },
      {
        ids: systemIds,
        at: rig.clock.now(),
        mailboxId: marked,
        odsCode: marked,
        inResponseTo: marked,
        senderReference: marked,
      },
    ).replace('20009', marked);
    const id = rig.mesh.control.deliver(sender.mailboxId, {
      from: marked,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      content: Buffer.from(xml),
      headers: { 'mex-subject': marked, 'mex-localid': marked },
    });
    await rig.poll();
    expect(await item(id)).toBeDefined();
    const shown = [await operate('quarantine', 'list'), await operate('quarantine', 'show', id)];
    const out = [JSON.stringify(await item(id)), ...shown.map((one) => JSON.stringify(one)), ...rig.lines];
    expect(out.filter((line) => /9691375087|Mrs-Smith/.test(line))).toEqual([]);
  });
});

describe('an acknowledgement of an acknowledgement', () => {
  const replies = () => rig.mesh.control.sent().filter(({ workflowId }) => workflowId === 'GPFED_CONSULT_REPORT_ACK');
  const withSetting = async (acknowledgeResponses: boolean) => {
    await putMailbox(rig.table, settingOf({ acknowledgeResponses }), rig.clock.now());
  };
  const answeredDocument = async (more: Partial<Reply> = {}) => {
    const { documentId } = await sentDocument();
    const { messageHeaderId } = currentComposition(await recordOf(documentId));
    reply({ code: '20013', inResponseTo: messageHeaderId, infAckRequested: true });
    reply({ code: '30001', inResponseTo: messageHeaderId, infAckRequested: true, ...more });
    return { documentId, messageHeaderId };
  };

  it('is not sent unless the mailbox is set to', async () => {
    await withSetting(false);
    const { documentId } = await answeredDocument();
    await rig.poll();
    await later(minutes(5));
    expect(await stateNow(documentId)).toBe('ACCEPTED');
    expect(replies()).toHaveLength(0);
  });

  it('is one 20013 to the business response that asks for it, and to no other', async () => {
    await withSetting(true);
    const { documentId } = await answeredDocument();
    await answeredDocument({ infAckRequested: false });
    await rig.poll();
    await later(minutes(5));
    expect(await stateNow(documentId)).toBe('ACCEPTED');
    expect(replies()).toHaveLength(1);
    const [sent] = replies();
    expect(sent).toMatchObject({ to: practice.mailboxId, deliveredTo: practice.mailboxId });
    expect(readResponse(sent?.body ?? Buffer.alloc(0))).toMatchObject({
      decisive: '20013',
      infAckRequested: false,
      responderOds: 'RX1',
    });
  });

  it('answers the id of the response, with ids that are always the same, once however often it comes', async () => {
    const before = replies().length;
    const { documentId } = await sentDocument();
    const { messageHeaderId } = currentComposition(await recordOf(documentId));
    const xml = answerXml(
      { code: '30002' },
      {
        ids: systemIds,
        at: rig.clock.now(),
        mailboxId: practice.mailboxId,
        odsCode: practice.odsCode,
        inResponseTo: messageHeaderId,
        senderReference: undefined,
        infAckRequested: true,
      },
    );
    const deliver = () =>
      rig.mesh.control.deliver(sender.mailboxId, {
        from: practice.mailboxId,
        workflowId: 'GPFED_CONSULT_REPORT_ACK',
        content: Buffer.from(xml),
      });
    for (let n = 0; n < 3; n++) {
      deliver();
      await rig.poll();
      await later(minutes(5));
    }
    expect(await stateNow(documentId)).toBe('BUSINESS_REJECTED');
    const sent = replies().slice(before);
    expect(sent).toHaveLength(1);
    const own = readResponse(Buffer.from(xml));
    const responseId = own.kind === 'response' ? (own.messageHeaderId ?? '') : '';
    expect(readResponse(sent[0]?.body ?? Buffer.alloc(0))).toMatchObject({ inResponseTo: responseId });
    const owed = await rig.table.read<Owed>(owedKey(messageHeaderId, responseId));
    expect(owed?.sent?.meshMessageId).toBe(sent[0]?.meshMessageId);
  });

  it('whose answer from MESH got lost is found again, not sent again', async () => {
    const before = replies().length;
    const { documentId } = await answeredDocument();
    await rig.poll();
    if (replies().length === before) {
      rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
      await later(minutes(5));
    }
    for (let n = 0; n < 6; n++) await later(minutes(10));
    expect(replies().slice(before)).toHaveLength(1);
    expect(await stateNow(documentId)).toBe('ACCEPTED');
  });

  it('disturbs nothing where MESH refuses it', async () => {
    const before = replies().length;
    const { documentId } = await answeredDocument({ from: 'NOBODY01' });
    await rig.poll();
    for (let n = 0; n < 3; n++) await later(minutes(10));
    expect(await stateNow(documentId)).toBe('ACCEPTED');
    expect(replies().slice(before)).toHaveLength(0);
    const mailbox = await rig.table.read<{ course: { lastPollOutcome: string } }>(`MAILBOX#${sender.mailboxId}`);
    expect(mailbox?.course.lastPollOutcome).toBe('ok');
    expect(rig.lines.some((line) => line.includes('RESPONSE_ACKNOWLEDGED') && line.includes('refused'))).toBe(true);
  });

  it('is sent exactly once whichever call a crash hits', async () => {
    await quiet();
    const { documentId } = await sentDocument();
    await quiet();
    const { messageHeaderId } = currentComposition(await recordOf(documentId));
    reply({ code: '30001', inResponseTo: messageHeaderId });
    await rig.poll();
    const asking = new Set<string>();
    const before = replies().length;
    const crashes = await crashEverywhere(async (crashedPoll) => {
      // Each is a response of its own, with an id of its own; to the document it is the same answer again.
      asking.add(reply({ code: '30001', inResponseTo: messageHeaderId, infAckRequested: true }));
      await crashedPoll();
      await rig.poll();
    });
    expect(crashes).toBeGreaterThan(10);
    for (let n = 0; n < 5; n++) await later(minutes(21));
    const answered = replies()
      .slice(before)
      .map(({ body }) => {
        const reading = readResponse(body);
        return reading.kind === 'response' ? reading.inResponseTo : undefined;
      });
    // Both kinds of doubt came up: MESH had it, and MESH had it not.
    const doubts = rig.lines.filter((line) => line.includes('RESPONSE_ACKNOWLEDGEMENT_IN_DOUBT'));
    for (const found of ['"one"', '"none"'])
      expect(
        doubts.some((line) => line.includes(found)),
        found,
      ).toBe(true);
    expect(new Set(answered).size).toBe(asking.size);
    expect(answered).toHaveLength(asking.size);
    expect(await stateNow(documentId)).toBe('ACCEPTED');
  });
});
