import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Encounter } from '../../shared/delivery/encounter.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { createRig, headerOf, type Rig, sender } from '../support/rig.ts';

/** MESH may have the message and nobody knows: what follows must neither double it silently nor say it was not sent. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error('lost');
  return record;
};
const postsOf = async (documentId: string) => {
  const headers = (await recordOf(documentId)).compositions.map(({ messageHeaderId }) => messageHeaderId as string);
  return rig.mesh.control
    .sent()
    .filter(({ from, body }) => from === sender.mailboxId && headers.includes(headerOf(body)));
};
const inFlight = async (encounterId: string) =>
  (await rig.table.read<Encounter>(`ENCOUNTER#RX1#${encounterId}`))?.inFlight;

/** A document that MESH took while its answer was lost. */
const inDoubt = async () => {
  const encounterId = randomUUID();
  const { documentId } = await rig.drop(encounterId, { encounterId });
  await rig.takeEvents();
  rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
  await rig.takeOutbox();
  expect(stateOf(await recordOf(documentId))).toBe('SENDING');
  return { documentId, encounterId, name: encounterId };
};
/** The doubt has waited; watch queues the one re-send, and it meets `meets`. */
const resend = async (meets?: () => void) => {
  rig.clock.leap(minutes(25));
  await rig.watch();
  meets?.();
  await rig.takeOutbox();
};
const throttled = () => rig.mesh.control.failNext({ operation: 'any', fault: 'status', status: 429, times: 6 });

describe('a document in doubt', () => {
  it('whose re-send certainly failed is still in doubt: no later version overtakes it, and it is not called unsent', async () => {
    const { documentId, encounterId } = await inDoubt();
    await resend(throttled);
    rig.mesh.control.clearFaults();
    expect(stateOf(await recordOf(documentId))).toBe('SENDING');
    expect(await inFlight(encounterId)).toBeDefined();
    const second = await rig.drop(`${encounterId}-v2`, { encounterId, version: 2 });
    await rig.takeEvents();
    await rig.takeOutbox();
    expect(await postsOf(second.documentId)).toHaveLength(0);
    expect(stateOf(await recordOf(documentId))).toBe('SENDING');
    await resend();
    expect(await postsOf(documentId)).toHaveLength(2);
    expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBe(true);
    expect(await inFlight(encounterId)).toBeUndefined();
    await rig.takeOutbox();
    expect(await postsOf(second.documentId)).toHaveLength(1);
  });

  it('whose re-send is refused is held for a person; a drop with other content does not go out beside it', async () => {
    const { documentId, encounterId, name } = await inDoubt();
    await resend(() => rig.mesh.control.failNext({ operation: 'send', fault: 'status', status: 417, body: '{}' }));
    const record = await recordOf(documentId);
    expect(stateOf(record)).toBe('SENDING');
    expect(record.holds).toEqual([expect.objectContaining({ reason: 'doubt' })]);
    expect((await rig.receipt(name))?.advice).toContain('Telephone');
    await rig.drop(`${name}-other`, { encounterId, practitioner: { family: 'Other' } });
    await rig.takeEvents();
    await rig.takeOutbox();
    expect(await postsOf(documentId)).toHaveLength(1);
    expect((await rig.receipt(`${name}-other`))?.state).toBe('DROP_REFUSED');
    // The practice's answer ends the doubt, the hold and the claim, and what it has is archived.
    rig.answer();
    rig.answerTo(currentComposition(record).messageHeaderId, '20013', '30001');
    await rig.poll();
    const after = await recordOf(documentId);
    expect(stateOf(after)).toBe('ACCEPTED');
    expect(after.holds).toEqual([]);
    expect(await inFlight(encounterId)).toBeUndefined();
    expect(await rig.keys(rig.archive, `sent/${documentId}/`)).toHaveLength(2);
  });

  it('twice in doubt is held, and is looked at daily rather than every minute', async () => {
    const { documentId } = await inDoubt();
    await resend(() => rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' }));
    rig.clock.leap(minutes(25));
    await rig.watch();
    expect((await recordOf(documentId)).holds).toHaveLength(1);
    expect(await postsOf(documentId)).toHaveLength(2);
    const { revision } = await recordOf(documentId);
    for (let minute = 0; minute < 30; minute++) {
      rig.clock.leap(minutes(1));
      await rig.watch();
    }
    expect((await recordOf(documentId)).revision - revision).toBeLessThan(3);
  });

  it('with the mailbox’s circuit open waits without a loop, and is held when its time is over', async () => {
    const { documentId } = await inDoubt();
    await resend(() => rig.mesh.control.failNext({ operation: 'any', fault: 'status', status: 403, times: 1000 }));
    const { revision } = await recordOf(documentId);
    for (let minute = 0; minute < 30; minute++) {
      rig.clock.leap(minutes(1));
      await rig.watch();
      await rig.takeOutbox();
    }
    expect((await recordOf(documentId)).revision - revision).toBeLessThan(40);
    rig.clock.leap(hours(5));
    for (let round = 0; round < 3; round++) {
      await rig.watch();
      await rig.takeOutbox();
      rig.clock.leap(minutes(25));
    }
    expect((await recordOf(documentId)).holds).toHaveLength(1);
    rig.mesh.control.clearFaults();
    for (let round = 0; round < 2; round++) {
      rig.clock.leap(minutes(6));
      await rig.watch();
    }
    expect(await postsOf(documentId)).toHaveLength(1);
  });
});

describe('a write whose answer was lost', () => {
  it('of the beginning of an attempt does not leave the document SENDING with nothing posted', async () => {
    const encounterId = randomUUID();
    const { documentId } = await rig.drop(encounterId, { encounterId });
    await rig.takeEvents();
    const { table } = rig.context;
    const write = table.write.bind(table);
    let lost = false;
    // The item is written, and what comes back says otherwise: as after a retry that met our own first try.
    Object.assign(rig.context, {
      table: {
        ...table,
        read: table.read.bind(table),
        remove: table.remove.bind(table),
        due: table.due.bind(table),
        write: async (...args: Parameters<typeof write>) => {
          const outcome = await write(...args);
          if (lost || !args[0].startsWith('DOC#') || outcome !== 'written') return outcome;
          lost = true;
          return 'conflict' as const;
        },
      },
    });
    await rig.takeOutbox();
    Object.assign(rig.context, { table });
    expect(lost).toBe(true);
    expect(await postsOf(documentId)).toHaveLength(1);
    expect(stateOf(await recordOf(documentId))).toBe('SENT');
  });
});
