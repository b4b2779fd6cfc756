import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DropItem } from '../../shared/delivery/drop.ts';
import { dropKey, partObject } from '../../shared/delivery/keys.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hasWork } from '../../shared/delivery/work.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { readWhole } from '../../shared/platform/objects.ts';
import { files, named } from '../support/attachments.ts';
import { CrashPlan } from '../support/faults.ts';
import { putSender } from '../support/registry.ts';
import { createRig, type Rig } from '../support/rig.ts';

/** Attachments of a drop, in every order, missing, wrong, left over, and with the function dying anywhere. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const png = files['image/png'];
const text = files['text/plain'];
const key = (name: string, attachment: string) => `inbox/RX1/${name}/${attachment}`;
const stateOfDocument = async (documentId: string) => {
  const record = await rig.record(documentId);
  return record && stateOf(record);
};
const twoFiles = [named('scan.png', png), named('notes.txt', text, 'text/plain')];

/** Drops a report that names two attachments; its events are left for the test to order. */
const dropNaming = async (attachments = twoFiles, name: string = randomUUID()) => {
  const drop = await rig.drop(name, { encounterId: randomUUID(), attachments });
  return { ...drop, name };
};
const put = (name: string, attachment: string, bytes: Uint8Array) => rig.drops.put(key(name, attachment), bytes);
const left = (name: string) => rig.keys(rig.drops, `inbox/RX1/${name}`);
const message = async (documentId: string): Promise<string> => {
  const record = await rig.record(documentId);
  const stored = record && currentComposition(record).stored;
  if (!stored) throw new Error('not composed');
  const whole = await readWhole(rig.context.messages, partObject(stored.folder, 1), 10_000_000);
  if (!whole || whole === 'too-large') throw new Error('no part');
  return whole.bytes.toString('utf8');
};

