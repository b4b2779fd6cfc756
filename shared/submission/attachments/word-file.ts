import type { RangedText } from '../ranged-text.ts';

/** Little-endian unsigned number of `length` bytes in Latin-1 text; NaN past its end. */
const number = (text: string, at: number, length: 2 | 4): number => {
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + text.charCodeAt(at + index);
  return value;
};

const endOfCentralDirectory = 'PK\x05\x06';
const endLength = 22;
const longestComment = 0xffff;
const centralHeader = 'PK\x01\x02';
const centralHeaderLength = 46;
/** More than any letter has; what lies behind them is not looked at. */
const maxEntries = 4000;

/** Names of the entries of a ZIP file (APPNOTE 4.3.12); undefined where its directory is broken. */
const zipNames = async (text: RangedText, size: number): Promise<readonly string[] | undefined> => {
  const tailAt = Math.max(0, size - endLength - longestComment);
  const tail = await text.at(tailAt, endLength + longestComment);
  const end = tail.lastIndexOf(endOfCentralDirectory);
  if (end < 0) return undefined;
  const count = number(tail, end + 10, 2);
  const length = number(tail, end + 12, 4);
  const from = number(tail, end + 16, 4);
  // ZIP64 and directories of megabytes: no word processor makes a letter so.
  if (count > maxEntries || length > 1 << 20 || !(from + length <= size)) return undefined;
  const directory = await text.at(from, length);
  const names: string[] = [];
  for (let at = 0; names.length < count; ) {
    if (!directory.startsWith(centralHeader, at)) return undefined;
    const nameLength = number(directory, at + 28, 2);
    const next = at + centralHeaderLength + nameLength + number(directory, at + 30, 2) + number(directory, at + 32, 2);
    if (!(next <= directory.length)) return undefined;
    names.push(directory.slice(at + centralHeaderLength, at + centralHeaderLength + nameLength));
    at = next;
  }
  return names;
};

/** A .docx: a ZIP file with a Word document inside. `macros`: with a program inside as well, which .docx never has. */
export const inspectDocx = async (text: RangedText, size: number): Promise<'ok' | 'macros' | 'not-docx'> => {
  const names = await zipNames(text, size);
  if (!names?.includes('[Content_Types].xml') || !names.includes('word/document.xml')) return 'not-docx';
  return names.some((name) => /(^|\/)vbaProject\.bin$/i.test(name)) ? 'macros' : 'ok';
};

const wide = (name: string) => [...name].map((character) => `${character}\0`).join('');
const directoryEntryLength = 128;
const noSector = 0xfffffffa;
const maxDirectorySectors = 200;

/**
 * A .doc: a compound file (MS-CFB) whose directory names a stream `WordDocument`. Installers, spreadsheets and mails are
 * compound files too. Follows the directory's chain through the first 109 sectors of the allocation table, which is
 * all that a letter below 7 MB has; in a larger file's further ones a directory that begins there is not found.
 */
export const isDoc = async (text: RangedText): Promise<boolean> => {
  const header = await text.at(0, 512);
  const sectorLength = 2 ** number(header, 30, 2);
  if (sectorLength !== 512 && sectorLength !== 4096) return false;
  const offsetOf = (sector: number) => (sector + 1) * sectorLength;
  const next = async (sector: number): Promise<number> => {
    const perSector = sectorLength / 4;
    const table = number(header, 76 + 4 * Math.floor(sector / perSector), 4);
    if (Math.floor(sector / perSector) >= 109 || table >= noSector) return noSector;
    return number(await text.at(offsetOf(table) + 4 * (sector % perSector), 4), 0, 4);
  };
  let sector = number(header, 48, 4);
  for (let seen = 0; seen < maxDirectorySectors && sector < noSector; seen++) {
    const entries = await text.at(offsetOf(sector), sectorLength);
    for (let at = 0; at + directoryEntryLength <= entries.length; at += directoryEntryLength) {
      if (entries.startsWith(`${wide('WordDocument')}\0\0`, at)) return true;
    }
    sector = await next(sector);
  }
  return false;
};
