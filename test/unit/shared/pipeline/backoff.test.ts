import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queueSilence } from '../../../../shared/delivery/due.ts';
import { backoff, longestBackoff } from '../../../../shared/pipeline/send/backoff.ts';

describe('the wait between two tries', () => {
  it('stays between seven seconds and fifteen minutes, and below the silence that means "lost"', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const wait = backoff(failures, random);
          expect(wait).toBeGreaterThanOrEqual(7_500);
          expect(wait).toBeLessThanOrEqual(longestBackoff);
          expect(wait).toBeLessThan(queueSilence);
        },
      ),
      { seed: 20261122 },
    );
  });
  it('waits at least as long as MESH asks', () => {
    expect(backoff(0, 0, 120_000)).toBe(120_000);
    expect(backoff(0, 0, 3_600_000)).toBe(3_600_000);
    expect(backoff(0, 0, 99_999_999)).toBe(2 * 3_600_000);
  });
});
