import { PDFDocument } from 'pdf-lib';
import { describe, expect, it } from 'vitest';
import { makePdf } from '../../../../local/samples/variants.ts';
import { inspectPdf } from '../../../../shared/submission/pdf.ts';
import { readDictionary } from '../../../../shared/submission/pdf-dictionary.ts';
import { bytesSource } from './pdf-support.ts';

const inspect = async (bytes: Uint8Array | string) => {
  const found = await inspectPdf(bytesSource(Buffer.from(bytes as Uint8Array)));
  return found.kind === 'ok' ? 'ok' : found.code;
};
const classic = await makePdf({ text: 'classic', pages: 3 });
const modern = await makePdf({ text: 'modern', pages: 3, objectStreams: true });
const both = [
  ['with a classic table', classic],
  ['with a cross-reference stream', modern],
] as const;

const encrypted = async (useObjectStreams: boolean) => {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.addPage();
  const filter = pdf.context.obj({ Filter: 'Standard', V: 2, R: 3, Length: 128, P: -44 });
  pdf.context.trailerInfo.Encrypt = pdf.context.register(filter);
  return pdf.save({ useObjectStreams });
};
const [encryptedClassic, encryptedModern] = await Promise.all([encrypted(false), encrypted(true)]);

/** A classic PDF by hand: objects with their offsets right, the rest as given. */
const byHand = (parts: {
  objects: readonly string[];
  trailer?: string;
  before?: string;
  offsetBase?: number;
  entryEnd?: string;
}) => {
  const { objects, trailer = '/Root 1 0 R', before = '', offsetBase = 0, entryEnd = ' \n' } = parts;
  let text = `${before}%PDF-1.4\n`;
  const offsets = objects.map((object, index) => {
    const offset = text.length - offsetBase;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length - offsetBase;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f${entryEnd}`;
  for (const offset of offsets) text += `${String(offset).padStart(10, '0')} 00000 n${entryEnd}`;
  text += `trailer\n<< /Size ${objects.length + 1} ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return text;
};
const catalogue = '<< /Type /Catalog /Pages 2 0 R >>';
const pages = '<< /Type /Pages /Kids [] /Count 0 >>';
const objects = [catalogue, pages];

/** An incremental update: one object more, its own table, /Prev to the old one. */
const update = (old: Buffer, trailer = '') => {
  const text = old.toString('latin1');
  const previous = /startxref\s+(\d+)/.exec(text.slice(text.lastIndexOf('startxref')))?.[1];
  const object = text.length;
  const added = `90 0 obj\n<< /Changed true >>\nendobj\n`;
  const start = object + added.length;
  return Buffer.from(
    `${text}${added}xref\n90 1\n${String(object).padStart(10, '0')} 00000 n \ntrailer\n<< /Size 91 /Root 1 0 R /Prev ${previous} ${trailer} >>\nstartxref\n${start}\n%%EOF\n`,
    'latin1',
  );
};
const byHandBytes = Buffer.from(byHand({ objects }), 'latin1');

describe('inspecting a PDF', () => {
  it.each(both)('accepts one %s', async (_, bytes) => {
    expect(await inspect(bytes)).toBe('ok');
  });

  it.each(both)('accepts junk before and after one %s', async (_, bytes) => {
    expect(await inspect(Buffer.concat([Buffer.from('X'.repeat(900)), bytes]))).toBe('ok');
    expect(await inspect(Buffer.concat([bytes, Buffer.from(`\r\n${' '.repeat(200)}`), Buffer.alloc(800)]))).toBe('ok');
  });

  it('accepts offsets counted from the start of the file although junk comes before the header', async () => {
    expect(await inspect(byHand({ objects, before: 'junk\n' }))).toBe('ok');
    expect(await inspect(byHand({ objects, before: 'junk\n', offsetBase: 5 }))).toBe('ok');
  });

  it('accepts table entries of 19 bytes, as some writers make them', async () => {
    expect(await inspect(byHand({ objects, entryEnd: '\n' }))).toBe('ok');
  });

  it('accepts updates in any number up to the bound, and a ring of tables', async () => {
    let bytes = byHandBytes;
    for (let n = 0; n < 20; n++) bytes = update(bytes);
    expect(await inspect(bytes)).toBe('ok');
    const text = byHandBytes.toString('latin1');
    const start = /startxref\s+(\d+)/.exec(text)?.[1];
    const ring = text.replace('/Root 1 0 R', `/Root 1 0 R /Prev ${start}`);
    expect(await inspect(ring)).toBe('ok');
  });

  it('accepts a hybrid of table and cross-reference stream', async () => {
    const text = byHandBytes.toString('latin1');
    const at = text.indexOf('xref\n0');
    const stream = '8 0 obj\n<< /Type /XRef /Size 1 /W [1 2 1] /Length 0 >>\nstream\n\nendstream\nendobj\n';
    const hybrid = `${text.slice(0, at)}${stream}${text.slice(at)}`
      .replace('/Root 1 0 R', `/Root 1 0 R /XRefStm ${at}`)
      .replace(/startxref\n\d+/, `startxref\n${at + stream.length}`);
    expect(await inspect(hybrid)).toBe('ok');
    expect(await inspect(hybrid.replace('/Type /XRef', '/Type /XObj'))).toBe('PDF_BAD_STRUCTURE');
  });

  it('reads little of a large one', async () => {
    const large = await makePdf({ text: 'large', pages: 400, minBytes: 18 * 1024 * 1024 });
    const source = bytesSource(large);
    expect(await inspectPdf(source)).toEqual({ kind: 'ok' });
    expect(source.reads).toBeLessThan(12);
    expect(source.bytesRead).toBeLessThan(200_000);
  });

  it('gives up on a table in more pieces than it will read', async () => {
    let table = 'xref\n';
    for (let n = 0; n < 3000; n++) table += `${n * 70} 60\n${'0000000000 00000 f \n'.repeat(60)}`;
    const start = 9;
    const source = bytesSource(
      Buffer.from(`%PDF-1.4\n${table}trailer\n<< /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`, 'latin1'),
    );
    expect(await inspectPdf(source)).toMatchObject({ kind: 'problem', code: 'PDF_BAD_STRUCTURE' });
    expect(source.reads).toBeLessThanOrEqual(200);
  });

  it.each([
    ['nothing', '', 'PDF_EMPTY'],
    ['a Word document renamed', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(5000, 7)]), 'PDF_NOT_PDF'],
    ['text', 'Dear colleague, ', 'PDF_NOT_PDF'],
    ['a header too far inside', Buffer.concat([Buffer.alloc(1100, 32), classic]), 'PDF_NOT_PDF'],
    ['the header alone', '%PDF-1.7\n', 'PDF_TRUNCATED'],
    ['one byte before the end mark', classic.subarray(0, classic.lastIndexOf('%%EOF') + 4), 'PDF_TRUNCATED'],
    ['half of a classic one', classic.subarray(0, classic.length / 2), 'PDF_TRUNCATED'],
    ['half of a modern one', modern.subarray(0, modern.length / 2), 'PDF_TRUNCATED'],
    ['too much junk behind', Buffer.concat([classic, Buffer.alloc(1200, 32)]), 'PDF_TRUNCATED'],
    ['an update cut off', update(byHandBytes).subarray(0, byHandBytes.length + 40), 'PDF_TRUNCATED'],
    [
      'a table whose place is wrong',
      classic.toString('latin1').replace(/startxref\n\d+/, 'startxref\n17'),
      'PDF_BAD_STRUCTURE',
    ],
    [
      'a table beyond the end',
      classic.toString('latin1').replace(/startxref\n\d+/, 'startxref\n99999999'),
      'PDF_BAD_STRUCTURE',
    ],
    [
      'an older table that is not there',
      update(byHandBytes)
        .toString('latin1')
        .replace(/\/Prev \d+/, '/Prev 3'),
      'PDF_BAD_STRUCTURE',
    ],
    ['a trailer that never ends', byHand({ objects, trailer: '/Root 1 0 R /ID [ (' }), 'PDF_BAD_STRUCTURE'],
    ['a table without a trailer', byHand({ objects }).replace('trailer', 'tailer '), 'PDF_BAD_STRUCTURE'],
    ['no /Root', byHand({ objects, trailer: '' }), 'PDF_NO_PAGES_ROOT'],
    ['a catalogue without pages', byHand({ objects: ['<< /Type /Catalog >>', pages] }), 'PDF_NO_PAGES_ROOT'],
    ['a catalogue that was deleted', byHand({ objects, trailer: '/Root 0 0 R' }), 'PDF_NO_PAGES_ROOT'],
    ['a catalogue that the table does not know', byHand({ objects, trailer: '/Root 77 0 R' }), 'PDF_BAD_STRUCTURE'],
    ['a file sent as text', classic.toString('latin1').replaceAll('\n', '\r\n'), 'PDF_BAD_STRUCTURE'],
    ['encrypted, classic', encryptedClassic, 'PDF_ENCRYPTED'],
    ['encrypted, modern', encryptedModern, 'PDF_ENCRYPTED'],
    [
      'encrypted in an older part',
      update(Buffer.from(byHand({ objects, trailer: '/Root 1 0 R /Encrypt 2 0 R' }), 'latin1')),
      'PDF_ENCRYPTED',
    ],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await inspect(bytes)).toBe(code);
  });

  it('accepts what merely mentions encryption', async () => {
    expect(await inspect(byHand({ objects, trailer: '/Root 1 0 R /Encrypt null /Info (/Encrypt 4 0 R \\) >>)' }))).toBe(
      'ok',
    );
  });

  it('says what is wrong and what to do, in our own words', async () => {
    const found = await inspectPdf(bytesSource(encryptedClassic));
    expect(found).toMatchObject({ kind: 'problem', message: expect.stringContaining('without password') });
  });

  it('fails loudly when the source gives less than was asked for', async () => {
    await expect(inspectPdf({ size: 10, read: async () => new Uint8Array(3) })).rejects.toThrow('3 bytes');
  });
});

