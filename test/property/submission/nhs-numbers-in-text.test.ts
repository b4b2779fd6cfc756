import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDigitOf } from '../../../shared/submission/nhs-number.ts';
import { nhsNumbersSeen } from '../../../shared/submission/pdf-text/nhs-numbers-in-text.ts';

const seed = 20240318;
const nhsNumber = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 })
  .map((digits) => digits.join(''))
  .map((nine) => [nine, checkDigitOf(nine)] as const)
  .filter(([nine, digit]) => digit !== undefined && new Set(nine).size > 2 && nine !== '012345678')
  .map(([nine, digit]) => `${nine}${digit}`);
const mark = fc.constantFrom(' ', '-', '\u00a0', '  ', ' - ', '\u2011', '');
const printed = (number: string, gap: string) =>
  `${number.slice(0, 3)}${gap}${number.slice(3, 6)}${gap}${number.slice(6)}`;
const words = fc.stringMatching(/^[a-z ,.\n]{0,80}$/);

describe('NHS numbers in the text of a PDF', () => {
  it('are found whatever is written around them and whichever way they are printed', () => {
    fc.assert(
      fc.property(nhsNumber, nhsNumber, mark, words, words, (own, other, gap, before, after) => {
        fc.pre(own !== other);
        const text = `${before} ${printed(other, gap)} ${after}`;
        expect(nhsNumbersSeen(text, own)).toEqual({ own: false, others: true });
        expect(nhsNumbersSeen(text, other)).toEqual({ own: true, others: false });
        expect(nhsNumbersSeen(`${text} ${printed(own, gap)}`, own)).toEqual({ own: true, others: true });
      }),
      { seed, numRuns: 500 },
    );
  });

  it('are not found in text without ten digits', () => {
    fc.assert(
      fc.property(nhsNumber, words, fc.stringMatching(/^[0-9]{0,9}$/), (own, text, digits) => {
        expect(nhsNumbersSeen(`${text}x${digits}x${text}`, own)).toEqual({ own: false, others: false });
      }),
      { seed, numRuns: 300 },
    );
  });
});
