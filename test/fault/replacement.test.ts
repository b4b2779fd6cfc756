import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../shared/delivery/receipt.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf, stateOfComposition } from '../../shared/delivery/state-of.ts';
import { hasWork } from '../../shared/delivery/work.ts';
import { type MessageFacts, messageFacts } from '../../shared/itk3/message-facts.ts';
import { readXml } from '../../shared/itk3/xml-tree.ts';
import { sendDocument } from '../../shared/pipeline/send/send-document.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { files, named } from '../support/attachments.ts';
import { CrashPlan } from '../support/faults.ts';
import { createRig, headerOf, type Rig, sender } from '../support/rig.ts';

/** Versions of one encounter, from drop to answer: what the practice holds decides what the next one says. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const otherPatient = { nhsNumber: '9691375141', birthDate: '1984-11-23', family: 'Whitfield' };

/** Versions of a new encounter; names end in the version. */
const encounter = () => {
  const encounterId = randomUUID();
  const name = (version: number) => `${encounterId}-v${version}`;
  return {
    encounterId,
    name,
    drop: (version: number, overrides: Parameters<Rig['drop']>[1] = {}) =>
      rig.drop(name(version), { ...overrides, encounterId, version }),
    receipt: async (version: number) => rig.receipt(name(version)),
  };
};

const go = async (...codes: string[]) => {
  await rig.takeEvents();
  await rig.takeOutbox();
  if (codes.length > 0) rig.answer(...codes);
  await rig.poll();
};
const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error('no such document');
  return record;
};
const stateOfDocument = async (documentId: string) => stateOf(await recordOf(documentId));
const D = async (documentId: string) => currentComposition(await recordOf(documentId)).documentBundleId;
/**
 * Runs `life` once undisturbed, then once for each effect that it had, dying right after it. (Dying before one is dying
 * after the one before; what only reads leaves nothing behind.) Gives the effects.
 */
const dyingAfterEach = async (life: (plan: CrashPlan) => Promise<void>): Promise<readonly string[]> => {
  const whole = new CrashPlan(Number.POSITIVE_INFINITY, 'after');
  await life(whole);
  const effects = whole.names.flatMap((name, index) =>
    /\.(write|put|upload|send|remove|copyFrom)$/.test(name) ? [{ name, at: index + 1 }] : [],
  );
  for (const { at } of effects) await life(new CrashPlan(at, 'after'));
  return effects.map(({ name }) => name);
};

/** What the message that left says. */
const factsOf = async (documentId: string): Promise<MessageFacts> => {
  const { messageHeaderId } = currentComposition(await recordOf(documentId));
  const sent = rig.mesh.control.sent().filter(({ body }) => body.includes('<MessageHeader'));
  const message = sent.find(({ body }) => headerOf(body) === messageHeaderId);
  if (!message) throw new Error('it was not sent');
  const reading = readXml(message.body, { maxBytes: 100_000_000 });
  if (reading.kind !== 'xml') throw new Error('no XML');
  return messageFacts(reading.root);
};
const replacedBy = async (documentId: string) => (await factsOf(documentId)).replaces;

/** What a receipt warns of, but that the sample's consultation was saved years ago. */
const warned = async (receipt: Promise<Receipt | undefined>) =>
  ((await receipt)?.warnings ?? []).map(({ code }) => code).filter((code) => code !== 'LATE_HANDOVER');

