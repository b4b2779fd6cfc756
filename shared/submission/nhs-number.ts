/**
 * The tenth digit that belongs to nine: weights 10 down to 2, modulus 11 (NHS Data Dictionary, NHS NUMBER).
 * Undefined where there is none (remainder 1) and where the text is not nine digits.
 */
export const checkDigitOf = (nine: string): number | undefined => {
  if (!/^\d{9}$/.test(nine)) return undefined;
  const sum = [...nine].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  const digit = (11 - (sum % 11)) % 11;
  return digit === 10 ? undefined : digit;
};

/** Ten digits whose last is the check digit of the others. CHI numbers satisfy this too. */
export const isNhsNumber = (text: string): boolean =>
  /^\d{10}$/.test(text) && checkDigitOf(text.slice(0, 9)) === Number(text[9]);

/** Scottish CHI numbers begin with the day of birth, 01 to 31; NHS numbers of England and Wales begin with 4 to 9. */
export const isProbablyScottish = (nhsNumber: string): boolean => /^[012]/.test(nhsNumber);

const uuids = /(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])/g;
/** The way an NHS number is printed: 3, 3 and 4 digits. */
const printed = /(?<!\d)(\d{3})[-._ ](\d{3})[-._ ](\d{4})(?!\d)/g;

/**
 * Whether a text that must say nothing about a patient (object name, encounter id) holds an NHS number: any ten digits
 * in a row that pass the check, also within a longer row, or in the printed form. UUIDs are left aside.
 */
export const holdsNhsNumber = (text: string): boolean => {
  const rest = text.replace(uuids, '|');
  for (const [digits] of rest.matchAll(/\d{10,}/g)) {
    for (let start = 0; start + 10 <= digits.length; start++) {
      if (isNhsNumber(digits.slice(start, start + 10))) return true;
    }
  }
  return [...rest.matchAll(printed)].some(([, a, b, c]) => isNhsNumber(`${a}${b}${c}`));
};

/** Whether a list of numbers, each exact or a beginning with `*`, covers this one. */
export const isCoveredBy = (nhsNumber: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? nhsNumber.startsWith(pattern.slice(0, -1)) : nhsNumber === pattern,
  );
