/** The little of PDF's object syntax (ISO 32000-1, 7.3) that trailers, cross-reference streams and catalogues need. */

export type PdfValue =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'reference'; readonly object: number }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'dictionary'; readonly entries: ReadonlyMap<string, PdfValue> }
  | { readonly kind: 'null' }
  /** Strings, arrays, fractions, booleans: skipped, not kept. */
  | { readonly kind: 'other' };

const maxDepth = 20;

/** The dictionary whose `<<` stands at `at` (white space and comments before it are skipped); undefined if it is broken. */
export const readDictionary = (text: string, at: number): ReadonlyMap<string, PdfValue> | undefined => {
  let here = at;

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = here;
    const found = pattern.exec(text) ?? undefined;
    if (found) here += found[0].length;
    return found;
  };
  const skip = () => void take(/(?:[\0\s]|%[^\r\n]*[\r\n])*/y);
  const takeText = (literal: string): boolean => {
    if (!text.startsWith(literal, here)) return false;
    here += literal.length;
    return true;
  };
  const name = (): string | undefined =>
    take(/\/([^\0\s()<>[\]{}/%]*)/y)?.[1]?.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );

  const skipString = (): boolean => {
    let open = 0;
    for (; here < text.length; here++) {
      const character = text[here];
      if (character === '\\') here++;
      else if (character === '(') open++;
      else if (character === ')' && --open === 0) {
        here++;
        return true;
      }
    }
    return false;
  };

  const dictionary = (depth: number): ReadonlyMap<string, PdfValue> | undefined => {
    if (depth > maxDepth || !takeText('<<')) return undefined;
    const entries = new Map<string, PdfValue>();
    for (;;) {
      skip();
      if (takeText('>>')) return entries;
      const key = name();
      if (key === undefined) return undefined;
      const value = read(depth);
      if (value === undefined) return undefined;
      entries.set(key, value);
    }
  };

  const array = (depth: number): PdfValue | undefined => {
    if (depth > maxDepth) return undefined;
    here++;
    for (;;) {
      skip();
      if (takeText(']')) return { kind: 'other' };
      if (read(depth) === undefined) return undefined;
    }
  };

  const read = (depth: number): PdfValue | undefined => {
    skip();
    if (text.startsWith('<<', here)) {
      const entries = dictionary(depth + 1);
      return entries && { kind: 'dictionary', entries };
    }
    switch (text[here]) {
      case '<':
        return take(/<[0-9A-Fa-f\0\s]*>/y) && { kind: 'other' };
      case '(':
        return skipString() ? { kind: 'other' } : undefined;
      case '[':
        return array(depth + 1);
      case '/': {
        const value = name();
        return value === undefined ? undefined : { kind: 'name', value };
      }
    }
    const reference = take(/(\d+)[\0\s]+\d+[\0\s]+R(?![A-Za-z0-9])/y);
    if (reference) return { kind: 'reference', object: Number(reference[1]) };
    const number = take(/[+-]?(?:\d+\.?\d*|\.\d+)/y);
    if (number) {
      const value = Number(number[0]);
      return Number.isSafeInteger(value) ? { kind: 'integer', value } : { kind: 'other' };
    }
    const word = take(/true|false|null/y)?.[0];
    if (word === undefined) return undefined;
    return word === 'null' ? { kind: 'null' } : { kind: 'other' };
  };

  skip();
  return dictionary(0);
};
