import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../shared/operate/commands.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { createRig, headerOf, type Rig, sender } from '../support/rig.ts';

/** A pause of a sender, a mailbox or everybody: what it holds, and that all of it goes when it is over. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await rig.watch();
});
afterAll(() => rig.close());

const operate = async (words: string): Promise<void> => {
  const { ok, lines } = await runCommand(words.split(' '), rig.operating, { by: 'Ann Bell', why: 'odd dates' });
  if (!ok) throw new Error(lines.join('\n'));
};

/** Drops documents one after the other and lets send have a go at each. */
const handOver = async (count: number) => {
  const made: { name: string; documentId: string }[] = [];
  for (let n = 0; n < count; n++) {
    const name = randomUUID();
    const { documentId } = await rig.drop(name, { encounterId: randomUUID() });
    await rig.takeEvents();
    rig.clock.leap(1000);
    made.push({ name, documentId });
  }
  await rig.takeOutbox();
  return made;
};

const holdsOf = async (documentId: string) => (await rig.record(documentId))?.holds.map(({ reason }) => reason);
const sentSince = (before: number) =>
  rig.mesh.control
    .sent()
    .slice(before)
    .filter(({ from }) => from === sender.mailboxId);
const count = () => rig.mesh.control.sent().length;
/** The documents whose messages went, in the order in which they went. */
const order = async (documents: readonly { documentId: string }[], before: number) => {
  const headers = new Map<string, string>();
  for (const { documentId } of documents) {
    headers.set((await rig.record(documentId))?.compositions[0]?.messageHeaderId.toLowerCase() ?? '', documentId);
  }
  return sentSince(before).map(({ body }) => headers.get(headerOf(body).toLowerCase()));
};

beforeEach(() => {
  rig.outbox.splice(0);
});

describe.each([
  ['a sender', 'sender', ' RX1'],
  ['a mailbox', 'mailbox', ' RX1OT001'],
  ['everybody', '', ''],
])('a pause of %s', (_, subject, id) => {
  it('holds documents as they come to be sent, past the time at which they would be given up, and lets them go oldest first', async () => {
    const before = count();
    await operate(`${subject} pause${id}`.trim());
    const documents = await handOver(3);
    expect(sentSince(before)).toEqual([]);
    for (const { documentId, name } of documents) {
      expect(await holdsOf(documentId)).toEqual(['paused']);
      expect(await rig.receipt(name)).toMatchObject({
        state: 'COMPOSED',
        whoseMove: 'this system',
        held: [{ reason: 'paused', why: expect.stringContaining('is paused: odd dates') }],
      });
    }
    for (let hour = 0; hour < 6; hour++) {
      rig.clock.leap(hours(1));
      await rig.watch();
      await rig.takeOutbox();
    }
    expect(sentSince(before)).toEqual([]);

    await operate(`${subject} resume${id}`.trim());
    await rig.watch();
    expect(rig.outbox.map(({ documentId }) => documentId)).toEqual(documents.map(({ documentId }) => documentId));
    await rig.takeOutbox();
    expect(await order(documents, before)).toEqual(documents.map(({ documentId }) => documentId));
    rig.answer('20013', '30001');
    await rig.poll();
    for (const { name } of documents) {
      const receipt = await rig.receipt(name);
      expect(receipt).toMatchObject({ state: 'ACCEPTED' });
      expect(receipt?.held).toBeUndefined();
      expect(receipt?.history.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['held: its sender is paused', 'released: its sender goes on']),
      );
    }
  });
});

describe('a pause', () => {
  it('of everybody or of a mailbox polls nothing: answers wait in MESH, and are taken when it is over', async () => {
    for (const words of ['', ' RX1OT001']) {
      const subject = words === '' ? '' : 'mailbox ';
      const [document] = await handOver(1);
      await operate(`${subject}pause${words}`);
      rig.answer('20013', '30001');
      await rig.poll();
      rig.clock.leap(minutes(10));
      rig.polls.splice(0);
      await rig.watch();
      expect(rig.polls).toEqual([]);
      expect((await rig.receipt(document?.name ?? ''))?.state).toBe('SENT');
      await operate(`${subject}resume${words}`);
      rig.clock.leap(minutes(2));
      await rig.watch();
      expect(rig.polls.map(({ mailboxId }) => mailboxId)).toEqual(['RX1OT001']);
      await rig.poll();
      expect((await rig.receipt(document?.name ?? ''))?.state).toBe('ACCEPTED');
    }
  });

  it('of a sender still polls', async () => {
    const [document] = await handOver(1);
    await operate('sender pause RX1');
    rig.answer('20013', '30001');
    await rig.poll();
    expect((await rig.receipt(document?.name ?? ''))?.state).toBe('ACCEPTED');
    await operate('sender resume RX1');
  });

  it('that another pause covers holds on until both are over', async () => {
    const before = count();
    await operate('pause');
    await operate('sender pause RX1');
    const [document] = await handOver(1);
    await operate('resume');
    await rig.watch();
    expect(rig.outbox).toEqual([]);
    expect(await holdsOf(document?.documentId ?? '')).toEqual(['paused']);
    await operate('sender resume RX1');
    await rig.watch();
    await rig.takeOutbox();
    expect(sentSince(before)).toHaveLength(1);
  });

  it('seen by a send at the moment when it ends still lets its document go', async () => {
    const before = count();
    await operate('sender pause RX1');
    const [document] = await handOver(1);
    await operate('sender resume RX1');
    await rig.watch();
    await rig.takeOutbox();
    expect(sentSince(before)).toHaveLength(1);
    // The same, but watch has finished before the hold is written.
    await operate('sender pause RX1');
    const [late] = await handOver(1);
    const held = await rig.record(late?.documentId ?? '');
    await operate('sender resume RX1');
    const key = 'RESUMED#documents';
    const resumed = await rig.table.read<object>(key);
    await rig.table.remove(key, resumed?.revision ?? 0);
    expect(held?.holds).toHaveLength(1);
    rig.clock.leap(minutes(16));
    await rig.watch();
    await rig.takeOutbox();
    expect(sentSince(before)).toHaveLength(2);
    expect(document).toBeDefined();
  });

  it('keeps a doubt where it is: nothing is sent again before it is over', async () => {
    const before = count();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    const [document] = await handOver(1);
    expect((await rig.receipt(document?.name ?? ''))?.state).toBe('SENDING');
    await operate('sender pause RX1');
    for (let quarter = 0; quarter < 3; quarter++) {
      rig.clock.leap(minutes(21));
      await rig.watch();
      await rig.takeOutbox();
    }
    expect(sentSince(before)).toHaveLength(1);
    await operate('sender resume RX1');
    for (let quarter = 0; quarter < 3; quarter++) {
      rig.clock.leap(minutes(21));
      await rig.watch();
      await rig.takeOutbox();
    }
    expect(sentSince(before)).toHaveLength(2);
    expect((await rig.receipt(document?.name ?? ''))?.possibleDuplicate).toBe(true);
    rig.answer('20013', '30001');
    await rig.poll();
  });
});