describe('a document with attachments (GPCM-SD-088)', () => {
  it('is composed of all its files, the report first, whatever order they come in (GPCM-SD-109, GPCM-SD-111, GPCM-SD-112)', async () => {
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
      [1, 2, 3, 0],
      [0, 2, 1, 3],
    ];
    for (const order of orders) {
      const { name, documentId, pdf } = await dropNaming();
      await put(name, 'scan.png', png);
      await put(name, 'notes.txt', text);
      const events = rig.events.splice(0);
      for (const index of order) {
        const event = events[index];
        if (event) rig.events.push(event);
        await rig.takeEvents();
      }
      expect(`${order} ${await stateOfDocument(documentId)}`).toBe(`${order} COMPOSED`);
      const xml = await message(documentId);
      const contents = [...xml.matchAll(/<content value="([^"]*)"/g)].map(([, value = '']) => value);
      expect(contents).toEqual([pdf, png, text].map((bytes) => bytes.toString('base64')));
      expect(await left(name)).toEqual([]);
    }
  });

  it('waits for a file that is not there yet, says which, and goes when it comes', async () => {
    const { name, documentId } = await dropNaming();
    await put(name, 'scan.png', png);
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('RECEIVED');
    const receipt = await rig.receipt(name);
    expect(receipt).toMatchObject({ state: 'RECEIVED', whoseMove: 'the sender' });
    expect(receipt?.advice).toContain('attachments[1]');
    rig.clock.leap(minutes(50));
    await put(name, 'notes.txt', text);
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('COMPOSED');
  });

  it('waits for the file with the digest that is named, and takes no other', async () => {
    const { name, documentId } = await dropNaming();
    await put(name, 'scan.png', Buffer.from('89504e470d0a1a0affff', 'hex'));
    await put(name, 'notes.txt', Buffer.from('MZ\0 not even text'));
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('RECEIVED');
    await put(name, 'notes.txt', text);
    await rig.takeEvents();
    expect((await rig.receipt(name))?.advice).toContain('attachments[0]');
    await put(name, 'scan.png', png);
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('COMPOSED');
    expect(await left(name)).toEqual([]);
  });

  it('is rejected an hour after it began to wait, naming what is missing, however often something came', async () => {
    const { name, documentId } = await dropNaming();
    await rig.takeEvents();
    rig.clock.leap(minutes(45));
    await put(name, 'notes.txt', text);
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('RECEIVED');
    rig.clock.leap(minutes(16));
    await rig.watch();
    expect(await rig.receipt(name)).toMatchObject({
      state: 'REJECTED',
      problems: [{ code: 'ATTACHMENT_NEVER_CAME', path: 'attachments[0]' }],
    });
    expect(await left(name)).toEqual([]);
    // The late one belongs to what was rejected: it is taken away in silence.
    await put(name, 'scan.png', png);
    await rig.takeEvents();
    rig.clock.leap(minutes(62));
    await rig.watch();
    expect(await left(name)).toEqual([]);
    expect(await rig.keys(rig.drops, `receipts/RX1/${name}`)).toEqual([`receipts/RX1/${name}.json`]);
  });

  it('is refused with everything that is wrong with it and its files, at once', async () => {
    const bad = [
      named('scan.png', text),
      named('tool.png', Buffer.from('#!/bin/sh')),
      named('empty.txt', Buffer.alloc(0), 'text/plain'),
      named('archive.zip', png, 'application/zip'),
      named('scan.png', png),
    ];
    const name = randomUUID();
    const { documentId } = await rig.drop(name, {
      encounterId: randomUUID(),
      attachments: bad,
      patient: { birthDate: '2999-01-01' },
    });
    await put(name, 'scan.png', text);
    await put(name, 'tool.png', Buffer.from('#!/bin/sh'));
    await put(name, 'empty.txt', Buffer.alloc(0));
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('REJECTED');
    const problems = (await rig.receipt(name))?.problems?.map(({ path, code }) => `${path} ${code}`);
    expect(problems?.sort()).toEqual([
      'attachments[0].contentType ATTACHMENT_NOT_ITS_TYPE',
      'attachments[1] ATTACHMENT_EXECUTABLE',
      'attachments[2] ATTACHMENT_EMPTY',
      'attachments[3].contentType ATTACHMENT_TYPE_NOT_APPROVED',
      'attachments[4].name ATTACHMENT_NAMED_TWICE',
      'patient.birthDate BIRTH_DATE_IN_FUTURE',
    ]);
  });

  it('with other attachments is other content', async () => {
    const { name, documentId, manifest } = await dropNaming([named('scan.png', png)]);
    await put(name, 'scan.png', png);
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('COMPOSED');
    const again = randomUUID();
    await rig.drop(again, {
      encounterId: manifest.encounterId,
      attachments: [{ ...named('scan.png', png), title: 'Another title' }],
    });
    await put(again, 'scan.png', png);
    await rig.takeEvents();
    const receipt = await rig.receipt(again);
    // The PDF says its name, so it differs as well.
    expect(receipt?.state).toBe('DROP_REFUSED');
    expect(receipt?.problems?.map(({ path }) => path)).toContain('attachments[0].title');
  });

  it('that is too long for its sender is refused by the sizes alone, with size, limit and what to do', async () => {
    await putSender(rig.table, { ...rig.senderSetting, maxMessageBytes: 100_000 });
    const large = Buffer.alloc(120_000, 'long text ');
    const { name, documentId } = await dropNaming([named('large.txt', large, 'text/plain')]);
    await put(name, 'large.txt', large);
    await rig.takeEvents();
    await putSender(rig.table, rig.senderSetting);
    expect(await stateOfDocument(documentId)).toBe('REJECTED');
    const [problem, ...others] = (await rig.receipt(name))?.problems ?? [];
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'MESSAGE_TOO_LARGE', path: 'attachments' });
    expect(problem?.message).toMatch(/would have 1\d{5} bytes, and this organisation may send 100000/);
    expect(problem?.message).toContain('list them in the PDF by name, time and size');
    expect(await rig.keys(rig.context.messages, `messages/${documentId}/`)).toEqual([]);
  });
});