describe('a PDF dictionary', () => {
  it('is read past strings, arrays, comments, nested dictionaries and escaped names', () => {
    const text =
      '% note\n<</A 12 /B#20C /Na#6De /D(a \\) (b) >>)/E<41 42>/F[1 [2] << /X 1 >> (])]/G 3 0 R/H<</I null>>/J -1.5 /K true%c\n>>';
    expect([...(readDictionary(text, 0) ?? [])]).toEqual([
      ['A', { kind: 'integer', value: 12 }],
      ['B C', { kind: 'name', value: 'Name' }],
      ['D', { kind: 'other' }],
      ['E', { kind: 'other' }],
      ['F', { kind: 'other' }],
      ['G', { kind: 'reference', object: 3 }],
      ['H', { kind: 'dictionary', entries: new Map([['I', { kind: 'null' }]]) }],
      ['J', { kind: 'other' }],
      ['K', { kind: 'other' }],
    ]);
  });

  it.each([
    '',
    '<<',
    '<< /A',
    '<< /A ( >>',
    '<< /A [ >>',
    '<< A 1 >>',
    '<< /A oops >>',
    `${'<< /A '.repeat(40)}1${' >>'.repeat(40)}`,
  ])('is nothing in %j', (text) => {
    expect(readDictionary(text, 0)).toBeUndefined();
  });
});
