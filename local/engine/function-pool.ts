import type { Json } from '../aws/events/pattern.ts';
import type { LocalClock } from '../clock.ts';
import type { ExecutionEnvironment } from './execution-environment.ts';
import type { InvocationOutcome } from './invocation.ts';

/** Where a function has no reserved concurrency: so many processes at most, because this is one machine. */
export const mostProcesses = 10;

export interface InvokeOptions {
  /** Epoch ms after which it is not worth starting any more. */
  readonly until?: number;
  /** In place of the template's timeout. */
  readonly timeoutMs?: number;
}

/** A function's processes: kept warm, grown with the work, never more than its concurrency. */
export interface FunctionPool {
  /** Waits for a free process where all are busy. Never rejects. */
  invoke(event: Json, options?: InvokeOptions): Promise<InvocationOutcome>;
  readonly concurrency: number;
  /** Reserves so much from now on, as an operator may in the cloud: 0 switches the function off. Absent: as declared. */
  reserve(concurrency?: number): void;
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
  /** Told how each invocation ended. `startedAt` is epoch ms. */
  ended?(outcome: InvocationOutcome, startedAt: number): void;
}

export const createFunctionPool = ({
  clock,
  reservedConcurrency,
  start,
  ended = () => {},
}: PoolSetting): FunctionPool => {
  let concurrency = Math.min(reservedConcurrency ?? mostProcesses, mostProcesses);
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

  const run = async (event: Json, timeoutMs: number | undefined): Promise<InvocationOutcome> => {
    const chosen = await environment();
    const outcome = await chosen.invoke(event, timeoutMs);
    if (chosen.alive) {
      idle.push(chosen);
    } else {
      await chosen.stop();
      all.delete(chosen);
    }
    return outcome;
  };

  const invoke = async (event: Json, { until, timeoutMs }: InvokeOptions): Promise<InvocationOutcome> => {
    if (closed) return { kind: 'dropped', reason: 'closing' };
    if (concurrency === 0) return { kind: 'dropped', reason: 'throttled' };
    if (!(await place())) return { kind: 'dropped', reason: 'closing' };
    try {
      if (until !== undefined && clock.now() > until) return { kind: 'dropped', reason: 'too old' };
      return await run(event, timeoutMs);
    } catch (error) {
      const errorMessage = error instanceof Error ? error.message : String(error);
      return { kind: 'failed', errorType: 'Runtime.StartError', errorMessage };
    } finally {
      leave();
    }
  };

  return {
    get concurrency() {
      return concurrency;
    },
    reserve(reserved = reservedConcurrency ?? mostProcesses) {
      concurrency = Math.min(reserved, mostProcesses);
    },
    get size() {
      return all.size;
    },
    async invoke(event, options = {}) {
      const startedAt = clock.now();
      const outcome = await invoke(event, options);
      ended(outcome, startedAt);
      return outcome;
    },
    async close() {
      closed = true;
      for (const refuse of waiting.splice(0)) refuse(false);
      await Promise.allSettled(starting);
      await Promise.all([...all].map((each) => each.stop()));
    },
  };
};
