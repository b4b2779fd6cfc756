import { describe, expect, it } from 'vitest';
import {
  checkDigitOf,
  holdsNhsNumber,
  isCoveredBy,
  isNhsNumber,
  isProbablyScottish,
} from '../../../../shared/submission/nhs-number.ts';

describe('the NHS number check', () => {
  it.each(['9691375087', '9691375354', '9000000009', '9434765919', '4010232137'])('accepts %s', (number) => {
    expect(isNhsNumber(number)).toBe(true);
  });
  it.each(['9989453456', '4857773456', '1234567890', '969137508', '96913750877', '969 137 5087', '', 'abcdefghij'])(
    'refuses %s',
    (number) => {
      expect(isNhsNumber(number)).toBe(false);
    },
  );
  it('knows that some nine digits have no check digit', () => {
    const without = Array.from({ length: 50 }, (_, n) => String(400000000 + n)).filter(
      (nine) => checkDigitOf(nine) === undefined,
    );
    expect(without.length).toBeGreaterThan(0);
    for (const nine of without) {
      expect(Array.from({ length: 10 }, (_, digit) => isNhsNumber(`${nine}${digit}`))).not.toContain(true);
    }
  });
  it('takes a number that begins with 0, 1 or 2 for a Scottish one', () => {
    expect(['0101010000', '1512580000', '2906010000', '3112990000', '9691375087'].map(isProbablyScottish)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('an NHS number inside a text', () => {
  it.each([
    '9691375087',
    'report-9691375087.v1',
    'NHS9691375087x',
    '969-137-5087',
    '969.137.5087',
    '969_137_5087-v2',
    '20240318.9691375087',
    '969137508720240318',
    '2024031896913750871',
    '3f2b8c1e-7d54-4b0a-9c36-5a1e8d0f4b72-9691375087',
  ])('is found in %s', (text) => {
    expect(holdsNhsNumber(text)).toBe(true);
  });
  it.each([
    '',
    'report-1',
    '1234567890',
    '969137508',
    '3f2b8c1e-7d54-4b0a-9c36-5a1e8d0f4b72',
    '00000000-0000-0000-0000-009691375087',
    '2024-03-18.report-17',
    '9691-375-087',
  ])('is not seen in %s', (text) => {
    expect(holdsNhsNumber(text)).toBe(false);
  });
});

describe('a list of numbers', () => {
  it('covers exact numbers and those that begin like a pattern with a star', () => {
    expect(isCoveredBy('9691375087', ['9000000009', '9691375*'])).toBe(true);
    expect(isCoveredBy('9000000009', ['9000000009', '9691375*'])).toBe(true);
    expect(isCoveredBy('9000000017', ['9000000009', '9691375*'])).toBe(false);
    expect(isCoveredBy('9691375087', [])).toBe(false);
  });
});
