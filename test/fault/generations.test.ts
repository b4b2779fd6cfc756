import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { checkMessage } from '../../shared/itk3/checker.ts';
import { messageFacts } from '../../shared/itk3/message-facts.ts';
import { isoTime } from '../../shared/platform/clock.ts';
import { profileFor } from '../../shared/senders/profile-for.ts';
import { type Sender, senderFile } from '../../shared/senders/sender.ts';
import { parsed } from '../fixtures/itk3/documents.ts';
import { putSender } from '../support/registry.ts';
import { createRig, headerOf, type Rig, sender } from '../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
afterEach(() => putSender(rig.table, rig.senderSetting));

const putSettings = async (settings: object): Promise<Sender> => {
  const setting = senderFile.parse({ ...rig.senderSetting, ...settings });
  await putSender(rig.table, setting);
  return setting;
};

let n = 0;
const drop = async (overrides: Parameters<Rig['drop']>[1] = {}, name = `generation-${++n}`) => {
  const { documentId } = await rig.drop(name, { encounterId: randomUUID(), ...overrides });
  await rig.takeEvents();
  await rig.takeOutbox();
  return { name, documentId };
};
const stateOfDocument = async (documentId: string) => {
  const record = await rig.record(documentId);
  return record && stateOf(record);
};
const sentFor = async (documentId: string) => {
  const record = await rig.record(documentId);
  const header = record && currentComposition(record).messageHeaderId;
  const [message] = rig.mesh.control.sent().filter(({ body }) => headerOf(body) === header);
  if (!message) throw new Error('Nothing was sent.');
  return message;
};

describe('the generation of the standard', () => {
  it('is 2.0.x for the practice that it was chosen for, to the last header (GPCM-SD-044, GPCM-SD-057)', async () => {
    const setting = await putSettings({ practiceProfiles: { Y12345: 'v2' } });
    const { documentId } = await drop({ title: 'Out of hours letter', practitioner: { sdsUserId: undefined } });
    const { workflowId, headers, body } = await sentFor(documentId);
    expect(workflowId).toBe('GPCONNECT_SEND_DOCUMENT');
    const envelope = {
      subject: headers['mex-subject'],
      localId: headers['mex-localid'],
      to: headers['mex-to'],
      workflowId,
    };
    expect(checkMessage(parsed(body), { profile: profileFor(setting, 'Y12345'), envelope })).toEqual([]);
    expect(messageFacts(parsed(body)).title).toBe('Out of hours letter');
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
  });

  it('is 1.3.x for every other practice, which is refused what that cannot say', async () => {
    await putSettings({ practiceProfiles: { Y12345: 'v2' } });
    const { name } = await drop({ title: 'Out of hours letter', registeredPractice: { odsCode: 'Y54321' } });
    expect(await rig.receipt(name)).toMatchObject({ state: 'REJECTED', problems: [{ code: 'TITLE_NOT_SUPPORTED' }] });
    const { documentId } = await drop({ registeredPractice: { odsCode: 'Y54321' } });
    expect((await sentFor(documentId)).workflowId).toBe('GPFED_CONSULT_REPORT');
  });

  it('is changed for a practice after EPL-151 as the receipt advises, and the document goes (GPCM-SD-075)', async () => {
    const encounterId = randomUUID();
    const { documentId, name } = await drop({ encounterId });
    const first = await sentFor(documentId);
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId: first.meshMessageId,
      code: 'EPL-151',
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('UNDELIVERED');
    expect((await rig.receipt(name))?.advice).toContain('npm run operate -- sender put FILE');

    await putSettings({ practiceProfiles: { Y12345: 'v2' } });
    await drop({ encounterId, registeredPractice: { lookedUpAt: isoTime(rig.clock.now()) } });
    const second = await sentFor(documentId);
    expect(second.workflowId).toBe('GPCONNECT_SEND_DOCUMENT');
    expect(headerOf(second.body)).not.toBe(headerOf(first.body));
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await stateOfDocument(documentId)).toBe('ACCEPTED');
  });
});

describe('what is not sent', () => {
  const sentBefore = () => rig.mesh.control.sent().length;

  it.each([
    ['v1', {}],
    ['v2', { profile: 'v2' }],
    ['v2, whatever was chosen for v1', { profile: 'v2', confidentialNotification: true }],
  ])('a confidential consultation in %s, and the receipt says why (GPC-SD08)', async (_, settings) => {
    await putSettings(settings);
    const before = sentBefore();
    const { name } = await drop({ confidential: true, redacted: true });
    expect(await rig.receipt(name)).toMatchObject({
      state: 'SUPPRESSED',
      advice: expect.stringContaining('marked confidential'),
      history: expect.arrayContaining([expect.objectContaining({ what: 'suppressed', detail: 'confidential' })]),
    });
    expect(sentBefore()).toBe(before);
  });

  it.each([
    ['says so', { registeredHere: true }],
    ['names the sender as practice', { registeredPractice: { odsCode: 'RX1' } }],
  ])('a report of the sender’s own patient, where the manifest %s (GPCM-SD-083)', async (_, overrides) => {
    const before = sentBefore();
    const { name } = await drop(overrides);
    expect(await rig.receipt(name)).toMatchObject({
      state: 'SUPPRESSED',
      advice: expect.stringContaining('registered with your own organisation'),
      history: expect.arrayContaining([expect.objectContaining({ what: 'suppressed', detail: 'registered-here' })]),
    });
    expect(sentBefore()).toBe(before);
  });
});

describe('the notification of a confidential consultation', () => {
  it('leaves only where it was chosen, with R and without the place (GPCM-SD-102, GPCM-SD-117, GPCM-SD-119, GPC-SD08)', async () => {
    const setting = await putSettings({ confidentialNotification: true });
    const { documentId } = await drop({ confidential: true, redacted: true });
    const { workflowId, headers, body } = await sentFor(documentId);
    const subject = headers['mex-subject'] ?? '';
    expect(workflowId).toBe('GPFED_CONSULT_REPORT');
    expect(body.includes('<confidentiality value="R"/>')).toBe(true);
    expect(subject).toMatch(/^Consultation report for .+, NHS Number: \d{10}, Version: 1$/);
    expect(messageFacts(parsed(body)).text).toBe(subject);
    expect(checkMessage(parsed(body), { profile: profileFor(setting, 'Y12345'), envelope: { subject } })).toEqual([]);
  });

  it('is refused without a redacted report', async () => {
    await putSettings({ confidentialNotification: true });
    const { name } = await drop({ confidential: true });
    expect(await rig.receipt(name)).toMatchObject({
      state: 'REJECTED',
      problems: [{ path: 'redacted', code: 'NOTIFICATION_NOT_REDACTED' }],
    });
  });
});
