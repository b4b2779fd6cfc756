import { type PdfValue, readDictionary } from './pdf-dictionary.ts';
import { type ProblemCode, problem } from './problems.ts';
import { type RangedSource, type RangedText, rangedText, TooManyReads } from './ranged-text.ts';

export type PdfProblemCode =
  | 'PDF_EMPTY'
  | 'PDF_NOT_PDF'
  | 'PDF_TRUNCATED'
  | 'PDF_BAD_STRUCTURE'
  | 'PDF_ENCRYPTED'
  | 'PDF_NO_PAGES_ROOT';

export type PdfInspection =
  | { readonly kind: 'ok' }
  | { readonly kind: 'problem'; readonly code: PdfProblemCode & ProblemCode; readonly message: string };

// Readers look for the header in the first KiB and for the end mark in the last: so do we.
const headerReach = 1024;
const junkReach = 1024;
const tailLength = junkReach + 1024;
const dictionaryReach = 16 * 1024;
const maxSections = 100;
const maxSubsections = 10_000;
const maxReads = 200;
const entryLength = 20;

type Dictionary = ReadonlyMap<string, PdfValue>;

/** One part of the cross-reference chain: a classic table with its trailer, or a cross-reference stream. */
interface Section {
  readonly dictionary: Dictionary;
  /** Where entries of a classic table lie; undefined where they are compressed or could not be placed. */
  readonly subsections?: readonly { readonly first: number; readonly count: number; readonly at: number }[];
}

const integer = (dictionary: Dictionary, key: string): number | undefined => {
  const value = dictionary.get(key);
  return value?.kind === 'integer' ? value.value : undefined;
};

const present = (dictionary: Dictionary, key: string): boolean =>
  dictionary.has(key) && dictionary.get(key)?.kind !== 'null';

/** The trailer behind a table whose entries are not 20 bytes long: searched for, as readers do. */
const searchTrailer = async (text: RangedText, from: number, size: number): Promise<Dictionary | undefined> => {
  const step = dictionaryReach - 16;
  for (let at = from; at < size; at += step) {
    const found = (await text.at(at, dictionaryReach)).indexOf('trailer');
    if (found >= 0) return readDictionary(await text.at(at + found + 7, dictionaryReach), 0);
  }
  return undefined;
};

const readTable = async (text: RangedText, at: number, size: number): Promise<Section | undefined> => {
  const subsections: { first: number; count: number; at: number }[] = [];
  let here = at;
  while (subsections.length < maxSubsections) {
    const next = await text.at(here, 80);
    const trailer = /^\s*trailer/.exec(next);
    if (trailer) {
      const dictionary = readDictionary(await text.at(here + trailer[0].length, dictionaryReach), 0);
      return dictionary && { dictionary, subsections };
    }
    const header = /^\s*(\d+)[ \t]+(\d+)[ \t]*(?:\r\n|\n|\r)/.exec(next);
    if (!header) {
      const dictionary = await searchTrailer(text, at, size);
      return dictionary && { dictionary };
    }
    const entries = here + header[0].length;
    const count = Number(header[2]);
    subsections.push({ first: Number(header[1]), count, at: entries });
    here = entries + count * entryLength;
  }
  return undefined;
};

const readSection = async (text: RangedText, at: number, size: number): Promise<Section | undefined> => {
  if (at <= 0 || at >= size) return undefined;
  const head = await text.at(at, 200);
  const table = /^\s*xref(?=\s)/.exec(head);
  if (table) return readTable(text, at + table[0].length, size);
  const object = /^\s*\d+\s+\d+\s+obj/.exec(head);
  if (!object) return undefined;
  const dictionary = readDictionary(await text.at(at + object[0].length, dictionaryReach), 0);
  const type = dictionary?.get('Type');
  return dictionary && type?.kind === 'name' && type.value === 'XRef' ? { dictionary } : undefined;
};