describe('a chain of versions', () => {
  it('each replaces the one before, which is then REPLACED, under one SenderReference (GPCM-SD-042, GPCM-SD-123, GPCM-SD-129, GPCM-SD-131, GPCM-SD-132)', async () => {
    const { drop, receipt, encounterId } = encounter();
    const ids: string[] = [];
    for (const version of [1, 2, 3]) {
      ids.push((await drop(version)).documentId);
      await go('20013', '30001');
    }
    const [one = '', two = '', three = ''] = ids;
    expect(await replacedBy(one)).toBeUndefined();
    expect(await replacedBy(two)).toBe(await D(one));
    expect(await replacedBy(three)).toBe(await D(two));
    const facts = await Promise.all(ids.map(factsOf));
    expect(facts.map(({ senderReference, version }) => [senderReference, version])).toEqual(
      [1, 2, 3].map((version) => [encounterId, version]),
    );
    expect(await Promise.all(ids.map(stateOfDocument))).toEqual(['REPLACED', 'REPLACED', 'ACCEPTED']);
    expect(await receipt(1)).toMatchObject({ state: 'REPLACED', whoseMove: 'nobody' });
    expect(await warned(receipt(3))).toEqual([]);
  });

  it('a refused replacement leaves the one before, and the next replaces that', async () => {
    const { drop, receipt } = encounter();
    const one = await drop(1);
    await go('20013', '30001');
    const two = await drop(2);
    await go('20009');
    expect(await stateOfDocument(two.documentId)).toBe('INFRASTRUCTURE_REJECTED');
    expect(await warned(receipt(2))).toEqual(['OLDER_VERSION_STANDS']);
    expect(await stateOfDocument(one.documentId)).toBe('ACCEPTED');
    const three = await drop(3);
    await go('20013', '30001');
    expect(await replacedBy(three.documentId)).toBe(await D(one.documentId));
    expect(await stateOfDocument(one.documentId)).toBe('REPLACED');
  });

  it('where nothing of earlier versions arrived, the next is a complete new document with its own number', async () => {
    const { drop } = encounter();
    await drop(1);
    await go('20009');
    const two = await drop(2);
    await go('20013', '30001');
    expect(await replacedBy(two.documentId)).toBeUndefined();
    expect((await recordOf(two.documentId)).version).toBe(2);
  });

  it('dropped together they go in order, and nothing is composed twice', async () => {
    const { drop } = encounter();
    const one = await drop(1);
    const two = await drop(2);
    await go();
    await go('20013', '30001');
    expect(await replacedBy(two.documentId)).toBe(await D(one.documentId));
    expect((await recordOf(two.documentId)).compositions).toHaveLength(1);
  });
});

describe('when what the practice holds changes between composing and sending', () => {
  it('a version that overtakes the one before is composed again, without it; that one is superseded', async () => {
    const { drop, name } = encounter();
    const one = await drop(1);
    const two = await drop(2, { attachments: [named('scan.png', files['image/png'])] });
    await rig.drops.put(`inbox/RX1/${name(2)}/scan.png`, files['image/png']);
    await rig.takeEvents();
    const { ingest: _, ...contextOfSend } = rig.context;
    for (const message of rig.outbox.splice(0).reverse()) {
      const deadline = rig.deadline();
      await sendDocument({ ...contextOfSend, random: () => 0, deadline }, message);
    }
    expect(await stateOfDocument(one.documentId)).toBe('SUPERSEDED');
    // The send function has no way to compose: the work waits for watch, which does not take it for a crash.
    expect((await recordOf(two.documentId)).work.composeAgain).toBe(2);
    const unfinished = rig.metrics.get('UnfinishedWork') ?? 0;
    rig.clock.leap(minutes(3));
    await rig.watch();
    expect(rig.metrics.get('UnfinishedWork') ?? 0).toBe(unfinished);
    await go('20013', '30001');
    const record = await recordOf(two.documentId);
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(record.compositions).toHaveLength(2);
    expect(await replacedBy(two.documentId)).toBeUndefined();
    expect(record.work).toEqual({});
    // Though the drop had long left the inbox, all of its files are in the message.
    const sent = rig.mesh.control
      .sent()
      .find(({ body }) => headerOf(body) === currentComposition(record).messageHeaderId);
    expect(sent?.body.includes(files['image/png'].toString('base64'))).toBe(true);
    expect(sent?.body.includes(two.pdf.toString('base64'))).toBe(true);
    // The first composition never left, and its file in the archive is not there.
    expect(await rig.keys(rig.archive, `sent/${two.documentId}/1/`)).toEqual([]);
  });

  it('a version refused in the meantime is not pointed at', async () => {
    const { drop } = encounter();
    await drop(1);
    await go();
    const two = await drop(2);
    await rig.takeEvents();
    rig.answer('20009');
    await rig.poll();
    await rig.takeOutbox();
    expect(await stateOfDocument(two.documentId)).not.toBe('SENT');
    await go('20013', '30001');
    expect(await stateOfDocument(two.documentId)).toBe('ACCEPTED');
    expect(await replacedBy(two.documentId)).toBeUndefined();
  });

  it('a process that dies at any step of it loses nothing and sends nothing wrong', async () => {
    const effects = await dyingAfterEach(async (plan) => {
      const { drop } = encounter();
      const one = await drop(1);
      const two = await drop(2);
      await rig.takeEvents();
      rig.outbox.reverse();
      rig.crashWith(plan);
      await rig.takeOutbox();
      rig.crashWith(undefined);
      for (let round = 0; round < 6 && (await stateOfDocument(two.documentId)) !== 'ACCEPTED'; round++) {
        await go('20013', '30001');
        rig.clock.leap(minutes(21));
        await rig.watch();
      }
      await go();
      const where = `dying after call ${plan.at} (${plan.names.at(-1)})`;
      const [first, second] = [await recordOf(one.documentId), await recordOf(two.documentId)];
      expect(stateOf(second), where).toBe('ACCEPTED');
      expect(['SUPERSEDED', 'REPLACED'], where).toContain(stateOf(first));
      expect(await replacedBy(two.documentId), where).toBe(
        stateOf(first) === 'REPLACED' ? await D(one.documentId) : undefined,
      );
      expect(hasWork(first.work) || hasWork(second.work), where).toBe(false);
    });
    expect(effects).toContain('table.write');
    expect(effects).toContain('ingest.send');
  }, 120_000);
});

