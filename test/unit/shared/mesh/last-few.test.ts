import { expect, it } from 'vitest';
import { lastFew } from '../../../../shared/mesh/last-few.ts';

it('makes once what is asked for again, and forgets what was asked for longest ago', () => {
  const made: string[] = [];
  const remembered = lastFew<string>(2);
  const get = (key: string) =>
    remembered(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  expect([get('a'), get('b'), get('a')]).toEqual(['A', 'B', 'A']);
  expect(made).toEqual(['a', 'b']);
  get('c');
  expect([get('a'), get('b')]).toEqual(['A', 'B']);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});

it('remembers that there was nothing, and not what failed', () => {
  let times = 0;
  const remembered = lastFew<undefined>(2);
  const nothing = () => {
    times += 1;
    return undefined;
  };
  remembered('a', nothing);
  remembered('a', nothing);
  expect(times).toBe(1);
  const failing = () => {
    times += 1;
    throw new Error('not now');
  };
  expect(() => remembered('b', failing)).toThrow('not now');
  expect(() => remembered('b', failing)).toThrow('not now');
  expect(times).toBe(3);
});