/** The whole chain, newest first; undefined if a link of it is broken. `base` is added to every offset. */
const readChain = async (
  text: RangedText,
  start: number,
  base: number,
  size: number,
): Promise<readonly Section[] | undefined> => {
  const sections: Section[] = [];
  const seen = new Set<number>();
  const waiting = [start];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (seen.size > maxSections) return undefined;
    const section = await readSection(text, at + base, size);
    if (!section) return undefined;
    sections.push(section);
    // A hybrid file's stream belongs to this table and comes before the older tables; some writers put /Prev 0 for none.
    const links = [integer(section.dictionary, 'XRefStm'), integer(section.dictionary, 'Prev')];
    waiting.push(...links.filter((link) => link !== undefined).filter((link) => link !== 0));
  }
  return sections;
};

/** Looks at the catalogue where a classic table says where it lies; inside compressed streams it is not sought. */
const catalogueProblem = async (
  text: RangedText,
  sections: readonly Section[],
  base: number,
): Promise<PdfProblemCode | undefined> => {
  const root = sections.map(({ dictionary }) => dictionary.get('Root')).find((value) => value !== undefined);
  if (root?.kind !== 'reference') return 'PDF_NO_PAGES_ROOT';
  for (const { subsections } of sections) {
    if (!subsections) return undefined;
    const within = subsections.find(({ first, count }) => root.object >= first && root.object < first + count);
    if (!within) continue;
    const entry = /^(\d{10}) \d{5} ([nf])/.exec(
      await text.at(within.at + (root.object - within.first) * entryLength, entryLength),
    );
    if (!entry) return 'PDF_BAD_STRUCTURE';
    if (entry[2] === 'f') return 'PDF_NO_PAGES_ROOT';
    const object = await text.at(Number(entry[1]) + base, dictionaryReach);
    const header = /^\s*(\d+)\s+\d+\s+obj/.exec(object);
    if (!header || Number(header[1]) !== root.object) return 'PDF_BAD_STRUCTURE';
    const catalogue = readDictionary(object, header[0].length);
    if (!catalogue) return 'PDF_BAD_STRUCTURE';
    return present(catalogue, 'Pages') ? undefined : 'PDF_NO_PAGES_ROOT';
  }
  return 'PDF_BAD_STRUCTURE';
};

const fault = async (source: RangedSource): Promise<PdfProblemCode | undefined> => {
  const { size } = source;
  if (size === 0) return 'PDF_EMPTY';
  const text = rangedText(source, maxReads);
  const header = (await text.at(0, headerReach)).search(/%PDF-\d\.\d/);
  if (header < 0) return 'PDF_NOT_PDF';

  const tail = await text.at(size - Math.min(size, tailLength), tailLength);
  const end = [...tail.matchAll(/startxref\s+(\d{1,15})\s+%%EOF/g)].at(-1);
  if (!end) return 'PDF_TRUNCATED';
  const behind = tail.slice(end.index + end[0].length);
  // An object behind the end mark is the beginning of an update whose end is missing.
  if (behind.length > junkReach || /\d\s+\d+\s+obj/.test(behind)) return 'PDF_TRUNCATED';

  // Offsets count from the header; some writers count from the start of the file even if junk comes first.
  const start = Number(end[1]);
  for (const base of new Set([header, 0])) {
    const sections = await readChain(text, start, base, size);
    if (!sections) continue;
    if (sections.some(({ dictionary }) => present(dictionary, 'Encrypt'))) return 'PDF_ENCRYPTED';
    return catalogueProblem(text, sections, base);
  }
  return 'PDF_BAD_STRUCTURE';
};

/**
 * Whether a file has the bones of a PDF that a practice can open: header, end mark, an unbroken cross-reference chain,
 * a catalogue, no encryption. Reads ranges only, at most 200 blocks of 16 KiB, and never the pages themselves: damage
 * inside them shows in the digest, not here. Throws only what `source.read` throws.
 */
export const inspectPdf = async (source: RangedSource): Promise<PdfInspection> => {
  let code: PdfProblemCode | undefined;
  try {
    code = await fault(source);
  } catch (thrown) {
    if (!(thrown instanceof TooManyReads)) throw thrown;
    code = 'PDF_BAD_STRUCTURE';
  }
  if (code === undefined) return { kind: 'ok' };
  return { kind: 'problem', code, message: problem(code, 'pdf').message };
};
