import type { LocalClock } from '../../../local/clock.ts';
import type { Chance } from './chance.ts';

/**
 * Many invocations in one process, of which only one runs at a time: each waits at every call of a port until the
 * scheduler lets it go on. Time is virtual. Which one goes on is chance's to say, so a seed is a run.
 */

/** What a call of a port meets. */
export type Fate =
  | 'well'
  /** The process dies: nothing after it happens. */
  | 'dies before'
  | 'dies after'
  /** The call fails, without effect (throttled), or with it (its answer got lost). */
  | 'fails before'
  | 'fails after'
  /** A conditional write is done, its answer gets lost, and the SDK's second try meets the first: a conflict. */
  | 'conflicts after';

export interface Invocation {
  readonly name: string;
  /** Epoch ms of true time at which it is killed. */
  readonly killAt: number;
  /** How far its machine's clock is off, in milliseconds. */
  readonly skew: number;
  dead: boolean;
  /** Settles when it ends, dead or alive; undefined where it died. */
  readonly end: Promise<unknown>;
}

interface Gate {
  readonly invocation: Live;
  readonly wakeAt: number;
  open(): void;
}
type Live = Invocation & { moves: number; moved: () => void; die(): void };

export class PortFault extends Error {
  constructor(call: string) {
    super(`PortFault: ${call} was throttled or its answer got lost`);
    this.name = 'ProvisionedThroughputExceededException';
  }
}

export interface Scheduler {
  readonly clock: LocalClock;
  /** True time, epoch ms. */
  now(): number;
  /** Of the invocation's own machine. */
  clockOf(invocation: Invocation): LocalClock;
  start(name: string, timeoutMs: number, skew: number, run: (invocation: Invocation) => Promise<unknown>): Invocation;
  /** Each call of a port passes here. */
  pass<R>(invocation: Invocation, call: string, effect: () => Promise<R>): Promise<R>;
  /** The same port for an invocation: every method that gives a promise is a gate. */
  gated<T extends object>(invocation: Invocation, label: string, port: T): T;
  /** Lets one invocation go on by one call; false where none can at this time. */
  step(): Promise<boolean>;
  /** When the next timer or sleeper is due. */
  nextAt(): number;
  /** Moves time on, and fires what falls due. */
  advanceTo(time: number): void;
  /** How many live. */
  live(): number;
}

