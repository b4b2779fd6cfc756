/** HTTP header values are Latin-1 (ISO 8859-1). What the subject and the routing string may carry. */

/** True when every character is a printable one of Latin-1: no controls, nothing above U+00FF. */
export const isLatin1 = (text: string): boolean => /^[\u0020-\u007E\u00A0-\u00FF]*$/.test(text);

// Letters and signs that do not decompose into a Latin-1 letter and a mark.
const replacements: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201A': "'",
  '\u2032': "'",
  '\u02BC': "'",
  '\u201C': '"',
  '\u201D': '"',
  '\u201E': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2026': '...',
  '\u2022': '·',
  '\u20AC': 'EUR',
  '\u2122': 'TM',
  Ł: 'L',
  ł: 'l',
  Đ: 'D',
  đ: 'd',
  Ħ: 'H',
  ħ: 'h',
  ı: 'i',
  Œ: 'OE',
  œ: 'oe',
  Ŋ: 'N',
  ŋ: 'n',
  Ŧ: 'T',
  ŧ: 't',
  Ə: 'E',
  ə: 'e',
  ẞ: 'SS',
  ĸ: 'k',
};

/**
 * The subject's transliteration: composed first; Latin-1 stays as it is; typographic signs and letters of the table
 * become their usual spelling; other letters lose their marks where the letter below is Latin-1 (Ş → S); white space
 * becomes a space, controls vanish, and what is left becomes a question mark, one for each character.
 */
export const toLatin1 = (text: string): string =>
  [...text.normalize('NFC')]
    .map((character) => {
      if (/\s/u.test(character)) return ' ';
      if (isLatin1(character)) return character;
      if (/\p{Cc}|\p{Cf}/u.test(character)) return '';
      const spelled = replacements[character];
      if (spelled !== undefined) return spelled;
      const bare = character.normalize('NFKD').replace(/\p{M}/gu, '');
      if (bare !== '' && isLatin1(bare)) return bare;
      return /^\p{M}+$/u.test(character) ? '' : '?';
    })
    .join('')
    .trim();
