import { invalidArgument } from './errors.ts';

/** Lists as S3 gives them: in order of UTF-8 bytes, by prefix, grouped by delimiter, page by page. Pure. */

const firstSurrogate = 0xd800;
/** Surrogate pairs stand for characters beyond U+FFFF and so sort after every single unit. */
const weight = (unit: number) => (unit >= firstSurrogate && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Compares as the UTF-8 bytes of the two would compare. */
export const byUtf8 = (a: string, b: string): number => {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = weight(a.charCodeAt(i)) - weight(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

export interface ListQuery {
  readonly prefix: string;
  /** Empty: no grouping. */
  readonly delimiter: string;
  /** Where the previous page ended: a key or a common prefix. */
  readonly after: string;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  /** The last row of this page: an item with its key, or a common prefix. */
  readonly last: { readonly name: string; readonly item?: T } | undefined;
}

/** The page of items (in order, those of earlier pages already gone) that the query asks for. */
export const pageOf = <T extends { readonly key: string }>(items: readonly T[], query: ListQuery): Page<T> => {
  const { prefix, delimiter, after, limit } = query;
  const rows: T[] = [];
  const commonPrefixes: string[] = [];
  let last: Page<T>['last'];
  let truncated = false;
  for (const item of items) {
    if (!item.key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : item.key.indexOf(delimiter, prefix.length);
    const group = cut < 0 ? undefined : item.key.slice(0, cut + delimiter.length);
    if (group !== undefined && (commonPrefixes.at(-1) === group || byUtf8(group, after) <= 0)) continue;
    if (rows.length + commonPrefixes.length >= limit) {
      truncated = limit > 0;
      break;
    }
    if (group === undefined) {
      rows.push(item);
      last = { name: item.key, item };
    } else {
      commonPrefixes.push(group);
      last = { name: group };
    }
  }
  return { items: rows, commonPrefixes, truncated, last };
};

const longestPage = 1000;

/** Throws InvalidArgument (400) for what is not a count. */
export const readLimit = (query: URLSearchParams, name: string): number => {
  const text = query.get(name);
  if (text === null || text === '') return longestPage;
  if (!/^\d+$/.test(text)) throw invalidArgument(`Provided ${name} not an integer or within integer range`);
  return Math.min(Number(text), longestPage);
};
