import { describe, expect, it } from 'vitest';
import { readSubmission } from '../../../../shared/api/read-submission.ts';

const context = { now: Date.UTC(2026, 2, 18), odsCode: 'RX1', maxInlineBytes: 6 };
const read = (body: unknown) => readSubmission(Buffer.from(JSON.stringify(body)), context);
const codesOf = (body: unknown) => read(body).problems.map(({ issue }) => issue.details.coding[0]?.code);

describe('the PDF of a submission', () => {
  it.each([4, 5, 6])('of %i bytes is small enough for six', (length) => {
    const base64 = Buffer.alloc(length, 1).toString('base64');
    expect(read({ manifest: {}, pdf: { base64 } }).pdf).toEqual({ kind: 'inline', bytes: Buffer.alloc(length, 1) });
  });

  it.each([7, 8, 9])('of %i bytes is too large for six', (length) => {
    const base64 = Buffer.alloc(length, 1).toString('base64');
    expect(codesOf({ manifest: {}, pdf: { base64 } })).toContain('INLINE_PDF_TOO_LARGE');
    expect(read({ manifest: {}, pdf: { base64 } }).pdf).toBeUndefined();
  });

  it.each(['A', 'AA', 'AAA', 'AAAA=', 'AA==AA', 'A A=', 'AB==', '===='])('is not %s, which is not base64', (base64) => {
    expect(codesOf({ manifest: {}, pdf: { base64 } })).toContain('BASE64_NOT_VALID');
  });

  it('may be named in any letters, for UUIDs are the same in both', () => {
    const uploadId = '6E0F5A54-8F0C-4C11-9A3B-0C9F6D1C2B3A';
    expect(read({ manifest: {}, upload: { uploadId } }).pdf).toEqual({
      kind: 'upload',
      uploadId: uploadId.toLowerCase(),
    });
  });
});

describe('a submission’s body', () => {
  it('of fields named like an object’s own is read as it stands', () => {
    const body = '{"manifest":{"__proto__":{"version":1},"constructor":1},"__proto__":1,"pdf":{"base64":"AAAA"}}';
    const { problems } = readSubmission(Buffer.from(body), context);
    const paths = problems.flatMap(({ issue }) => issue.expression ?? []);
    expect(paths).toContain('manifest.constructor');
    expect(paths.filter((path) => path.endsWith('__proto__')).length).toBeGreaterThan(0);
  });

  it('that is nested without end is refused, not followed', () => {
    const { problems } = readSubmission(Buffer.from(`{"manifest":${'['.repeat(50_000)}`), context);
    expect(problems.map(({ status }) => status)).toEqual([400]);
  });

  it('never has its keys quoted where they could be anything', () => {
    const text = JSON.stringify(read({ manifest: { 'Fernández 9691375087': 1 }, 'Fernández 9691375087': 1 }).problems);
    expect(text).not.toContain('9691375087');
    expect(text).not.toContain('Fern');
  });
});
