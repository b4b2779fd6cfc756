/** What the beginning of a file says it is. In our own words: they are shown. */
export type FileKind =
  | 'a program'
  | 'a script'
  | 'a PDF'
  | 'an old Office file or installer'
  | 'a ZIP archive, or a file made like one'
  | 'RTF'
  | 'a JPEG image'
  | 'a PNG image'
  | 'a TIFF image'
  | 'a GIF image'
  | 'a Windows bitmap'
  | 'another archive';

/** How much of a file's beginning `kindOf` wants to see. */
export const headLength = 1024;

type Signature = readonly [kind: FileKind, ...beginnings: string[]];

/** In Latin-1, one character for each byte. */
const signatures: readonly Signature[] = [
  // ELF; Mach-O in each byte order, and the fat one, which is a Java class too; DEX; WebAssembly; a Windows shortcut.
  [
    'a program',
    '\x7fELF',
    '\xfe\xed\xfa\xce',
    '\xfe\xed\xfa\xcf',
    '\xce\xfa\xed\xfe',
    '\xcf\xfa\xed\xfe',
    '\xca\xfe\xba\xbe',
    'dex\n',
    '\0asm',
    'L\0\0\0\x01\x14\x02\0',
  ],
  ['a script', '#!', '\xef\xbb\xbf#!'],
  ['an old Office file or installer', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['a ZIP archive, or a file made like one', 'PK\x03\x04', 'PK\x05\x06'],
  ['RTF', '{\\rtf'],
  ['a JPEG image', '\xff\xd8\xff'],
  ['a PNG image', '\x89PNG\r\n\x1a\n'],
  ['a TIFF image', 'II*\0', 'MM\0*', 'II+\0', 'MM\0+'],
  ['a GIF image', 'GIF87a', 'GIF89a'],
  [
    'another archive',
    '\x1f\x8b',
    'BZh',
    '7z\xbc\xaf\x27\x1c',
    'Rar!\x1a\x07',
    '\xfd7zXZ\0',
    'MSCF',
    '\x28\xb5\x2f\xfd',
  ],
];

/** What a file's first bytes (Latin-1 text, `headLength` of them) show it to be; undefined where they show nothing. */
export const kindOf = (head: string): FileKind | undefined => {
  const found = signatures.find(([, ...beginnings]) => beginnings.some((beginning) => head.startsWith(beginning)));
  if (found) return found[0];
  // Two letters are not enough: a text may begin so. A program's header goes on with zeros.
  if (head.startsWith('MZ') && head.slice(0, 64).includes('\0')) return 'a program';
  if (head.startsWith('BM') && head.slice(6, 10) === '\0\0\0\0') return 'a Windows bitmap';
  // Readers look for a PDF's header in the first KiB.
  return /%PDF-\d\.\d/.test(head) ? 'a PDF' : undefined;
};

/** Files that do something when they are opened are never passed on. */
export const isExecutable = (kind: FileKind | undefined): boolean => kind === 'a program' || kind === 'a script';
