import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDigitOf, holdsNhsNumber, isNhsNumber } from '../../../shared/submission/nhs-number.ts';

const seed = 20240318;
const nineDigits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 }).map((d) => d.join(''));
const nhsNumber = nineDigits
  .map((nine) => [nine, checkDigitOf(nine)] as const)
  .filter(([, digit]) => digit !== undefined)
  .map(([nine, digit]) => `${nine}${digit}`);

describe('the NHS number check', () => {
  it('accepts exactly the digit that it computes', () => {
    fc.assert(
      fc.property(nineDigits, (nine) => {
        const accepted = Array.from({ length: 10 }, (_, digit) => digit).filter((digit) =>
          isNhsNumber(`${nine}${digit}`),
        );
        const digit = checkDigitOf(nine);
        expect(accepted).toEqual(digit === undefined ? [] : [digit]);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('notices every single wrong digit', () => {
    fc.assert(
      fc.property(nhsNumber, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }), (number, place, shift) => {
        const digits = [...number];
        digits[place] = String((Number(digits[place]) + shift) % 10);
        expect(isNhsNumber(digits.join(''))).toBe(false);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('notices two different neighbours changing places', () => {
    fc.assert(
      fc.property(nhsNumber, fc.integer({ min: 0, max: 8 }), (number, place) => {
        fc.pre(number[place] !== number[place + 1]);
        const swapped = `${number.slice(0, place)}${number[place + 1]}${number[place]}${number.slice(place + 2)}`;
        expect(isNhsNumber(swapped)).toBe(false);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('finds a number in whatever surrounds it', () => {
    const letters = fc.stringMatching(/^[A-Za-z0-9._-]{0,30}$/);
    fc.assert(
      fc.property(letters, nhsNumber, letters, (before, number, after) => {
        // Digits that touch a UUID-like neighbourhood could make it part of one; letters g to z never do.
        expect(holdsNhsNumber(`${before}z${number}z${after}`)).toBe(true);
        expect(holdsNhsNumber(`${before}z0${number}9z${after}`)).toBe(true);
      }),
      { seed, numRuns: 500 },
    );
  });
});
