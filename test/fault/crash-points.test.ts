import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Encounter } from '../../shared/delivery/encounter.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hasWork } from '../../shared/delivery/work.ts';
import { freeOrphan } from '../../shared/pipeline/send/claim.ts';
import { minutes } from '../../shared/platform/clock.ts';
import type { OdsCode } from '../../shared/platform/ids.ts';
import { CrashPlan } from '../support/faults.ts';
import { createRig, headerOf, type Rig } from '../support/rig.ts';

/**
 * For every call of a port between the drop and the answer: the function dies there, before the call's effect or
 * after it. Its message comes back, watch runs, time passes. Nothing is lost, nothing is posted twice unflagged.
 */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

/** One round of what the queues, the schedule and the practice do. */
const round = async (documentId: string) => {
  await rig.takeEvents();
  await rig.takeOutbox();
  const record = await rig.record(documentId);
  const header = record && currentComposition(record).messageHeaderId;
  if (header && rig.mesh.control.sent().some(({ body, from }) => from === 'RX1OT001' && headerOf(body) === header)) {
    rig.answer('20013', '30001');
  }
  await rig.poll().catch(() => undefined);
};

const life = async (plan: CrashPlan) => {
  const encounterId = randomUUID();
  const name = encounterId;
  const { documentId } = await rig.drop(name, { encounterId });
  rig.crashWith(plan);
  await round(documentId);
  const crashedIn = plan.names.at(-1) ?? '';
  rig.crashWith(undefined);
  // Recovery: the queue redelivers, watch finishes what is left, a doubt waits its time.
  for (let n = 0; n < 4; n++) {
    await round(documentId);
    const record = await rig.record(documentId);
    const quiet = rig.events.length === 0 && rig.outbox.length === 0 && rig.mesh.control.inbox('RX1OT001').length === 0;
    if (quiet && record && stateOf(record) === 'ACCEPTED' && !hasWork(record.work)) break;
    rig.clock.leap(minutes(21));
    await rig.watch();
  }
  return { documentId, name, crashedIn };
};

const check = async ({ documentId, name, crashedIn }: Awaited<ReturnType<typeof life>>, where: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error(`${where}: the document is lost`);
  expect(`${where} ${stateOf(record)}`).toBe(`${where} ACCEPTED`);
  expect(record.work, where).toEqual({});
  const composition = currentComposition(record);
  const posts = rig.mesh.control
    .sent()
    .filter(({ body, from }) => from === 'RX1OT001' && headerOf(body) === composition.messageHeaderId);
  expect(posts.length, where).toBeGreaterThanOrEqual(1);
  expect(posts.length, where).toBeLessThanOrEqual(2);
  if (posts.length === 2) expect(composition.possibleDuplicate, `${where}: two posts, unflagged`).toBe(true);
  expect(record.compositions, where).toHaveLength(1);
  expect((await rig.receipt(name))?.state, where).toBe('ACCEPTED');
  expect((await rig.keys(rig.drops, `inbox/RX1/${name}`)).length, where).toBe(0);
  expect((await rig.keys(rig.archive, `sent/${documentId}/`)).length, where).toBe(2);
  expect(rig.mesh.control.inbox('RX1OT001'), where).toHaveLength(0);
  // A claim that a dead invocation left is freed by whoever waits for it, once its deadline has passed.
  const encounter = await rig.table.read<Encounter>(`ENCOUNTER#RX1#${name}`);
  const left = encounter?.inFlight;
  if (left) {
    const freed = await freeOrphan(rig.table, 'RX1' as OdsCode, name, left, left.deadline + 1);
    expect(freed, `${where}: the claim stands`).toBe('freed');
  }
  return crashedIn;
};

describe('a crash at any call between drop and answer', () => {
  it.each(['before', 'after'] as const)(
    '%s its effect loses nothing and doubles nothing silently',
    async (when) => {
      const seen = new Set<string>();
      for (let at = 1; ; at++) {
        const plan = new CrashPlan(at, when);
        const outcome = await life(plan);
        if (!plan.crashed) {
          // The plan was never reached: every call has had its crash.
          await check(outcome, `no crash (${plan.calls} calls)`);
          expect(at).toBeGreaterThan(40);
          break;
        }
        seen.add(await check(outcome, `crash ${when} call ${at}, ${outcome.crashedIn}`));
      }
      for (const call of [
        'table.write',
        'drops.put',
        'messages.upload',
        'outbox.send',
        'archive.put',
        'inbox.remove',
      ]) {
        expect([...seen]).toContain(call);
      }
    },
    240_000,
  );
});
