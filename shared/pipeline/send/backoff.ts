import { hours, minutes, seconds } from '../../platform/clock.ts';

/** Longest wait between two tries of our own; shorter than the silence after which a queue message is taken for lost. */
export const longestBackoff = minutes(15);
/** Longest wait that MESH may ask for. */
const longestAsked = hours(2);

/** Half fixed, half jittered, doubling from 15 s; never sooner than MESH asks. `random` is in [0, 1). */
export const backoff = (failures: number, random: number, retryAfterMs = 0): number => {
  const full = Math.min(longestBackoff, seconds(15) * 2 ** Math.min(failures, 10));
  return Math.max(Math.min(retryAfterMs, longestAsked), full / 2 + (full / 2) * random);
};
