import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDrop } from '../../local/samples/variants.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { putSender } from '../support/registry.ts';
import { createRig, type Rig } from '../support/rig.ts';

/** What providers do with names, halves and corrections, and what comes in between. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const stateOfDocument = async (documentId: string) => {
  const record = await rig.record(documentId);
  return record && stateOf(record);
};
const go = async () => {
  await rig.takeEvents();
  await rig.takeOutbox();
  rig.answer('20013', '30001');
  await rig.poll();
};
const fresh = () => ({ encounterId: randomUUID() });

describe('a name that is used again', () => {
  it('while the first drop is unfinished loses neither', async () => {
    const name = randomUUID();
    const first = await rig.drop(name, fresh());
    const upload = rig.context.messages.upload;
    Object.assign(rig.context, {
      messages: { ...rig.context.messages, upload: () => Promise.reject(new Error('S3 is out of order')) },
    });
    await rig.takeEvents();
    Object.assign(rig.context, { messages: { ...rig.context.messages, upload } });
    expect(await stateOfDocument(first.documentId)).toBe('RECEIVED');
    const second = await rig.drop(name, fresh(), { text: 'second' });
    await go();
    expect(await stateOfDocument(second.documentId)).toBe('ACCEPTED');
    rig.clock.leap(minutes(20));
    await rig.watch();
    await go();
    expect(await stateOfDocument(first.documentId)).toBe('ACCEPTED');
    expect((await rig.receipt(name))?.documentId).toBe(second.documentId);
  });

  it('with the PDF of the version before and a new manifest is a new version, whichever half comes first', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    const first = await rig.drop(name, { encounterId });
    await go();
    expect(await stateOfDocument(first.documentId)).toBe('ACCEPTED');
    const second = await rig.drop(name, { encounterId, version: 2, practitioner: { family: 'Corrected' } });
    expect(second.pdf.equals(first.pdf)).toBe(true);
    // The PDF's event is taken long before the manifest comes.
    const [pdfEvent, manifestEvent] = rig.events.splice(0);
    if (!pdfEvent || !manifestEvent) throw new Error('no events');
    rig.events.push(pdfEvent);
    await rig.takeEvents();
    rig.clock.leap(minutes(10));
    await rig.watch();
    expect((await rig.receipt(name))?.state).toBe('ACCEPTED');
    rig.events.push(manifestEvent);
    await go();
    expect(await stateOfDocument(second.documentId)).toBe('ACCEPTED');
  });

  it('by an uploader that repeats one half is forgotten quietly, and the receipt stands', async () => {
    const name = randomUUID();
    const { documentId, pdf } = await rig.drop(name, fresh());
    await go();
    await rig.drops.put(`inbox/RX1/${name}.pdf`, pdf);
    await rig.takeEvents();
    rig.clock.leap(minutes(62));
    await rig.watch();
    expect(await rig.receipt(name)).toMatchObject({ state: 'ACCEPTED', documentId });
    expect(await rig.keys(rig.drops, `inbox/RX1/${name}`)).toEqual([]);
  });

  it('without a digest is refused where the digest is waived: nothing else ties the PDF to its manifest', async () => {
    await putSender(rig.table, { ...rig.senderSetting, requireDigest: false });
    const name = randomUUID();
    const first = await rig.drop(name, { ...fresh(), pdf: undefined });
    await go();
    expect(await stateOfDocument(first.documentId)).toBe('ACCEPTED');
    const second = await rig.drop(name, { ...fresh(), pdf: undefined }, { text: 'another patient’s' });
    await go();
    await putSender(rig.table, rig.senderSetting);
    expect(await stateOfDocument(second.documentId)).toBe('REJECTED');
    expect((await rig.receipt(name))?.problems).toEqual([expect.objectContaining({ code: 'NAME_USED_AGAIN' })]);
  });
});

describe('receipts', () => {
  it('follow a correction that came in two halves far apart, to whatever the practice says of it', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    const bad = await rig.drop(name, { encounterId, patient: { family: 'Under_score' } });
    await rig.takeEvents();
    expect((await rig.receipt(name))?.state).toBe('REJECTED');
    const good = await makeDrop({ text: `Report ${name}` }, { encounterId });
    await rig.drops.put(`inbox/RX1/${name}.json`, good.json);
    await rig.takeEvents();
    rig.clock.leap(minutes(6));
    await rig.watch();
    expect((await rig.receipt(name))?.state).toBe('WAITING_FOR_PDF');
    await rig.drops.put(`inbox/RX1/${name}.pdf`, good.pdf);
    await rig.takeEvents();
    await rig.takeOutbox();
    rig.answer('20013', '30002');
    await rig.poll();
    expect(await stateOfDocument(bad.documentId)).toBe('BUSINESS_REJECTED');
    expect(await rig.receipt(name)).toMatchObject({ state: 'BUSINESS_REJECTED', documentId: bad.documentId });
  });

  it('tell a broken re-drop of an accepted document all its problems, and leave the document as it is', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    const { documentId } = await rig.drop(name, { encounterId });
    await go();
    await rig.drop(name, { encounterId, patient: { nhsNumberStatus: '02', birthDate: '2999-01-01' } });
    await rig.takeEvents();
    const receipt = await rig.receipt(name);
    expect(receipt).toMatchObject({ state: 'DROP_REFUSED', whoseMove: 'the sender', document: { state: 'ACCEPTED' } });
    expect(receipt?.problems?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['patient.nhsNumberStatus', 'patient.birthDate']),
    );
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
    await rig.drop(name, { encounterId });
    await rig.takeEvents();
    expect((await rig.receipt(name))?.state).toBe('ACCEPTED');
  });
});

describe('a document that is RECEIVED', () => {
  it('whose right PDF turns out unusable is rejected with the reason', async () => {
    const name = randomUUID();
    const made = await rig.drop(name, fresh());
    await rig.drops.put(`inbox/RX1/${name}.pdf`, (await rig.drop(randomUUID(), fresh(), { text: 'wrong' })).pdf);
    const [, manifest, , , wrong] = rig.events.splice(0);
    for (const message of [manifest, wrong]) if (message) rig.events.push(message);
    await rig.takeEvents();
    expect(await stateOfDocument(made.documentId)).toBe('RECEIVED');
    await rig.drops.put(`inbox/RX1/${name}.pdf`, made.pdf.subarray(0, 300));
    await rig.takeEvents();
    expect(await rig.receipt(name)).toMatchObject({ state: 'REJECTED', problems: [{ code: 'PDF_TRUNCATED' }] });
  });

  it('and can never be composed is told after four hours, not kept in silence', async () => {
    const name = randomUUID();
    const { documentId } = await rig.drop(name, fresh());
    const { messages } = rig.context;
    Object.assign(rig.context, {
      messages: { ...messages, upload: () => Promise.reject(new Error('S3 is out of order')) },
    });
    for (let hour = 0; hour < 5; hour++) {
      await rig.takeEvents();
      rig.clock.leap(hours(1));
      await rig.watch();
    }
    Object.assign(rig.context, { messages });
    rig.events.splice(0);
    expect(await rig.receipt(name)).toMatchObject({ state: 'REJECTED', problems: [{ code: 'COULD_NOT_BE_COMPOSED' }] });
    await rig.drop(name, { encounterId: (await rig.record(documentId))?.encounterId ?? '' });
    await go();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
  });
});

describe('work that a function could not do', () => {
  it('is done later for the composition that it belongs to, and keeps nothing else waiting', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    const { documentId } = await rig.drop(name, { encounterId });
    const { archive } = rig.context;
    if (!archive) throw new Error('no archive');
    Object.assign(rig.context, {
      archive: { ...archive, copyFrom: () => Promise.reject(new Error('the archive is out of order')) },
    });
    await rig.takeEvents();
    await rig.takeOutbox();
    expect((await rig.receipt(name))?.state).toBe('SENT');
    rig.answer('30002');
    await rig.poll();
    expect((await rig.receipt(name))?.state).toBe('BUSINESS_REJECTED');
    await rig.drop(name, { encounterId, patient: { family: 'Under_score' } });
    await rig.takeEvents();
    expect((await rig.receipt(name))?.state).toBe('REJECTED');
    Object.assign(rig.context, { archive });
    rig.clock.leap(minutes(5));
    await rig.watch();
    expect(await rig.keys(rig.archive, `sent/${documentId}/1/`)).toHaveLength(2);
    expect((await rig.record(documentId))?.work).toEqual({});
  });

  it('an item stays far below what the table takes, however often a broken drop is repeated', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    let documentId = '';
    for (let round = 0; round < 12; round++) {
      ({ documentId } = await rig.drop(name, {
        encounterId,
        patient: { family: `Under_score${round}`, birthDate: '2999-01-01' },
      }));
      await rig.takeEvents();
    }
    const record = await rig.record(documentId);
    if (!record) throw new Error('lost');
    expect(record.compositions).toHaveLength(12);
    expect(record.compositions.slice(0, -1).every(({ rejection }) => rejection?.problems.length === 0)).toBe(true);
    expect(currentComposition(record).rejection?.problems.length).toBe(2);
    expect(JSON.stringify(record).length).toBeLessThan(20_000);
  });
});
