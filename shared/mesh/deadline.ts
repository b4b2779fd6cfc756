import type { Clock } from '../platform/clock.ts';

/** Gives up whatever is under way when the deadline has come. */
export interface DeadlineWatch {
  /** Milliseconds of the clock until then. */
  remaining(): number;
  /** `giveUp` is called at the deadline, unless it was taken off before. */
  add(giveUp: () => void): void;
  remove(giveUp: () => void): void;
  close(): void;
}

// Longer waits overflow a timer; no invocation lives that long.
const longestWait = 2_147_483_647;
/** How long the timer outlives the last request, in the machine's time: one for each request would cost too much. */
const lingerMs = 100;

/** One timer of the clock for all requests of a client. */
export const watchDeadline = (clock: Clock, deadline: () => number): DeadlineWatch => {
  const underWay = new Set<() => void>();
  let timer: { readonly at: number; readonly stop: AbortController } | undefined;
  let lingering = false;

  const disarm = () => {
    timer?.stop.abort();
    timer = undefined;
  };
  const arm = (at: number) => {
    disarm();
    const stop = new AbortController();
    timer = { at, stop };
    void clock.sleep(Math.min(Math.max(0, at - clock.now()), longestWait), stop.signal).then(() => {
      if (stop.signal.aborted) return;
      timer = undefined;
      const end = deadline();
      if (end <= clock.now()) for (const giveUp of [...underWay]) giveUp();
      else if (underWay.size > 0 && Number.isFinite(end)) arm(end);
    });
  };
  // The clock's timer keeps a process alive; an idle client must not.
  const linger = () => {
    lingering = false;
    if (underWay.size === 0) disarm();
  };

  return {
    remaining: () => deadline() - clock.now(),
    add(giveUp) {
      underWay.add(giveUp);
      const end = deadline();
      if (Number.isFinite(end) && (timer === undefined || end < timer.at)) arm(end);
    },
    remove(giveUp) {
      if (!underWay.delete(giveUp) || underWay.size > 0 || lingering || timer === undefined) return;
      lingering = true;
      setTimeout(linger, lingerMs).unref();
    },
    close: disarm,
  };
};
