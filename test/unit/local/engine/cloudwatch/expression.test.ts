import { expect, it } from 'vitest';
import { evaluateExpression, type Series } from '../../../../../local/engine/cloudwatch/expression.ts';

const series = new Map<string, Series>([
  ['a', [1, undefined, 3]],
  ['b', [10, 20, undefined]],
]);
const of = (text: string) => evaluateExpression(text, series, 3);

it.each([
  ['a', [1, undefined, 3]],
  ['a + b', [11, undefined, undefined]],
  ['FILL(a, 0) + FILL(b, 0)', [11, 20, 3]],
  ['FILL(a, b)', [1, 20, 3]],
  ['2 + 3 * 4', [14, 14, 14]],
  ['(2 + 3) * -a', [-5, undefined, -15]],
  ['b / 0', [undefined, undefined, undefined]],
  ['MAX([a, b])', [10, 20, 3]],
  ['MIN([a, b])', [1, 20, 3]],
  ['SUM([a, b, 1])', [12, 21, 4]],
  ['MAX([a, a * 0 + FILL(b, 0) / 5])', [2, undefined, 3]],
])('%s is worked out point by point', (text, expected) => {
  expect(of(text)).toEqual(expected);
});

it.each([
  ['c', 'names c'],
  ['a +', 'ends too early'],
  ['(a', 'lacks a )'],
  ['a b', 'after its end'],
  ['ANOMALY_DETECTION_BAND(a)', 'ANOMALY_DETECTION_BAND'],
  ['a > 3', '>'],
  ['MAX(a)', 'for a list'],
  ['[a, b] + 1', 'one series'],
])('%s is refused, not half understood', (text, says) => {
  expect(() => of(text)).toThrow(says);
});
