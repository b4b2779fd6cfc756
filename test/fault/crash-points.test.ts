import { expect, it } from 'vitest';
import { minutes } from '../../shared/platform/clock.ts';
import { accountsOf } from '../support/world/accounts.ts';
import type { MeshWeather } from '../support/world/in-process-mesh.ts';
import { type Conduct, createPractice } from '../support/world/practice.ts';
import type { Fate } from '../support/world/scheduler.ts';
import { type Handed, type HandOver, handOver } from '../support/world/story.ts';
import { createWorld, type World } from '../support/world/world.ts';

/**
 * For every call of a port that compose, send, poll and watch make in a document's life: the function dies there,
 * before the call's effect or after it, or the call fails, without effect or with it. Messages come back, watch runs,
 * time passes. Nothing is lost, nothing is posted twice but once more and flagged, no work is left, and every state is
 * legal and true (test/support/world/accounts.ts).
 */

interface Life {
  readonly name: string;
  readonly gives: (world: World) => Promise<readonly Handed[]>;
  readonly conduct?: Conduct;
  readonly weather?: (operation: string, times: number) => MeshWeather;
  readonly events?: () => readonly number[];
  /** How its documents end when nothing goes wrong; a doubt may be held instead. */
  readonly ends: readonly string[];
}

const one =
  (what: Partial<HandOver> = {}) =>
  async (world: World) => [await handOver(world, { encounterId: 'e0000000-0000-4000-8000-000000000001', ...what })];
const inTurn =
  (...gives: readonly [after: number, what: Partial<HandOver>][]) =>
  async (world: World) => {
    const handed: Handed[] = [];
    for (const [after, what] of gives) {
      await world.run(world.clock.now() + after);
      handed.push(...(await one(what)(world)));
    }
    return handed;
  };
const changed = { practitioner: { family: 'Adeyemi-Cole' } };
const wrong = { patient: { nhsNumber: '9691375088' } };

const lives: readonly Life[] = [
  { name: 'a document that is accepted', gives: one(), ends: ['ACCEPTED'] },
  { name: 'a document with attachments', gives: one({ attachments: true }), ends: ['ACCEPTED'] },
  {
    name: 'a document in doubt, sent again',
    gives: one(),
    weather: (operation, times) =>
      operation === 'send' && times === 1 ? { kind: 'cut', when: 'after' } : { kind: 'fair' },
    conduct: 'is silent',
    ends: ['SENT'],
  },
  {
    name: 'a replacement',
    gives: inTurn([0, {}], [minutes(9), { version: 2, overrides: changed }]),
    // A first version that a fault kept back is overtaken by the second.
    ends: ['REPLACED', 'ACCEPTED', 'SUPERSEDED'],
  },
  {
    name: 'a document that MESH reports undelivered',
    gives: one(),
    conduct: 'cannot be reached',
    ends: ['UNDELIVERED'],
  },
  {
    name: 'a drop that is refused and put right',
    gives: inTurn([0, { overrides: wrong }], [minutes(4), {}]),
    ends: ['ACCEPTED'],
  },
  {
    name: 'a document whose mailbox has a fault for a while',
    gives: one(),
    weather: (operation, times) =>
      operation === 'send' && times <= 2 ? { kind: 'status', status: 403 } : { kind: 'fair' },
    ends: ['ACCEPTED'],
  },
];

/** Lives it; `fate` says what the nth call meets. Returns the names of the calls, and what is not as it must be. */
const live = async (life: Life, fate: (n: number) => Fate) => {
  const calls: string[] = [];
  const times = new Map<string, number>();
  const world = await createWorld({
    seed: 5,
    watchEvery: minutes(3),
    fate(call, { name }) {
      calls.push(`${name} ${call}`);
      return fate(calls.length);
    },
    weather(operation) {
      const time = (times.get(operation) ?? 0) + 1;
      times.set(operation, time);
      return life.weather?.(operation, time) ?? { kind: 'fair' };
    },
    ...(life.events ? { events: life.events } : {}),
  });
  const practice = createPractice(world, { conduct: () => life.conduct ?? 'accepts' });
  const handed = await life.gives(world);
  let wrongs: readonly string[] = ['not lived'];
  // Longest: a message that its function died with is hidden for half an hour, and a doubt waits behind it.
  for (let round = 0; round < 14 && wrongs.length > 0; round++) {
    await world.run(world.clock.now() + minutes(round === 0 ? 13 : 12));
    const { unaccounted, byState } = await accountsOf(world, practice, handed);
    const states = Object.keys(byState).flatMap((state) => Array.from({ length: byState[state] ?? 0 }, () => state));
    const ends = states.filter((state) => life.ends.includes(state) || state.includes('held: doubt')).length;
    wrongs = [
      // Somebody's move it is: the practice's.
      ...unaccounted.filter((what) => !what.includes("nobody's move, in SENT")),
      ...(ends === states.length ? [] : [`ended in ${states.join(', ')}`]),
      ...(practice.pending() > 0 ? ['answers are on their way'] : []),
    ];
  }
  return { calls, wrongs };
};

const fates: readonly Fate[] = ['dies before', 'dies after', 'fails before', 'fails after'];
/**
 * Watch looks around each time, and each change is told in the same way: what repeats itself is tried a few times. Every
 * call of the other functions is tried in the first life; what the others make of the same kind, a few times too.
 */
const oftenEnough = 2;
const isRepeating = (life: Life, call: string) =>
  life !== lives[0] || call.startsWith('watch') || /(audit|events)\./.test(call);

it.each(lives)(
  '$name survives a fault at every call of every function',
  async (life) => {
    const { calls, wrongs } = await live(life, () => 'well');
    expect(wrongs).toEqual([]);
    const found: string[] = [];
    const tried = new Map<string, number>();
    for (const [index, call] of calls.entries()) {
      const time = (tried.get(call) ?? 0) + 1;
      if (isRepeating(life, call) && time > oftenEnough) continue;
      tried.set(call, time);
      // Each way in turn, another one in each life: most calls are made in all of them.
      const fate = fates[(index + lives.indexOf(life)) % fates.length];
      if (!fate) continue;
      const lived = await live(life, (n) => (n === index + 1 ? fate : 'well'));
      for (const what of lived.wrongs) found.push(`${fate}, call ${index + 1} (${call}): ${what}`);
    }
    expect(found).toEqual([]);
    for (const name of ['compose', 'send', 'poll', 'watch']) {
      expect(
        [...tried.keys()].some((call) => call.startsWith(name)),
        name,
      ).toBe(true);
    }
  },
  300_000,
);
