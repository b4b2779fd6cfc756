import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ManifestOverrides, makeDrop } from '../../local/samples/variants.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { documentIdOf, type OdsCode } from '../../shared/platform/ids.ts';
import { readWhole } from '../../shared/platform/objects.ts';
import { readMailbox } from '../../shared/senders/registry.ts';
import { createRig, headerOf, otherSender, type Rig, sender } from '../support/rig.ts';
import { memorySubscriptions } from '../support/subscriptions.ts';

/** Two organisations in one deployment, whose codes begin alike, each with a mailbox and credentials of its own. */

let rig: Rig;
const mail = memorySubscriptions();
const who = { by: 'Ann Bell', why: 'a second organisation' };

const operate = async (words: string, files: Record<string, object> = {}): Promise<readonly string[]> => {
  const readText = (path: string) => (path in files ? JSON.stringify(files[path]) : undefined);
  const context = { ...rig.operating, readText, subscriptions: async () => mail.port };
  const { ok, lines } = await runCommand(words.split(' '), context, who);
  if (!ok) throw new Error(lines.join('\n'));
  return lines;
};

const settings = {
  odsCode: otherSender.odsCode,
  name: otherSender.name,
  phone: '01632 960200',
  mailboxId: otherSender.mailboxId,
  addresses: { notices: ['records@southfield.example'] },
};

beforeAll(async () => {
  rig = await createRig();
  await rig.watch();
  const mailbox = {
    mailboxId: otherSender.mailboxId,
    odsCode: otherSender.odsCode,
    environment: 'local',
    baseUrl: rig.mesh.url,
    pollEverySeconds: 60,
  };
  await operate('mailbox put m', { m: mailbox });
  await operate('sender put s', { s: settings });
  mail.confirmAll();
});
afterAll(() => rig.close());

const receiptOf = async (odsCode: string, name: string) => {
  const found = await readWhole(rig.drops, `receipts/${odsCode}/${name}.json`, 1 << 20);
  return found && found !== 'too-large' ? JSON.parse(found.bytes.toString('utf8')) : undefined;
};

const dropFor = async (odsCode: string, name: string, overrides: ManifestOverrides) => {
  const { pdf, json } = await makeDrop({ text: `Report of ${odsCode}` }, overrides);
  await rig.drops.put(`inbox/${odsCode}/${name}.pdf`, pdf, { contentType: 'application/pdf' });
  await rig.drops.put(`inbox/${odsCode}/${name}.json`, json);
  await rig.takeEvents();
  const encounterId = String(overrides.encounterId);
  return documentIdOf(odsCode as OdsCode, encounterId, 1);
};

const lastSent = (mailboxId: string) => rig.mesh.control.sent().findLast(({ from }) => from === mailboxId);

describe('an organisation that is registered and not active', () => {
  it('has drops that wait, with a receipt that says whose move it is, and go once it is activated', async () => {
    const name = randomUUID();
    const documentId = await dropFor('RX10', name, { encounterId: randomUUID() });
    expect(await receiptOf('RX10', name)).toMatchObject({ state: 'SENDER_NOT_ACTIVE', whoseMove: 'this system' });
    expect(await rig.record(documentId)).toBeUndefined();
    rig.clock.leap(minutes(16));
    await rig.watch();
    await rig.takeEvents();
    expect(await rig.record(documentId)).toBeUndefined();

    await operate('sender activate RX10');
    rig.clock.leap(minutes(16));
    await rig.watch();
    await rig.takeEvents();
    await rig.takeOutbox();
    expect(await receiptOf('RX10', name)).toMatchObject({ state: 'SENT' });
    // What was taken before goes its way when it is deactivated.
    await operate('sender deactivate RX10');
    rig.answerInto(
      otherSender.mailboxId,
      headerOf(lastSent(otherSender.mailboxId)?.body ?? Buffer.alloc(0)),
      '20013',
      '30001',
    );
    await rig.poll(otherSender.mailboxId);
    expect(await receiptOf('RX10', name)).toMatchObject({ state: 'ACCEPTED' });
    await operate('sender activate RX10');
  });
});

