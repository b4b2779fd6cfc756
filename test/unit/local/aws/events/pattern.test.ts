import { describe, expect, test } from 'vitest';
import { type JsonObject, matchesPattern } from '../../../../../local/aws/events/pattern.ts';
import { storageEvent } from './event.ts';

const field = (condition: JsonObject[string], value: JsonObject[string]) =>
  matchesPattern({ detail: { f: condition } }, { detail: { f: value } });

describe('event patterns', () => {
  test('the rule on drops takes objects created under inbox/ and nothing else', () => {
    const pattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['drops'] }, object: { key: [{ prefix: 'inbox/' }] } },
    };
    expect(matchesPattern(pattern, storageEvent('inbox/RX1/a.pdf'))).toBe(true);
    expect(matchesPattern(pattern, storageEvent('receipts/RX1/a.json'))).toBe(false);
    expect(matchesPattern(pattern, { ...storageEvent('inbox/a'), 'detail-type': 'Object Deleted' })).toBe(false);
    expect(matchesPattern({ ...pattern, account: ['1'] }, storageEvent('inbox/a'))).toBe(false);
  });

  test('exact values compare by type, and any value of a list will do', () => {
    expect(field(['a', 'b'], 'b')).toBe(true);
    expect(field(['1'], 1)).toBe(false);
    expect(field([1, true, null], null)).toBe(true);
    expect(field(['b'], ['a', 'b'])).toBe(true);
    expect(field(['c'], ['a', 'b'])).toBe(false);
    expect(field([], 'a')).toBe(false);
  });

  test('prefix, suffix and equals-ignore-case look at text only', () => {
    expect(field([{ prefix: 'in' }], 'inbox')).toBe(true);
    expect(field([{ prefix: 'in' }], 'bin')).toBe(false);
    expect(field([{ prefix: '1' }], 12)).toBe(false);
    expect(field([{ suffix: '.pdf' }], 'a.pdf')).toBe(true);
    expect(field([{ suffix: '.pdf' }], 'a.PDF')).toBe(false);
    expect(field([{ suffix: { 'equals-ignore-case': '.pdf' } }], 'a.PDF')).toBe(true);
    expect(field([{ prefix: { 'equals-ignore-case': 'IN' } }], 'inbox')).toBe(true);
    expect(field([{ 'equals-ignore-case': 'AbC' }], 'aBc')).toBe(true);
  });

  test('wildcard stands for any run of characters, and can be escaped', () => {
    expect(field([{ wildcard: 'inbox/*.pdf' }], 'inbox/RX1/a.pdf')).toBe(true);
    expect(field([{ wildcard: 'inbox/*.pdf' }], 'inbox/RX1/a.pdf.json')).toBe(false);
    expect(field([{ wildcard: 'a.c*' }], 'abc')).toBe(false);
    expect(field([{ wildcard: 'a\\*b' }], 'a*b')).toBe(true);
    expect(field([{ wildcard: 'a\\*b' }], 'axb')).toBe(false);
    expect(field([{ wildcard: 'a\\\\*' }], 'a\\b')).toBe(true);
  });

  test('anything-but excludes values, lists and conditions, and needs the field to be there', () => {
    expect(field([{ 'anything-but': 'a' }], 'b')).toBe(true);
    expect(field([{ 'anything-but': 'a' }], 'a')).toBe(false);
    expect(field([{ 'anything-but': ['a', 'b'] }], 'b')).toBe(false);
    expect(field([{ 'anything-but': [100, 200] }], 300)).toBe(true);
    expect(field([{ 'anything-but': { prefix: 'in' } }], 'inbox')).toBe(false);
    expect(field([{ 'anything-but': { suffix: ['.pdf', '.json'] } }], 'a.json')).toBe(false);
    expect(field([{ 'anything-but': { wildcard: 'a*' } }], 'b')).toBe(true);
    expect(field([{ 'anything-but': { 'equals-ignore-case': 'A' } }], 'a')).toBe(false);
    expect(matchesPattern({ detail: { f: [{ 'anything-but': 'a' }] } }, { detail: {} })).toBe(false);
  });

  test('exists is about leaves', () => {
    expect(field([{ exists: true }], 0)).toBe(true);
    expect(field([{ exists: true }], null)).toBe(true);
    expect(field([{ exists: false }], 'a')).toBe(false);
    expect(field([{ exists: false }], { inner: 1 })).toBe(true);
    expect(matchesPattern({ detail: { f: [{ exists: false }] } }, { detail: {} })).toBe(true);
    expect(matchesPattern({ detail: { inner: { f: [{ exists: false }] } } }, { detail: {} })).toBe(true);
    expect(field([{ exists: false }, 'a'], 'a')).toBe(true);
  });

  test('numeric takes ranges of numbers', () => {
    expect(field([{ numeric: ['>', 0, '<=', 5] }], 5)).toBe(true);
    expect(field([{ numeric: ['>', 0, '<=', 5] }], 0)).toBe(false);
    expect(field([{ numeric: ['=', 301.8] }], 3.018e2)).toBe(true);
    expect(field([{ numeric: ['<', 10] }], '5')).toBe(false);
  });

  test('all fields must match, of $or one alternative', () => {
    const pattern = {
      detail: { $or: [{ a: [1] }, { b: [{ prefix: 'x' }] }], c: ['yes'] },
    };
    expect(matchesPattern(pattern, { detail: { a: 1, c: 'yes' } })).toBe(true);
    expect(matchesPattern(pattern, { detail: { b: 'xy', c: 'yes' } })).toBe(true);
    expect(matchesPattern(pattern, { detail: { a: 2, b: 'y', c: 'yes' } })).toBe(false);
    expect(matchesPattern(pattern, { detail: { a: 1 } })).toBe(false);
  });

  test('in a list of objects one must meet the whole nested pattern', () => {
    const pattern = { detail: { items: { a: [1], b: [2] } } };
    expect(matchesPattern(pattern, { detail: { items: [{ a: 0 }, { a: 1, b: 2 }] } })).toBe(true);
    expect(matchesPattern(pattern, { detail: { items: [{ a: 1 }, { b: 2 }] } })).toBe(false);
  });

  test('a pattern that EventBridge would refuse is a fault, not a mismatch', () => {
    expect(() => field('a', 'a')).toThrow('needs a list of values');
    expect(() => field([{ begins: 'a' }], 'a')).toThrow('unknown condition begins');
    expect(() => field([{ numeric: ['>'] }], 1)).toThrow('numeric needs pairs');
    expect(() => field([{ numeric: ['~', 1] }], 1)).toThrow('numeric needs operators');
    expect(() => field([{ prefix: 'a', suffix: 'b' }], 'a')).toThrow('exactly one name');
  });
});