export const createScheduler = (setting: {
  readonly start: number;
  readonly chance: Chance;
  readonly fate: (call: string, invocation: Invocation) => Fate;
  /** How long one call takes, in milliseconds. */
  readonly callTakes: () => number;
  /** How far every machine's clock is off, now. */
  readonly clockError?: () => number;
}): Scheduler => {
  let time = setting.start;
  let gates: Gate[] = [];
  const living = new Set<Live>();
  const timers = new Map<number, { at: number; fire: () => void }>();
  let order = 0;
  /** No timer is due before it. */
  let earliest = Number.POSITIVE_INFINITY;
  const error = () => setting.clockError?.() ?? 0;

  const at = (epochMs: number, fire: () => void) => {
    const id = order++;
    timers.set(id, { at: epochMs, fire });
    earliest = Math.min(earliest, epochMs);
    return () => void timers.delete(id);
  };
  const wait = (invocation: Live, wakeAt: number) =>
    new Promise<void>((resolve) => {
      gates.push({ invocation, wakeAt, open: resolve });
      invocation.moves += 1;
      invocation.moved();
    });
  const forever = new Promise<never>(() => undefined);

  const clock: LocalClock = {
    scale: 0,
    now: () => time,
    at,
    sleep: (ms) => new Promise((resolve) => void at(time + ms, resolve)),
  };

  const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve));

  /** Until it waits again or has ended; where other calls of it wait already, until nothing stirs. */
  const settle = async (invocation: Live, before: number): Promise<void> => {
    const others = gates.some((gate) => gate.invocation === invocation);
    if (others) {
      for (let n = 0; n < 4 && invocation.moves === before; n++) await macrotask();
    } else {
      while (invocation.moves === before) {
        await new Promise<void>((resolve) => {
          invocation.moved = resolve;
        });
      }
    }
    await macrotask();
  };

  const kill = (invocation: Live) => {
    invocation.dead = true;
    gates = gates.filter((gate) => gate.invocation !== invocation);
    invocation.die();
  };

  const scheduler: Scheduler = {
    clock,
    now: () => time,
    clockOf: (invocation) => ({
      scale: 0,
      // Clocks of functions give whole milliseconds.
      now: () => Math.floor(time + invocation.skew + error()),
      at,
      sleep: (ms) => (invocation.dead ? forever : wait(invocation as Live, time + ms)),
    }),
    start(name, timeoutMs, skew, run) {
      let die: () => void = () => undefined;
      const died = new Promise<undefined>((resolve) => {
        die = () => resolve(undefined);
      });
      const invocation: Live = {
        name,
        killAt: time + timeoutMs,
        skew,
        dead: false,
        moves: 0,
        moved: () => undefined,
        die: () => die(),
        end: Promise.resolve(),
      };
      living.add(invocation);
      const ran = wait(invocation, time).then(() => run(invocation));
      const over = () => {
        living.delete(invocation);
        // Calls that nobody waits for any more are frozen with their process.
        invocation.dead = true;
        gates = gates.filter((gate) => gate.invocation !== invocation);
        invocation.moves += 1;
        invocation.moved();
      };
      Object.assign(invocation, { end: Promise.race([ran, died]).finally(over) });
      return invocation;
    },
    async pass(invocation, call, effect) {
      const live = invocation as Live;
      if (live.dead) return forever;
      await wait(live, time);
      if (live.dead) return forever;
      const fate = setting.fate(call, invocation);
      if (fate === 'dies before') {
        kill(live);
        return forever;
      }
      if (fate === 'fails before') throw new PortFault(call);
      const result = await effect();
      if (live.dead) return forever;
      if (fate === 'dies after') {
        kill(live);
        return forever;
      }
      if (fate === 'fails after') throw new PortFault(call);
      return fate === 'conflicts after' && result === 'written' ? ('conflict' as typeof result) : result;
    },
    gated: (invocation, label, port) =>
      new Proxy(port, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== 'function' || name === 'count') return member;
          const call = `${label}.${String(name)}`;
          if (name === 'list') {
            return async function* (...args: unknown[]) {
              const listed = await scheduler.pass(invocation, call, async () => {
                const all: unknown[] = [];
                for await (const one of Reflect.apply(member, target, args) as AsyncIterable<unknown>) all.push(one);
                return all;
              });
              yield* listed;
            };
          }
          return (...args: unknown[]) =>
            scheduler.pass(invocation, call, () => Reflect.apply(member, target, args) as Promise<unknown>);
        },
      }),
    async step() {
      const ready = gates.filter(({ wakeAt }) => wakeAt <= time);
      if (ready.length === 0) return false;
      const gate = setting.chance.pick(ready);
      gates = gates.filter((other) => other !== gate);
      const live = gate.invocation as Live;
      if (time >= live.killAt) {
        kill(live);
        await macrotask();
        return true;
      }
      time += setting.callTakes();
      const before = live.moves;
      gate.open();
      await settle(live, before);
      return true;
    },
    nextAt() {
      let next = earliest;
      for (const gate of gates) next = Math.min(next, gate.wakeAt);
      return next;
    },
    advanceTo(until) {
      time = Math.max(time, until);
      if (earliest > time) return;
      const due = [...timers].filter(([, timer]) => timer.at <= time);
      for (const [id, timer] of due.sort(([a, x], [b, y]) => x.at - y.at || a - b)) {
        if (timers.delete(id)) timer.fire();
      }
      earliest = Number.POSITIVE_INFINITY;
      for (const timer of timers.values()) earliest = Math.min(earliest, timer.at);
    },
    live: () => living.size,
  };
  return scheduler;
};
