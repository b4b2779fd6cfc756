import { expect, test } from 'vitest';
import { parseChunkRange } from '../../../../shared/mesh/chunk-range.ts';

test('a range names a part and how many there are', () => {
  expect(parseChunkRange('2:5')).toEqual({ part: 2, total: 5 });
  expect(parseChunkRange(' 10 : 10000 ')).toEqual({ part: 10, total: 10_000 });
});

test('a report’s range has no parts', () => {
  expect(parseChunkRange('1:0')).toEqual({ part: 1, total: 0 });
});

test.each([
  undefined,
  '',
  '1',
  '1:',
  ':1',
  '0:1',
  '-1:2',
  '1:10001',
  '1:2:3',
  '1.5:2',
  'a:b',
  '1:99999999999999999999',
])('there is no range in %s', (text) => {
  expect(parseChunkRange(text)).toBeUndefined();
});