describe('a replacement that the practice cannot process (20014)', () => {
  it('makes both null and void, and the next version stands by itself (GPCM-SD-128)', async () => {
    const { drop, receipt } = encounter();
    const one = await drop(1);
    await go('20013', '30001');
    const two = await drop(2);
    await go('20014');
    expect(await stateOfDocument(two.documentId)).toBe('NULL_AND_VOID');
    expect(await stateOfDocument(one.documentId)).toBe('NULL_AND_VOID');
    for (const version of [1, 2]) {
      expect(await receipt(version)).toMatchObject({ state: 'NULL_AND_VOID', whoseMove: 'the sender' });
    }
    // The same answer again is counted and changes nothing.
    const counted = rig.metrics.get('DuplicateAcknowledgements') ?? 0;
    const before = await recordOf(one.documentId);
    rig.answerTo(currentComposition(await recordOf(two.documentId)).messageHeaderId, '20014');
    await rig.poll();
    expect(rig.metrics.get('DuplicateAcknowledgements')).toBe(counted + 1);
    expect((await recordOf(one.documentId)).history).toEqual(before.history);
    const three = await drop(3);
    await go('20013', '30001');
    expect(await replacedBy(three.documentId)).toBeUndefined();
    expect(await stateOfDocument(three.documentId)).toBe('ACCEPTED');
    expect(await stateOfDocument(one.documentId)).toBe('NULL_AND_VOID');
  });

  it('reaches both records whenever the process dies between them', async () => {
    const effects = await dyingAfterEach(async (plan) => {
      const { drop, receipt } = encounter();
      const one = await drop(1);
      await go('20013', '30001');
      const two = await drop(2);
      await go();
      rig.answer('20014');
      rig.crashWith(plan);
      await rig.poll().catch(() => undefined);
      rig.crashWith(undefined);
      for (let round = 0; round < 3; round++) {
        rig.clock.leap(minutes(6));
        await rig.watch();
        await rig.poll();
      }
      const where = `dying after call ${plan.at} (${plan.names.at(-1)})`;
      for (const [version, documentId] of [
        [1, one.documentId],
        [2, two.documentId],
      ] as const) {
        const record = await recordOf(documentId);
        expect(stateOf(record), where).toBe('NULL_AND_VOID');
        expect(hasWork(record.work), where).toBe(false);
        expect((await receipt(version))?.state, where).toBe('NULL_AND_VOID');
      }
    });
    expect(effects).toContain('table.write');
    expect(effects).toContain('drops.put');
  }, 120_000);
});

