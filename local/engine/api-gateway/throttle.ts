import type { Clock } from '../../../shared/platform/clock.ts';
import type { Throttle } from './definition.ts';

/** Takes one request, or says that there are too many: a bucket that fills at `rate` a second and holds `burst`. */
export const createThrottle = ({ rate, burst }: Throttle, clock: Pick<Clock, 'now'>): (() => boolean) => {
  let tokens = burst;
  let filledAt = clock.now();
  return () => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) / 1000) * rate);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
};
