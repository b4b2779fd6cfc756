import { minutes } from '../../shared/platform/clock.ts';

export interface Throttle {
  /** Counts a request. Undefined where it may pass, otherwise how many milliseconds to wait. */
  refuse(mailboxId: string, now: number, requestsPerMinute: number): number | undefined;
  reset(): void;
}

/** So many requests of a mailbox in any minute of the clock; refused ones do not count. */
export const createThrottle = (): Throttle => {
  const passed = new Map<string, number[]>();
  return {
    refuse(mailboxId, now, requestsPerMinute) {
      if (requestsPerMinute === 0) return undefined;
      const recent = (passed.get(mailboxId) ?? []).filter((at) => at > now - minutes(1));
      passed.set(mailboxId, recent);
      const [oldest] = recent;
      if (oldest !== undefined && recent.length >= requestsPerMinute) return oldest + minutes(1) - now;
      recent.push(now);
      return undefined;
    },
    reset: () => passed.clear(),
  };
};
