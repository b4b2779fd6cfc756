import { expect, test } from 'vitest';
import { createThrottle } from '../../../../local/mesh/throttle.ts';

test('so many requests pass in any minute, and each mailbox has its own', () => {
  const throttle = createThrottle();
  const at = (seconds: number, mailboxId = 'A') => throttle.refuse(mailboxId, seconds * 1000, 2);
  expect([at(0), at(10)]).toEqual([undefined, undefined]);
  expect(at(20)).toBe(40_000);
  expect(at(20, 'B')).toBeUndefined();
  expect(at(60)).toBeUndefined();
  expect(at(61)).toBe(9000);
  throttle.reset();
  expect(at(61)).toBeUndefined();
});

test('no limit is no limit', () => {
  const throttle = createThrottle();
  for (let i = 0; i < 1000; i++) expect(throttle.refuse('A', 0, 0)).toBeUndefined();
});