describe('attachments that nobody names', () => {
  it('are told like a half that stayed alone, and taken out of the inbox', async () => {
    const name = randomUUID();
    await put(name, 'scan.png', png);
    await rig.takeEvents();
    rig.clock.leap(minutes(6));
    await rig.watch();
    expect((await rig.receipt(name))?.state).toBe('WAITING_FOR_MANIFEST');
    rig.clock.leap(minutes(56));
    await rig.watch();
    expect(await rig.receipt(name)).toMatchObject({
      state: 'REJECTED',
      documentId: null,
      problems: [{ code: 'ATTACHMENT_NOT_NAMED' }],
    });
    expect(await left(name)).toEqual([]);
    expect(await rig.table.read<DropItem>(dropKey('RX1', name))).not.toHaveProperty('attachments');
  });

  it('beside a report that went are told apart from it: its receipt stands', async () => {
    const { name, documentId } = await dropNaming([named('scan.png', png)]);
    await put(name, 'scan.png', png);
    await put(name, 'stray.txt', text);
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('COMPOSED');
    rig.clock.leap(minutes(62));
    await rig.watch();
    expect(await left(name)).toEqual([]);
    expect((await rig.receipt(name))?.documentId).toBe(documentId);
    const receipts = await rig.keys(rig.drops, `receipts/RX1/${name}`);
    expect(receipts).toHaveLength(2);
    const told = await readWhole(rig.drops, receipts.find((one) => one.includes('.attachments-')) ?? '', 1 << 20);
    expect(told && told !== 'too-large' && told.bytes.toString('utf8')).toContain('ATTACHMENT_NOT_NAMED');
  });

  it('go with a PDF whose manifest never came', async () => {
    const name = randomUUID();
    await put(name, 'scan.png', png);
    const { pdf } = await dropNaming([]);
    rig.events.splice(1);
    await rig.drops.put(`inbox/RX1/${name}.pdf`, pdf);
    await rig.takeEvents();
    rig.clock.leap(minutes(62));
    await rig.watch();
    expect(await rig.receipt(name)).toMatchObject({ state: 'REJECTED', problems: [{ code: 'MANIFEST_NEVER_CAME' }] });
    expect(await left(name)).toEqual([]);
  });

  it('are found by the sweep when their event never came', async () => {
    const { name, documentId } = await dropNaming([named('scan.png', png)]);
    await rig.takeEvents();
    await put(name, 'scan.png', png);
    rig.events.splice(0);
    rig.clock.leap(minutes(16));
    await rig.watch();
    await rig.takeEvents();
    expect(await stateOfDocument(documentId)).toBe('COMPOSED');
  });
});

describe('a crash at any call while a document with attachments is taken', () => {
  it('before or after its effect, in turn, loses no file and composes them all', async () => {
    for (let at = 1; ; at++) {
      const when = at % 2 === 1 ? 'before' : 'after';
      const plan = new CrashPlan(at, when);
      const { name, documentId } = await dropNaming();
      await put(name, 'notes.txt', text);
      await put(name, 'scan.png', png);
      rig.crashWith(plan);
      await rig.takeEvents();
      const where = `crash ${when} call ${at}, ${plan.names.at(-1)}`;
      rig.crashWith(undefined);
      for (let round = 0; round < 4; round++) {
        await rig.takeEvents();
        const record = await rig.record(documentId);
        if (record && stateOf(record) === 'COMPOSED' && !hasWork(record.work)) break;
        rig.clock.leap(minutes(21));
        await rig.watch();
      }
      const record = await rig.record(documentId);
      if (!record) throw new Error(`${where}: lost`);
      expect(`${where} ${stateOf(record)}`).toBe(`${where} COMPOSED`);
      expect(record.compositions, where).toHaveLength(1);
      expect((await message(documentId)).match(/<content value=/g), where).toHaveLength(3);
      expect(await left(name), where).toEqual([]);
      rig.outbox.splice(0);
      if (!plan.crashed) break;
    }
  }, 240_000);
});