describe('what versions may not do', () => {
  it('a version older than one that has begun to go is SUPERSEDED at the drop, and leaves the inbox (GPCM-SD-098)', async () => {
    const { drop, name } = encounter();
    await drop(2);
    await go('20013', '30001');
    const one = await drop(1);
    await rig.takeEvents();
    expect(await stateOfDocument(one.documentId)).toBe('SUPERSEDED');
    expect(rig.outbox).toHaveLength(0);
    expect(await rig.keys(rig.drops, `inbox/RX1/${name(1)}`)).toEqual([]);
  });

  it.each([
    ['is confidential', { confidential: true }],
    ['is about the sender’s own patient', { registeredHere: true }],
  ])('a version that has not gone does not go any more once a later one %s (GPCM-SD-083)', async (_, overrides) => {
    const { drop, receipt } = encounter();
    const one = await drop(1);
    await rig.takeEvents();
    await drop(3, overrides);
    await go();
    // Nor does one that comes only now.
    const two = await drop(2);
    await go();
    expect((await receipt(3))?.state).toBe('SUPPRESSED');
    const sent = rig.mesh.control.sent().map(({ body }) => headerOf(body));
    for (const { documentId } of [one, two]) {
      expect(await stateOfDocument(documentId)).toBe('SUPERSEDED');
      expect(sent).not.toContain(currentComposition(await recordOf(documentId)).messageHeaderId);
    }
    // It was marked so by mistake: put right, it goes under its own number.
    await drop(3);
    await go('20013', '30001');
    expect((await receipt(3))?.state).toBe('ACCEPTED');
  });

  it.each(['delivered', 'waiting'])(
    'a version about another patient is REJECTED: same encounter, other patient (%s)',
    async (how) => {
      const { drop, receipt } = encounter();
      await drop(1);
      if (how === 'delivered') await go('20013', '30001');
      else await rig.takeEvents();
      const two = await drop(2, { patient: otherPatient });
      await rig.takeEvents();
      expect(await stateOfDocument(two.documentId)).toBe('REJECTED');
      expect((await receipt(2))?.problems).toMatchObject([
        { code: 'SAME_ENCOUNTER_OTHER_PATIENT', path: 'patient.nhsNumber' },
      ]);
      // Nor does the table or the log hold either number.
      const text = JSON.stringify(await rig.items()) + rig.lines.join('\n');
      expect(text).not.toContain(otherPatient.nhsNumber);
      await go('20013', '30001');
      // What was refused here is no version to compare with.
      const three = await drop(3);
      await go('20013', '30001');
      expect(await stateOfDocument(three.documentId)).toBe('ACCEPTED');
    },
  );

  it('a version about another patient than what the practice holds is REJECTED, whatever was made of that since', async () => {
    const { drop, receipt } = encounter();
    const one = await drop(1);
    await go();
    const { meshMessageId = '', messageHeaderId } = currentComposition(await recordOf(one.documentId));
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId: meshMessageId,
      workflowId: 'GPFED_CONSULT_REPORT',
      code: '14',
    });
    await rig.poll();
    expect(await stateOfDocument(one.documentId)).toBe('UNDELIVERED');
    // The correction, about somebody else, never left; and the practice had the first after all.
    await drop(1, { patient: otherPatient, documentType: { code: '149701000000109' } });
    await rig.takeEvents();
    rig.answerTo(messageHeaderId, '20013', '30001');
    await rig.poll();
    expect((await recordOf(one.documentId)).compositions.map(stateOfComposition)).toEqual(['ACCEPTED', 'REJECTED']);
    await drop(2, { patient: otherPatient });
    await go();
    expect(await receipt(2)).toMatchObject({
      state: 'REJECTED',
      problems: [{ code: 'SAME_ENCOUNTER_OTHER_PATIENT' }],
    });
  });

  it('two at once about different patients do not both go', async () => {
    const { drop } = encounter();
    const both = [await drop(1), await drop(2, { patient: otherPatient })];
    const events = rig.events.splice(0);
    await Promise.all(
      events.map(async (event) => {
        rig.events.push(event);
        await rig.takeEvents();
      }),
    );
    await go('20013', '30001');
    const states = await Promise.all(both.map(({ documentId }) => stateOfDocument(documentId)));
    expect(states).toContain('REJECTED');
  });

  it('for another practice it replaces nothing, and a person is told who still holds the earlier one', async () => {
    const { drop, receipt } = encounter();
    const one = await drop(1);
    await go('20013', '30001');
    const two = await drop(2, { registeredPractice: { odsCode: 'Z98765', name: 'Moved To Surgery' } });
    await go('20013', '30001');
    expect(await replacedBy(two.documentId)).toBeUndefined();
    expect(currentComposition(await recordOf(two.documentId)).olderVersionAt).toEqual({
      version: 1,
      odsCode: 'Y12345',
    });
    expect(await warned(receipt(2))).toEqual(['OLDER_VERSION_ELSEWHERE']);
    expect(await receipt(2)).toMatchObject({
      whoseMove: 'the sender',
      attention: [{ code: 'OLDER_VERSION_ELSEWHERE', practice: { odsCode: 'Y12345' } }],
    });
    expect(await stateOfDocument(one.documentId)).toBe('ACCEPTED');
  });

  it('later than a day it is warned of and counted (GPCM-SD-130)', async () => {
    const { drop, receipt } = encounter();
    await drop(1);
    await go('20013', '30001');
    rig.clock.leap(hours(25));
    const counted = rig.metrics.get('LateReplacements') ?? 0;
    await drop(2);
    await go('20013', '30001');
    expect(await receipt(2)).toMatchObject({ state: 'ACCEPTED' });
    expect(await warned(receipt(2))).toEqual(['LATE_REPLACEMENT']);
    expect(rig.metrics.get('LateReplacements')).toBe(counted + 1);
  });
});
