import { isNhsNumber } from '../nhs-number.ts';

/** Whose NHS numbers a text holds: the patient's own, and those of others. */
export interface NhsNumbersSeen {
  readonly own: boolean;
  readonly others: boolean;
}

const uuids = /(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])/g;

/** What may stand between the digits of one number: spaces, hyphens and dashes of all kinds, dots. */
const marks = '\\u00ad\\u200b\\u2010-\\u2015\\u2212._-';
const gap = `[\\s${marks}]`;
const gapWithinLine = `(?:(?![\\r\\n])${gap})`;

/** The patient's own number is known, so it is found however its digits are set, over a line's end too. */
const ownNumber = (own: string) => new RegExp(`(?<!\\d)${[...own].join(`${gap}{0,4}`)}(?!\\d)`);

/**
 * Any number of ten digits: together, as 3, 3 and 4 digits, or each by itself as in a form's boxes, within a line. Part
 * of a longer number, of decimals or of a telephone number with its country's code it is not.
 */
const together = new RegExp(
  `(?<!\\d)(?<!\\d[.,])(?<!\\+\\d{1,3}[\\s.-]{0,3}(?:\\(0\\))?[\\s().-]{0,3})\\d{3}${gapWithinLine}{0,3}\\d{3}${gapWithinLine}{0,3}\\d{4}(?!\\d)`,
  'g',
);
const boxed = new RegExp(
  `(?<!\\d${gapWithinLine}{0,4})\\d(?:${gapWithinLine}{1,4}\\d){9}(?!${gapWithinLine}{0,4}\\d)`,
  'g',
);

/** 0000000000 and its like, and digits counted up, pass the check too; what fills in a blank is nobody's number. */
const isFiller = (digits: string): boolean => /^(\d)\1{9}$/.test(digits) || digits === '0123456789';

/** Looks for NHS numbers in the text of a page. `own` is the patient's, ten digits. Pure. */
export const nhsNumbersSeen = (text: string, own: string): NhsNumbersSeen => {
  const searched = text.replace(uuids, '|');
  const found = [together, boxed].flatMap((pattern) => [...searched.matchAll(pattern)]);
  return {
    own: ownNumber(own).test(searched),
    others: found
      .map(([match]) => match.replace(/\D/g, ''))
      .some((digits) => digits !== own && isNhsNumber(digits) && !isFiller(digits)),
  };
};
