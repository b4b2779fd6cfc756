import { beforeAll, describe, expect, it } from 'vitest';
import { makePdf } from '../../../../../local/samples/variants.ts';
import { attachmentTypes } from '../../../../../shared/itk3/attachment-types.ts';
import { inspectAttachment } from '../../../../../shared/submission/attachments/inspect-attachment.ts';
import { compoundFileWith, files, zipOf } from '../../../../support/attachments.ts';
import { bytesSource } from '../pdf-support.ts';

const inspect = async (contentType: string, bytes: Uint8Array) =>
  (await inspectAttachment(bytesSource(bytes), contentType, 'attachments[2]'))?.code;
const text = (words: string) => Buffer.from(words, 'utf8');
const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

let pdf: Buffer;
beforeAll(async () => {
  pdf = await makePdf({ text: 'A letter' });
});

describe('what is in an attachment', () => {
  it('is taken for each approved type when it is what the manifest says', async () => {
    const samples: Readonly<Record<string, Uint8Array>> = { ...files, 'application/pdf': pdf };
    for (const { mediaType, alsoKnownAs } of attachmentTypes) {
      const bytes = samples[mediaType];
      if (!bytes) throw new Error(`no sample of ${mediaType}`);
      for (const name of [mediaType, ...alsoKnownAs, mediaType.toUpperCase()]) {
        expect(`${name} ${await inspect(name, bytes)}`).toBe(`${name} undefined`);
      }
    }
  });

  it('is refused as any other approved type, except that markup is text too', async () => {
    const samples = Object.entries<Uint8Array>({ ...files, 'application/pdf': pdf });
    for (const [actual, bytes] of samples) {
      for (const { mediaType, content } of attachmentTypes) {
        const also = content === 'text' && ['text/html', 'text/xml'].includes(actual);
        if (mediaType === actual || also) continue;
        const code = await inspect(mediaType, bytes);
        const expected = content === 'pdf' && actual.startsWith('text/') ? 'PDF_NOT_PDF' : 'ATTACHMENT_NOT_ITS_TYPE';
        expect(`${actual} as ${mediaType}: ${code}`).toBe(`${actual} as ${mediaType}: ${expected}`);
      }
    }
  });

  it('says what it is instead, and where the manifest says otherwise', async () => {
    const problem = await inspectAttachment(bytesSource(pdf), 'image/png', 'attachments[2]');
    expect(problem).toMatchObject({ path: 'attachments[2].contentType', code: 'ATTACHMENT_NOT_ITS_TYPE' });
    expect(problem?.message).toContain('it is a PDF');
  });

  it.each([
    ['a Windows program', Buffer.from(`4d5a900003000000${'00'.repeat(60)}`, 'hex')],
    ['a Linux program', Buffer.from('7f454c46020101', 'hex')],
    ['a Java class', Buffer.from('cafebabe00000034', 'hex')],
    ['a shell script', text('#!/bin/sh\nrm -r /\n')],
    ['a shortcut', Buffer.from('4c0000000114020000000000c000', 'hex')],
  ])('is refused as %s under whatever type', async (_, bytes) => {
    for (const { mediaType } of attachmentTypes) {
      expect(`${mediaType} ${await inspect(mediaType, bytes)}`).toBe(`${mediaType} ATTACHMENT_EXECUTABLE`);
    }
  });

  it('is refused with macros in a Word file that should have none', async () => {
    const withMacros = zipOf({
      '[Content_Types].xml': '<Types/>',
      'word/document.xml': '<w/>',
      'word/vbaProject.bin': 'x',
    });
    expect(await inspect(docx, withMacros)).toBe('ATTACHMENT_EXECUTABLE');
  });

  it.each([
    ['nothing at all', 'text/plain', Buffer.alloc(0), 'ATTACHMENT_EMPTY'],
    [
      'a workbook as .docx',
      docx,
      zipOf({ '[Content_Types].xml': '', 'xl/workbook.xml': '' }),
      'ATTACHMENT_NOT_ITS_TYPE',
    ],
    ['a workbook as .doc', 'application/msword', compoundFileWith('Workbook'), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['a .docx cut off', docx, files[docx].subarray(0, 90), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['a .doc cut off', 'application/msword', files['application/msword'].subarray(0, 600), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['text in Windows-1252', 'text/plain', Buffer.from('na\xefve', 'latin1'), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['text with a NUL', 'text/plain', text('a\0b'), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['text in UTF-16', 'text/plain', Buffer.from('hello', 'utf16le'), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['text cut in the middle of a character', 'text/plain', text('é').subarray(0, 1), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['words as HTML', 'text/html', text('Seen and advised'), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['words as XML', 'text/xml', text('Seen and advised'), 'ATTACHMENT_NOT_ITS_TYPE'],
    ['a GIF as PNG', 'image/png', text('GIF89a'), 'ATTACHMENT_NOT_ITS_TYPE'],
  ])('is refused as %s', async (_, contentType, bytes, code) => {
    expect(await inspect(contentType, bytes)).toBe(code);
  });

  it('is held to the same as the report where it is a PDF', async () => {
    expect(await inspect('application/pdf', pdf.subarray(0, 300))).toBe('PDF_TRUNCATED');
    expect(await inspect('application/pdf', text('%PDF-1.7 but no more'))).toBe('PDF_TRUNCATED');
  });

  it('is found wrong far into a long text, read a piece at a time', async () => {
    const long = Buffer.alloc(3 << 20, 'é');
    const source = bytesSource(long);
    expect(await inspectAttachment(source, 'text/plain', 'attachments[0]')).toBeUndefined();
    expect(source.reads).toBeGreaterThan(2);
    long[(2 << 20) + 7] = 0;
    expect(await inspect('text/plain', long)).toBe('ATTACHMENT_NOT_ITS_TYPE');
  });
});
