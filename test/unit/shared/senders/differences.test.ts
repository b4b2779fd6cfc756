import { describe, expect, it } from 'vitest';
import { differenceLine, differences } from '../../../../shared/senders/differences.ts';

describe('what differs between two settings', () => {
  it('is told setting by setting, also inside a group; lists as a whole', () => {
    const from = { phone: '1', profiles: { A1: 'v1', B2: 'v1' }, addresses: { notices: ['a'] }, gone: true };
    const to = { phone: '2', profiles: { A1: 'v2', C3: 'v1' }, addresses: { notices: ['a', 'b'] }, come: 0 };
    expect(differences(from, to).map(differenceLine)).toEqual([
      'phone: "1" → "2"',
      'profiles.A1: "v1" → "v2"',
      'profiles.C3: not set → "v1"',
      'profiles.B2: "v1" → not set',
      'addresses.notices: ["a"] → ["a","b"]',
      'come: not set → 0',
      'gone: true → not set',
    ]);
  });
  it('is nothing where they are the same, in whatever order', () => {
    expect(differences({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toEqual([]);
  });
});
