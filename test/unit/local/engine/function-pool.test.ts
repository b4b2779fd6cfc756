import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../../../local/clock.ts';
import type { ExecutionEnvironment } from '../../../../local/engine/execution-environment.ts';
import { createFunctionPool } from '../../../../local/engine/function-pool.ts';
import type { InvocationOutcome } from '../../../../local/engine/invocation.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const answered: InvocationOutcome = { kind: 'answered', payload: null };

/** Environments that answer when told to. */
const rig = (reservedConcurrency?: number) => {
  const clock = virtualClock(0);
  const running: { environment: number; finish: (dies?: boolean) => void }[] = [];
  let started = 0;
  const told: string[] = [];
  const pool = createFunctionPool({
    clock,
    ended: ({ kind }, startedAt) => told.push(`${kind} ${startedAt}`),
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    start() {
      const environment = ++started;
      let alive = true;
      let stopped: () => void = () => {};
      const made: ExecutionEnvironment = {
        get alive() {
          return alive;
        },
        invoke: () =>
          new Promise((resolve) => {
            stopped = () => resolve({ kind: 'failed', errorType: 'Runtime.ExitError', errorMessage: 'killed' });
            running.push({
              environment,
              finish(dies = false) {
                alive = !dies;
                resolve(answered);
              },
            });
          }),
        stop() {
          alive = false;
          stopped();
          return Promise.resolve();
        },
      };
      return Promise.resolve(made);
    },
  });
  return { clock, pool, running, told, started: () => started };
};

describe('the processes of a function', () => {
  it('are one more for each event at a time, and reused warm', async () => {
    const { pool, running, started } = rig();
    const both = [pool.invoke(1), pool.invoke(2)];
    await settle();
    expect(started()).toBe(2);
    for (const each of running) each.finish();
    await Promise.all(both);
    const third = pool.invoke(3);
    await settle();
    expect(started()).toBe(2);
    running[2]?.finish();
    expect(await third).toEqual(answered);
  });

  it('are never more than the reserved concurrency: the next event waits its turn', async () => {
    const { pool, running, started } = rig(1);
    const both = [pool.invoke(1), pool.invoke(2)];
    await settle();
    expect(running).toHaveLength(1);
    running[0]?.finish();
    await settle();
    expect(running).toHaveLength(2);
    running[1]?.finish();
    await Promise.all(both);
    expect(started()).toBe(1);
  });

  it('are none where the reserved concurrency is nought', async () => {
    const { pool, started } = rig(0);
    expect(await pool.invoke(1)).toEqual({ kind: 'dropped', reason: 'throttled' });
    expect(started()).toBe(0);
  });

  it('are replaced when they die', async () => {
    const { pool, running, started } = rig();
    const first = pool.invoke(1);
    await settle();
    running[0]?.finish(true);
    await first;
    const second = pool.invoke(2);
    await settle();
    expect(started()).toBe(2);
    running[1]?.finish();
    await second;
  });

  it('do not start an event that waited past its time', async () => {
    const { clock, pool, running } = rig(1);
    const first = pool.invoke(1);
    await settle();
    const late = pool.invoke(2, { until: 1000 });
    await clock.advance(2000);
    running[0]?.finish();
    expect(await late).toEqual({ kind: 'dropped', reason: 'too old' });
    await first;
  });

  it('end with the engine: what runs fails, what waits is dropped', async () => {
    const { pool } = rig(1);
    const running = pool.invoke(1);
    const waiting = pool.invoke(2);
    await settle();
    await pool.close();
    expect(await running).toMatchObject({ kind: 'failed' });
    expect(await waiting).toEqual({ kind: 'dropped', reason: 'closing' });
    expect(await pool.invoke(3)).toEqual({ kind: 'dropped', reason: 'closing' });
  });

  it('say so when none can be started', async () => {
    const pool = createFunctionPool({
      clock: virtualClock(0),
      start: () => Promise.reject(new Error('no more files')),
    });
    expect(await pool.invoke(1)).toMatchObject({ kind: 'failed', errorMessage: 'no more files' });
  });

  it('are none while the function is switched off, and as declared again afterwards; each ending is told', async () => {
    const { clock, pool, running, told } = rig(1);
    pool.reserve(0);
    expect(await pool.invoke(1)).toEqual({ kind: 'dropped', reason: 'throttled' });
    pool.reserve();
    expect(pool.concurrency).toBe(1);
    await clock.advance(5);
    const done = pool.invoke(2);
    await clock.advance(5);
    running[0]?.finish();
    await done;
    expect(told).toEqual(['dropped 0', 'answered 5']);
  });
});
