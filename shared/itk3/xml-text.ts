/** What XML 1.0 allows in a document, and how a string is written into one. */

// The complement of the Char production of XML 1.0; a surrogate that is not half of a pair matches too.
const illegal = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** True when XML 1.0 can carry the text at all: no control characters but tab and line ends, no lone surrogates. */
export const isXmlText = (text: string): boolean => !illegal.test(text);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // As references, because a parser turns bare ones in an attribute into spaces.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Escapes for an attribute value in double quotes and for text alike. Throws on what XML cannot carry. */
export const escapeXml = (text: string): string => {
  if (!isXmlText(text)) throw new Error('A value holds a character that XML 1.0 does not allow.');
  return text.replace(/[&<>"\t\n\r]/g, (character) => entities[character] ?? character);
};
