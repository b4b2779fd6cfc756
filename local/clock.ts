import type { Clock } from '../shared/platform/clock.ts';
import { systemClock } from '../shared/platform/clock.ts';

/** A clock of the one-machine run that can also arm timers: `at` fires a callback, returns how to disarm it. */
export interface LocalClock extends Clock {
  /** Runs `fire` when this clock reaches `epochMs` (soon, if it already has). */
  at(epochMs: number, fire: () => void): () => void;
  /** How many of this clock's milliseconds pass in one real millisecond; 0 for the virtual clock. */
  readonly scale: number;
}

// Node's timers overflow past 2^31-1 ms and then fire at once.
const longestTimer = 2_147_483_647;

/**
 * Time that runs `scale` times as fast as the machine's: it was `origin` when the machine's was `realOrigin`.
 * Processes that are given the same three numbers share one clock. Scale 1 is real time.
 */
export const scaledClock = (scale: number, origin = Date.now(), realOrigin = Date.now()): LocalClock => {
  const now = () => origin + (Date.now() - realOrigin) * scale;
  const at = (epochMs: number, fire: () => void) => {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = Math.max(0, (epochMs - now()) / scale);
      timer = left > longestTimer ? setTimeout(arm, longestTimer) : setTimeout(fire, left);
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  };
  return { now, at, scale, sleep: (ms, signal) => systemClock.sleep(Math.min(ms / scale, longestTimer), signal) };
};

export const realClock = (): LocalClock => scaledClock(1);

export interface VirtualClock extends LocalClock {
  /** Moves time on, firing every timer that falls due, in order, letting what each one starts run in between. */
  advance(ms: number): Promise<void>;
}

/** Time that stands still until a test moves it. */
export const virtualClock = (start: number): VirtualClock => {
  let time = start;
  let order = 0;
  const timers = new Map<number, { at: number; fire: () => void }>();
  const at = (epochMs: number, fire: () => void) => {
    const id = order++;
    timers.set(id, { at: epochMs, fire });
    return () => void timers.delete(id);
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    scale: 0,
    now: () => time,
    at,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const disarm = at(time + ms, resolve);
        const stop = () => {
          disarm();
          resolve();
        };
        signal?.addEventListener('abort', stop, { once: true });
      }),
    async advance(ms) {
      const end = time + ms;
      for (;;) {
        await settle();
        const due = [...timers].filter(([, t]) => t.at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (!due) break;
        timers.delete(due[0]);
        time = Math.max(time, due[1].at);
        due[1].fire();
      }
      time = end;
      await settle();
    },
  };
};

export interface LeapingClock extends LocalClock {
  /** Moves time on at once; what falls due in between fires, earliest first. */
  leap(ms: number): void;
}

/** Time that passes as the machine's does, and leaps when a test says so: for tests with real network waits. */
export const leapingClock = (): LeapingClock => {
  let offset = 0;
  const now = () => Date.now() + offset;
  const waiting = new Set<{ at: number; fire: () => void; timer: NodeJS.Timeout }>();
  const arm = (at: number, fire: () => void) =>
    setTimeout(fire, Math.min(longestTimer, Math.max(0, at - now()))).unref();
  const at = (epochMs: number, fire: () => void) => {
    const due = () => {
      waiting.delete(entry);
      fire();
    };
    const entry = { at: epochMs, fire: due, timer: arm(epochMs, due) };
    waiting.add(entry);
    return () => {
      clearTimeout(entry.timer);
      waiting.delete(entry);
    };
  };
  return {
    scale: 0,
    now,
    at,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const stop = () => {
          disarm();
          resolve();
        };
        const disarm = at(now() + ms, resolve);
        signal?.addEventListener('abort', stop, { once: true });
      }),
    leap(ms) {
      offset += ms;
      for (const entry of [...waiting].sort((a, b) => a.at - b.at)) {
        clearTimeout(entry.timer);
        if (entry.at <= now()) entry.fire();
        else entry.timer = arm(entry.at, entry.fire);
      }
    },
  };
};
