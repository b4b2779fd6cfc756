import { describe, expect, it } from 'vitest';
import type { StoredRecord } from '../../shared/delivery/documents.ts';
import { documentKey, flightKey } from '../../shared/delivery/keys.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import type { InFlight } from '../../shared/senders/in-flight.ts';
import { readMailbox } from '../../shared/senders/registry.ts';
import { accountsOf } from '../support/world/accounts.ts';
import type { MeshWeather } from '../support/world/in-process-mesh.ts';
import { createPractice } from '../support/world/practice.ts';
import { type Handed, handOver } from '../support/world/story.ts';
import { createWorld, type World } from '../support/world/world.ts';

/** Who is sent when: a mailbox's slots and its line, and what a circuit kept back. */

const recordOf = async (world: World, { documentId }: Handed): Promise<StoredRecord> => {
  const record = await world.table.read<StoredRecord>(documentKey(documentId));
  if (!record) throw new Error('lost');
  return record;
};
const stateIn = async (world: World, handed: Handed) => stateOf(await recordOf(world, handed));
/** In the order in which MESH took them. */
const sentOrder = async (world: World, practice: ReturnType<typeof createPractice>, handed: readonly Handed[]) => {
  practice.look();
  const byHeader = new Map<string, Handed>();
  for (const one of handed) byHeader.set(currentComposition(await recordOf(world, one)).messageHeaderId, one);
  return practice.posts.flatMap(({ header }) => byHeader.get(header) ?? []);
};
const flightOf = (world: World, mailboxId = 'RX1OT001') => world.table.read<InFlight>(flightKey(mailboxId));
const receivedMost = (world: World) =>
  Math.max(0, ...[...world.queues.outbox.messages.values()].map(({ receiveCount }) => receiveCount));

describe('a mailbox that may hand over two documents at a time', () => {
  it('never hands over more, keeps the rest in its line without wearing out their messages, and gives each organisation its turn', async () => {
    let most = 0;
    let now = 0;
    let received = 0;
    const world = await createWorld({ seed: 11, mailbox: { maxInFlight: 2 }, concurrency: 4 });
    const pass = world.scheduler.pass.bind(world.scheduler);
    Object.assign(world.scheduler, {
      pass: async (...[invocation, call, effect]: Parameters<typeof pass>) => {
        if (call !== 'mesh.send') return pass(invocation, call, effect);
        now += 1;
        most = Math.max(most, now);
        received = Math.max(received, receivedMost(world));
        return pass(invocation, call, effect).finally(() => {
          now -= 1;
        });
      },
    });
    const practice = createPractice(world, { conduct: () => 'accepts' });
    const handed: Handed[] = [];
    for (let n = 0; n < 60; n++) handed.push(await handOver(world, { encounterId: world.chance.uuid() }));
    await world.run(world.clock.now() + minutes(0.05));
    const other = await handOver(world, { odsCode: 'RX2', encounterId: world.chance.uuid() });
    await world.run(world.clock.now() + minutes(30), () => world.quiet() && practice.posts.length === 61);
    const order = await sentOrder(world, practice, [...handed, other]);
    expect(order).toHaveLength(61);
    expect(most).toBe(2);
    expect(received).toBeLessThanOrEqual(1);
    expect(order.indexOf(other)).toBeLessThan(20);
    expect(await flightOf(world)).toMatchObject({ slots: [], line: [] });
  }, 60_000);

  it('loses no slot and no document with an invocation that dies while it holds both', async () => {
    let deaths = 0;
    const world = await createWorld({
      seed: 12,
      mailbox: { maxInFlight: 1 },
      fate: (call) => (call === 'mesh.send' && ++deaths <= 2 ? 'dies before' : 'well'),
    });
    const practice = createPractice(world, { conduct: () => 'accepts' });
    const handed: Handed[] = [];
    for (let n = 0; n < 12; n++) handed.push(await handOver(world, { encounterId: world.chance.uuid() }));
    await world.run(world.clock.now() + hours(2));
    expect((await accountsOf(world, practice, handed)).unaccounted).toEqual([]);
    for (const one of handed) expect(await stateIn(world, one)).toBe('ACCEPTED');
    expect((await flightOf(world))?.slots).toEqual([]);
  }, 60_000);
});

