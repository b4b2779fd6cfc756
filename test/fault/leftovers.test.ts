import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEvent } from '../../shared/delivery/documents.ts';
import type { Encounter } from '../../shared/delivery/encounter.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { readMailbox } from '../../shared/senders/registry.ts';
import { createRig, type Rig, sender } from '../support/rig.ts';

/** What is left over when something could not be done, and must neither come back to life nor run in circles. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const fresh = () => ({ encounterId: randomUUID() });
const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error('lost');
  return record;
};
const go = async (...codes: string[]) => {
  await rig.takeEvents();
  await rig.takeOutbox();
  rig.answer(...codes);
  await rig.poll();
};
/** Runs `during` with parts of the context out of order. */
const without = async (broken: Partial<Rig['context']>, during: () => Promise<void>) => {
  const whole = { ...rig.context };
  Object.assign(rig.context, broken);
  try {
    await during();
  } finally {
    Object.assign(rig.context, whole);
  }
};
const outOfOrder = () => Promise.reject(new Error('out of order'));

describe('receipts of refused drops', () => {
  it('stay refusals however many follow, and do not crowd out the document’s own', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    const { documentId } = await rig.drop(name, { encounterId });
    await rig.takeEvents();
    await rig.takeOutbox();
    for (let n = 0; n < 22; n++) {
      await rig.drop(`${name}-r${n}`, { encounterId, practitioner: { family: `Other${n}` } });
      await rig.takeEvents();
    }
    rig.answer('20013', '30001');
    await rig.poll();
    expect(stateOf(await recordOf(documentId))).toBe('ACCEPTED');
    expect((await rig.receipt(name))?.state).toBe('ACCEPTED');
    for (const n of [0, 10, 21]) expect((await rig.receipt(`${name}-r${n}`))?.state).toBe('DROP_REFUSED');
  });
});

describe('a document that was told to be over', () => {
  it('does not come back by its own objects, though another name was refused meanwhile', async () => {
    const name = randomUUID();
    const { encounterId } = fresh();
    const { documentId } = await rig.drop(name, { encounterId });
    await without({ messages: { ...rig.context.messages, upload: outOfOrder } }, async () => {
      await rig.takeEvents();
      await rig.drop(`${name}-b`, { encounterId, practitioner: { family: 'Other' } });
      for (let hour = 0; hour < 5; hour++) {
        await rig.takeEvents();
        rig.clock.leap(hours(1));
        await rig.watch();
      }
    });
    expect(stateOf(await recordOf(documentId))).toBe('REJECTED');
    rig.events.splice(0);
    rig.clock.leap(minutes(20));
    await rig.watch();
    await go();
    expect(stateOf(await recordOf(documentId))).toBe('REJECTED');
    expect(await rig.keys(rig.drops, `inbox/RX1/${name}.`)).toEqual([]);
  });

  it('does not come back when its objects could not be deleted at the time', async () => {
    const name = randomUUID();
    const { documentId } = await rig.drop(name, fresh());
    await without({ inbox: { ...rig.drops, head: outOfOrder } }, async () => {
      await rig.takeEvents();
      rig.mesh.control.failNext({ operation: 'send', fault: 'status', status: 417, body: '{}' });
      await rig.takeOutbox();
    });
    expect(stateOf(await recordOf(documentId))).toBe('SEND_FAILED');
    rig.clock.leap(minutes(20));
    await rig.watch();
    await go();
    expect(stateOf(await recordOf(documentId))).toBe('SEND_FAILED');
    expect(await rig.keys(rig.drops, `inbox/RX1/${name}.`)).toEqual([]);
  });
});

describe('watch', () => {
  it('queues a document whose wait is over once, not every minute', async () => {
    const { documentId } = await rig.drop(randomUUID(), fresh());
    await rig.takeEvents();
    rig.outbox.splice(0);
    await applyEvent(rig.context, (await recordOf(documentId)).documentId, {
      kind: 'waits',
      composition: 1,
      until: rig.clock.now() + minutes(5),
      why: 'circuit',
    });
    await rig.watch();
    for (let minute = 0; minute < 18; minute++) {
      rig.clock.leap(minutes(1));
      await rig.watch();
    }
    expect(rig.outbox.filter((message) => message.documentId === documentId).length).toBeLessThanOrEqual(2);
    await go('20013', '30001');
  });

  it('notices a doubt though a part of the work keeps failing', async () => {
    const { documentId } = await rig.drop(randomUUID(), fresh());
    await rig.takeEvents();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await without({ drops: { ...rig.context.drops, put: outOfOrder } }, async () => {
      await rig.takeOutbox();
      for (let round = 0; round < 4; round++) {
        rig.clock.leap(minutes(25));
        await rig.watch();
        await rig.takeOutbox();
      }
    });
    expect(stateOf(await recordOf(documentId))).toBe('SENT');
    expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBe(true);
  });

  it('sweeps on from where it stopped, leaving nothing out', async () => {
    const names = [randomUUID(), randomUUID()].sort();
    for (const name of names) await rig.drop(name, fresh());
    rig.events.splice(0);
    rig.clock.leap(minutes(31));
    const inTime = rig.context.drops.list;
    // The first sweep runs out of time before the first object.
    await without({ drops: { ...rig.context.drops, list: inTime } }, async () => {
      const { watch } = await import('../../shared/pipeline/watch/watch.ts');
      await watch({ ...rig.context, deadline: rig.clock.now() + 10_000 });
      await rig.watch();
    });
    const swept = rig.events.map((event) => ('key' in event ? event.key : ''));
    for (const name of names) expect(swept).toContain(`inbox/RX1/${name}.pdf`);
    await go('20013', '30001');
  });
});

describe('a claim', () => {
  it('of a document in doubt stands, though its re-send found nothing to do', async () => {
    const { encounterId } = fresh();
    const { documentId } = await rig.drop(encounterId, { encounterId });
    await rig.takeEvents();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    rig.clock.leap(minutes(25));
    await rig.watch();
    const { table } = rig.context;
    // Between the claim and the beginning of the attempt another message gives up.
    let gaveUp = false;
    const write: typeof table.write = async (...args) => {
      const outcome = await table.write(...args);
      if (!gaveUp && args[0].startsWith('ENCOUNTER#')) {
        gaveUp = true;
        await applyEvent({ ...rig.context, table }, (await recordOf(documentId)).documentId, {
          kind: 'gave-up',
          composition: 1,
        });
      }
      return outcome;
    };
    const watched = {
      read: table.read.bind(table),
      remove: table.remove.bind(table),
      due: table.due.bind(table),
      oldestUnsent: table.oldestUnsent.bind(table),
      write,
    };
    await without({ table: { ...table, ...watched } }, () => rig.takeOutbox());
    expect(gaveUp).toBe(true);
    expect((await recordOf(documentId)).holds).toHaveLength(1);
    expect((await rig.table.read<Encounter>(`ENCOUNTER#RX1#${encounterId}`))?.inFlight).toBeDefined();
  });
});

describe('a fault of AWS that passes', () => {
  it('opens no circuit', async () => {
    const { documentId } = await rig.drop(randomUUID(), fresh());
    await rig.takeEvents();
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    const { connection } = rig.context;
    await without({ connection: { ...connection, secrets: { read: () => Promise.reject(throttled) } } }, async () => {
      await rig.takeOutbox();
      await rig.poll();
    });
    expect((await readMailbox(rig.table, sender.mailboxId))?.course.circuit).toBeUndefined();
    await go('20013', '30001');
    expect(stateOf(await recordOf(documentId))).toBe('ACCEPTED');
  });
});