describe('two organisations', () => {
  it('with the same encounter and name have a document each, by their own mailbox, answered in it, seen by nobody else', async () => {
    const [name, encounterId] = [randomUUID(), randomUUID()];
    const ids = [await dropFor('RX1', name, { encounterId }), await dropFor('RX10', name, { encounterId })] as const;
    expect(ids[0]).not.toBe(ids[1]);
    await rig.takeOutbox();
    for (const [odsCode, mailboxId] of [
      ['RX1', sender.mailboxId],
      ['RX10', otherSender.mailboxId],
    ] as const) {
      const message = lastSent(mailboxId);
      expect(message?.headers['mex-localid']).toBe(odsCode);
      expect(await receiptOf(odsCode, name)).toMatchObject({ odsCode, state: 'SENT' });
      rig.answerInto(mailboxId, headerOf(message?.body ?? Buffer.alloc(0)), '20013', '30001');
    }
    await rig.poll(otherSender.mailboxId);
    expect(await receiptOf('RX10', name)).toMatchObject({ documentId: ids[1], state: 'ACCEPTED' });
    expect(await receiptOf('RX1', name)).toMatchObject({ documentId: ids[0], state: 'SENT' });
    await rig.poll();
    expect(await receiptOf('RX1', name)).toMatchObject({ state: 'ACCEPTED' });
    for (const [odsCode, other] of [
      ['RX1', ids[1]],
      ['RX10', ids[0]],
    ] as const) {
      const { rows } = await rig.table.bySender(odsCode, { from: 0, to: rig.clock.now(), limit: 100 });
      expect(rows.map(({ key }) => key)).not.toContain(`DOC#${other}`);
    }
  });

  it('do not stop each other: a pause and a wrong password of RX10 are its own', async () => {
    await operate('sender pause RX10');
    const names = [randomUUID(), randomUUID()] as const;
    await dropFor('RX1', names[0], { encounterId: randomUUID() });
    const held = await dropFor('RX10', names[1], { encounterId: randomUUID() });
    await rig.takeOutbox();
    expect(await receiptOf('RX1', names[0])).toMatchObject({ state: 'SENT' });
    expect((await rig.record(held))?.holds.map(({ reason }) => reason)).toEqual(['paused']);
    await operate('sender resume RX10');
    rig.mesh.control.changeMailbox(otherSender.mailboxId, { password: 'another' });
    await rig.watch();
    await rig.takeOutbox();
    const circuits = async () =>
      Promise.all(
        [sender.mailboxId, otherSender.mailboxId].map(
          async (id) => (await readMailbox(rig.table, id))?.course.circuit !== undefined,
        ),
      );
    expect(await circuits()).toEqual([false, true]);
    rig.mesh.control.changeMailbox(otherSender.mailboxId, { password: 'password-3' });
    for (let minute = 0; minute < 3; minute++) {
      rig.clock.leap(minutes(6));
      await rig.watch();
      await rig.takeOutbox();
    }
    expect(await receiptOf('RX10', names[1])).toMatchObject({ state: 'SENT' });
  });

  it('have their own list of test patients, and their own way of naming messages to MESH', async () => {
    await operate('sender put s', { s: { ...settings, allowedNhsNumbers: ['9657702*'], localId: 'unique' } });
    const [refused, taken] = [randomUUID(), randomUUID()];
    await dropFor('RX10', refused, { encounterId: randomUUID() });
    expect(await receiptOf('RX10', refused)).toMatchObject({
      state: 'REJECTED',
      problems: [{ path: 'patient.nhsNumber', code: 'NHS_NUMBER_NOT_ALLOWED_HERE' }],
    });
    await dropFor('RX1', taken, { encounterId: randomUUID() });
    expect((await receiptOf('RX1', taken)).state).toBe('COMPOSED');
    await operate('sender put s', { s: { ...settings, localId: 'unique' } });
    await dropFor('RX10', taken, { encounterId: randomUUID() });
    await rig.takeOutbox();
    const message = lastSent(otherSender.mailboxId);
    expect(message?.headers['mex-localid']).toBe(headerOf(message?.body ?? Buffer.alloc(0)));
  });
});
