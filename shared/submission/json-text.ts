/** Reading JSON strictly: unlike JSON.parse it names doubled keys, bounds depth and never quotes what it read. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Keys and indexes from the outermost value inwards. */
export type JsonPath = readonly (string | number)[];

export type JsonReading =
  | { readonly kind: 'json'; readonly value: JsonValue; readonly doubled: readonly JsonPath[] }
  /** Line and column count from 1. */
  | { readonly kind: 'broken'; readonly line: number; readonly column: number }
  | { readonly kind: 'too-deep' };

class Broken extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super('not JSON');
    this.offset = offset;
  }
}
class TooDeep extends Error {}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Only where the literal ends: JSON.parse checks what is in it.
const string = /"(?:[^"\\]|\\.)*"/y;

/** Parses one JSON value. Of a doubled key the last value stands, as with JSON.parse, and its path is told. */
export const readJson = (text: string, maxDepth: number): JsonReading => {
  let at = 0;
  const doubled: JsonPath[] = [];

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skip = () => void take(space);
  const expect = (character: string) => {
    skip();
    if (text[at] !== character) throw new Broken(at);
    at++;
  };
  const next = (): string | undefined => {
    skip();
    return text[at];
  };
  const readString = (): string => {
    skip();
    const start = at;
    const literal = take(string);
    if (literal === undefined) throw new Broken(start);
    try {
      return JSON.parse(literal) as string;
    } catch {
      throw new Broken(start);
    }
  };

  const readObject = (path: JsonPath): JsonObject => {
    const entries: [string, JsonValue][] = [];
    const seen = new Set<string>();
    expect('{');
    if (next() !== '}') {
      for (;;) {
        const key = readString();
        if (seen.has(key)) doubled.push([...path, key]);
        seen.add(key);
        expect(':');
        entries.push([key, readValue([...path, key])]);
        if (next() !== ',') break;
        at++;
      }
    }
    expect('}');
    // Defines own properties, so that a key `__proto__` is a key like any other.
    return Object.fromEntries(entries);
  };

  const readArray = (path: JsonPath): JsonValue[] => {
    const items: JsonValue[] = [];
    expect('[');
    if (next() !== ']') {
      for (;;) {
        items.push(readValue([...path, items.length]));
        if (next() !== ',') break;
        at++;
      }
    }
    expect(']');
    return items;
  };

  const readValue = (path: JsonPath): JsonValue => {
    if (path.length > maxDepth) throw new TooDeep();
    const first = next();
    if (first === '{') return readObject(path);
    if (first === '[') return readArray(path);
    if (first === '"') return readString();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    const literal = take(number);
    if (literal === undefined) throw new Broken(at);
    return Number(literal);
  };

  try {
    const value = readValue([]);
    skip();
    if (at < text.length) throw new Broken(at);
    return { kind: 'json', value, doubled };
  } catch (fault) {
    if (fault instanceof TooDeep) return { kind: 'too-deep' };
    if (!(fault instanceof Broken)) throw fault;
    const before = text.slice(0, fault.offset).split('\n');
    return { kind: 'broken', line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
};