describe('a mailbox whose circuit closes', () => {
  it('has what waited queued oldest first, and other mailboxes’ documents are left alone', async () => {
    let refused = true;
    const weather = (_: string, mailboxId: string): MeshWeather =>
      refused && mailboxId === 'RX1OT001' ? { kind: 'status', status: 403 } : { kind: 'fair' };
    const world = await createWorld({ seed: 13, weather, concurrency: 1 });
    const practice = createPractice(world, { conduct: () => 'accepts' });
    const handed: Handed[] = [];
    const others: Handed[] = [];
    for (let n = 0; n < 12; n++) {
      handed.push(await handOver(world, { encounterId: world.chance.uuid() }));
      if (n % 4 === 0) others.push(await handOver(world, { odsCode: 'RX3', encounterId: world.chance.uuid() }));
      await world.run(world.clock.now() + minutes(2));
    }
    // The other mailbox goes on as if nothing were.
    for (const one of others)
      expect(['SENT', 'INFRASTRUCTURE_ACKNOWLEDGED', 'ACCEPTED']).toContain(await stateIn(world, one));
    for (const one of handed) expect(await stateIn(world, one)).toBe('COMPOSED');
    expect((await readMailbox(world.table, 'RX1OT001'))?.course.circuit).toBeDefined();
    const untouched = await Promise.all(others.map((one) => recordOf(world, one)));
    refused = false;
    const closedAt = world.clock.now();
    await world.run(closedAt + minutes(9));
    expect(await sentOrder(world, practice, handed)).toHaveLength(handed.length);
    const queuedAt = await Promise.all(
      handed.map(
        async (one) => (await recordOf(world, one)).history.findLast(({ what }) => what === 'queued again')?.at,
      ),
    );
    expect(queuedAt.every((at) => at !== undefined && at >= closedAt)).toBe(true);
    expect(queuedAt).toEqual([...queuedAt].sort((a = 0, b = 0) => a - b));
    expect((await readMailbox(world.table, 'RX1OT001'))?.course.recoveringSince).toBeUndefined();
    for (const record of untouched) {
      const after = await world.table.read<StoredRecord>(documentKey(record.documentId));
      expect(after?.history.some(({ what, at }) => what === 'queued again' && at >= closedAt)).toBe(false);
    }
  }, 60_000);

  it('by a watch that dies in the middle of it goes on the next minute, and an index that lags loses nothing', async () => {
    let refused = true;
    let enqueued = 0;
    const world = await createWorld({
      seed: 14,
      weather: () => (refused ? { kind: 'status', status: 403 } : { kind: 'fair' }),
      fate: (call, { name }) =>
        !refused && name === 'watch' && call === 'outbox.send' && ++enqueued === 3 ? 'dies before' : 'well',
      lag: (key) => (key.startsWith('DOC#') && key.charCodeAt(4) % 3 === 0 ? minutes(3) : 0),
    });
    const practice = createPractice(world, { conduct: () => 'accepts' });
    const handed: Handed[] = [];
    for (let n = 0; n < 8; n++) handed.push(await handOver(world, { encounterId: world.chance.uuid() }));
    await world.run(world.clock.now() + minutes(12));
    refused = false;
    await world.run(world.clock.now() + minutes(60));
    expect((await accountsOf(world, practice, handed)).unaccounted).toEqual([]);
    for (const one of handed) expect(await stateIn(world, one)).toBe('ACCEPTED');
  }, 60_000);
});

describe('clocks that go wrong', () => {
  it('forward and back again stop neither polls, nor the sweep of the inbox, nor the try of an open circuit', async () => {
    let error = 0;
    let refused = false;
    const world = await createWorld({
      seed: 15,
      clockError: () => error,
      weather: () => (refused ? { kind: 'status', status: 403 } : { kind: 'fair' }),
      events: () => (world?.clock.now() > lostFrom ? [] : [0]),
    });
    const lostFrom = world.clock.now() + minutes(70);
    const practice = createPractice(world, { conduct: () => 'accepts' });
    const first = await handOver(world, { encounterId: world.chance.uuid() });
    // An hour and a half ahead for a few minutes, while polls, the sweep and a circuit write down their times.
    await world.run(world.clock.now() + minutes(3));
    error = hours(1.5);
    await world.run(world.clock.now() + minutes(8));
    refused = true;
    await world.run(world.clock.now() + minutes(12));
    error = 0;
    refused = false;
    await world.run(world.clock.now() + minutes(20));
    const course = (await readMailbox(world.table, 'RX1OT001'))?.course;
    expect(course?.circuit).toBeUndefined();
    expect(course?.lastGoodPollAt).toBeGreaterThan(world.clock.now() - minutes(12));
    expect(await stateIn(world, first)).toBe('ACCEPTED');
    await world.run(lostFrom + minutes(1));
    // No event comes any more: the sweep finds what lies there.
    const second = await handOver(world, { encounterId: world.chance.uuid() });
    await world.run(world.clock.now() + minutes(60));
    expect(await stateIn(world, second)).toBe('ACCEPTED');
    expect((await accountsOf(world, practice, [first, second])).unaccounted).toEqual([]);
  }, 60_000);
});
