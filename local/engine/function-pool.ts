import type { Json } from '../aws/events/pattern.ts';
import type { LocalClock } from '../clock.ts';
import type { ExecutionEnvironment } from './execution-environment.ts';
import type { InvocationOutcome } from './invocation.ts';

/** Where a function has no reserved concurrency: so many processes at most, because this is one machine. */
export const mostProcesses = 10;

export interface InvokeOptions {
  /** Epoch ms after which it is not worth starting any more. */
  readonly until?: number;
}

/** A function's processes: kept warm, grown with the work, never more than its concurrency. */
export interface FunctionPool {
  /** Waits for a free process where all are busy. Never rejects. */
  invoke(event: Json, options?: InvokeOptions): Promise<InvocationOutcome>;
  readonly concurrency: number;
  /** Processes that are up, idle or busy. */
  readonly size: number;
  /** Kills them all; what was running ends as failed, what was waiting as dropped. */
  close(): Promise<void>;
}

export interface PoolSetting {
  readonly clock: LocalClock;
  /** Absent: no limit of the template's own. 0: the function is switched off. */
  readonly reservedConcurrency?: number;
  start(): Promise<ExecutionEnvironment>;
}

export const createFunctionPool = ({ clock, reservedConcurrency, start }: PoolSetting): FunctionPool => {
  const concurrency = Math.min(reservedConcurrency ?? mostProcesses, mostProcesses);
  const idle: ExecutionEnvironment[] = [];
  const all = new Set<ExecutionEnvironment>();
  const starting = new Set<Promise<ExecutionEnvironment>>();
  const waiting: ((place: boolean) => void)[] = [];
  let busy = 0;
  let closed = false;

  /** Resolves true with a place taken, false when the pool closes first. */
  const place = (): Promise<boolean> => {
    if (busy < concurrency) {
      busy += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next(true);
    else busy -= 1;
  };

  const environment = async (): Promise<ExecutionEnvironment> => {
    // The most recently used first, as Lambda does; one that died while idle is passed over.
    for (let warm = idle.pop(); warm; warm = idle.pop()) {
      if (warm.alive) return warm;
      all.delete(warm);
    }
    const coming = start();
    starting.add(coming);
    try {
      const started = await coming;
      all.add(started);
      return started;
    } finally {
      starting.delete(coming);
    }
  };

  const run = async (event: Json): Promise<InvocationOutcome> => {
    const chosen = await environment();
    const outcome = await chosen.invoke(event);
    if (chosen.alive) {
      idle.push(chosen);
    } else {
      await chosen.stop();
      all.delete(chosen);
    }
    return outcome;
  };

  return {
    concurrency,
    get size() {
      return all.size;
    },
    async invoke(event, { until } = {}) {
      if (closed) return { kind: 'dropped', reason: 'closing' };
      if (concurrency === 0) return { kind: 'dropped', reason: 'throttled' };
      if (!(await place())) return { kind: 'dropped', reason: 'closing' };
      try {
        if (until !== undefined && clock.now() > until) return { kind: 'dropped', reason: 'too old' };
        return await run(event);
      } catch (error) {
        const errorMessage = error instanceof Error ? error.message : String(error);
        return { kind: 'failed', errorType: 'Runtime.StartError', errorMessage };
      } finally {
        leave();
      }
    },
    async close() {
      closed = true;
      for (const refuse of waiting.splice(0)) refuse(false);
      await Promise.allSettled(starting);
      await Promise.all([...all].map((each) => each.stop()));
    },
  };
};
