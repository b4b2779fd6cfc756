import { describe, expect, it } from 'vitest';
import { nhsNumbersSeen } from '../../../../../shared/submission/pdf-text/nhs-numbers-in-text.ts';

const own = '9434765919';
// Passes the check, and is somebody else's.
const other = '969 137 5087';

const seen = (text: string) => nhsNumbersSeen(text, own);
const none = { own: false, others: false };

describe('the NHS numbers in a page’s text', () => {
  it.each([
    ['together', '9434765919'],
    ['as the layout of the standard prints it (GPCM-SD-090)', 'NHS No 943 476 5919'],
    ['with hyphens', '943-476-5919'],
    ['with dashes of print', '943–476–5919'],
    ['with spaces that do not break', '943\u00a0476\u00a05919'],
    ['with spaces that cannot be seen', '943\u200b476\u200b5919'],
    ['with dots', '943.476.5919'],
    ['in boxes of a form', '9 4 3 4 7 6 5 9 1 9'],
    ['against its label', 'NHSNo:9434765919DOB 01-Jan-1970'],
    ['over a line’s end', '943 476\n5919'],
    ['in groups of its own kind', '94 3476 59 19'],
  ])('the patient’s own is found %s', (_, text) => {
    expect(seen(`Seen today. ${text} and so on`)).toEqual({ own: true, others: false });
  });

  it.each([
    ['together', '9691375087'],
    ['as the layout prints it', other],
    ['with hyphens', '969-137-5087'],
    ['with one gap only', '969137 5087'],
    ['in boxes of a form', '9 6 9 1 3 7 5 0 8 7'],
    ['against its label', 'NHSNo9691375087'],
  ])('another patient’s is found %s', (_, text) => {
    expect(seen(`Seen today. ${text} and so on`)).toEqual({ own: false, others: true });
  });

  it('both are told beside each other', () => {
    expect(seen(`Mother ${other}, child 943 476 5919`)).toEqual({ own: true, others: true });
  });

  it.each([
    ['ten digits that fail the check', '969 137 5088'],
    ['part of a longer number', '19691375087'],
    ['a longer number', '96913750871'],
    ['decimals', '0.9691375087'],
    ['a telephone number with its country’s code', '+44 969 137 5087'],
    ['the same in brackets', '+44 (0) 969 137 5087'],
    ['digits of a UUID', '5a1e8d0f-1111-4b0a-9c36-ff9691375087'],
    ['figures one under another', '969\n137\n5087'],
    ['a scale from nought to ten', '0 1 2 3 4 5 6 7 8 9 10'],
    ['a row of more than ten boxes', '9 6 9 1 3 7 5 0 8 7 2'],
    ['what fills in a blank', '0000000000, 999 999 9999'],
    ['date and time', '18-03-2024 09:40, 2024-03-18T09:40'],
  ])('%s is nobody’s', (_, text) => {
    expect(seen(text)).toEqual(none);
  });

  it('an own number within a longer one is not there', () => {
    expect(seen('Reference 94347659191')).toEqual(none);
  });

  it('a page full of digits is searched like any other', () => {
    expect(seen('9 '.repeat(200_000)).own).toBe(false);
    expect(seen('12345'.repeat(100_000)).own).toBe(false);
    expect(seen('123 - '.repeat(100_000)).own).toBe(false);
  });
});
