import { describe, expect, it } from 'vitest';
import { laneCount, laneKey, laneOf, lanes } from '../../../../shared/platform/api-lanes.ts';

describe('the lane of an organisation', () => {
  const codes = Array.from({ length: 2000 }, (_, index) => `R${index.toString(36).toUpperCase().padStart(4, '0')}`);

  it('is always the same, and one of those that have a key', () => {
    for (const code of codes) {
      expect(laneOf(code)).toBe(laneOf(code));
      expect(lanes).toContain(laneOf(code));
    }
  });

  it('is shared by few: organisations spread over all lanes', () => {
    const counts = lanes.map((lane) => codes.filter((code) => laneOf(code) === lane).length);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Math.max(...counts)).toBeLessThan((codes.length / laneCount) * 2);
  });

  it('has a key that no other lane and no other stage has', () => {
    const keys = ['local', 'integration', 'production'].flatMap((stage) => lanes.map((lane) => laneKey(stage, lane)));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
