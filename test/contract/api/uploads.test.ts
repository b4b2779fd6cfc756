import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sha256Of } from '../../../local/samples/variants.ts';
import { uploadAnswer } from '../../../shared/api/schemas.ts';
import { type ApiRig, createApiRig, maxInlineBytes, maxPdfBytes } from './support.ts';

let rig: ApiRig;
beforeAll(async () => {
  rig = await createApiRig();
});
afterAll(() => rig.close());

type Form = z.infer<typeof uploadAnswer>;

const ask = (pdf: Buffer, odsCode = 'RX1') =>
  rig.call({ path: '/v1/uploads', body: { size: pdf.length, sha256: sha256Of(pdf) }, odsCode });

const formFor = async (pdf: Buffer, odsCode?: string): Promise<Form> => {
  const response = await ask(pdf, odsCode);
  expect(response.status).toBe(201);
  return uploadAnswer.parse(response.body);
};

/** As any HTTP client does it: the fields as given, the file last. */
const post = async ({ url, fields }: Form, file: Uint8Array, other: Readonly<Record<string, string>> = {}) => {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...other })) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)], { type: 'application/pdf' }), 'report.pdf');
  return (await fetch(url, { method: 'POST', body: form })).status;
};

const submitUpload = (manifest: object, uploadId: string, odsCode = 'RX1') =>
  rig.call({
    path: '/v1/documents',
    body: { manifest, upload: { uploadId } },
    headers: { 'X-Request-ID': randomUUID() },
    odsCode,
  });

describe('an upload', () => {
  it('takes a PDF that is too large for a request, and is submitted by its id', async () => {
    const made = await rig.make({}, 'Report', maxInlineBytes * 3);
    const form = await formFor(made.pdf);
    expect(Date.parse(form.expiresAt) - rig.clock.now()).toBeLessThanOrEqual(900_000);
    expect(await post(form, made.pdf)).toBe(201);
    const { documentId } = rig.accepted(await submitUpload(made.manifest, form.uploadId));
    await rig.takeEvents();
    const record = await rig.record(documentId);
    expect(record?.compositions[0]?.stored).toBeDefined();
    expect(record?.compositions[0]?.source.pdf.sha256).toBe(sha256Of(made.pdf));
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
  });

  it('is named in the stored manifest by its digest, even where the caller left that out', async () => {
    const made = await rig.make({ pdf: undefined });
    const form = await formFor(made.pdf);
    await post(form, made.pdf);
    const { documentId } = rig.accepted(await submitUpload(made.manifest, form.uploadId));
    await rig.takeEvents();
    expect((await rig.record(documentId))?.compositions[0]?.stored).toBeDefined();
  });

  it('can be submitted again, as the same document', async () => {
    const made = await rig.make();
    const form = await formFor(made.pdf);
    await post(form, made.pdf);
    const first = rig.accepted(await submitUpload(made.manifest, form.uploadId));
    expect(rig.accepted(await rig.submit(made)).documentId).toBe(first.documentId);
    await rig.takeEvents();
    expect(rig.accepted(await submitUpload(made.manifest, form.uploadId))).toMatchObject({
      documentId: first.documentId,
      state: 'COMPOSED',
    });
  });

  it('holds what is posted to its key, type, length and content', async () => {
    const { pdf } = await rig.make();
    const other = Buffer.from(pdf);
    other.writeUInt8(other.readUInt8(100) ^ 1, 100);
    const form = await formFor(pdf);
    expect(form.fields.key).toBe(`uploads/RX1/${form.uploadId}.pdf`);
    expect(await post(form, other)).toBe(400);
    expect(await post(form, Buffer.concat([pdf, pdf]))).toBe(400);
    expect(await post(form, pdf.subarray(1))).toBe(400);
    expect(await post(form, pdf, { key: 'inbox/RX1/x.pdf' })).toBe(403);
    expect(await post(form, pdf, { key: `uploads/RX2/${form.uploadId}.pdf` })).toBe(403);
    expect(await post(form, pdf, { 'Content-Type': 'text/html' })).toBe(403);
    expect(
      await post(form, pdf, { 'x-amz-checksum-sha256': Buffer.from(sha256Of(other), 'hex').toString('base64') }),
    ).toBe(403);
    expect(await rig.keys(rig.drops, `uploads/RX1/${form.uploadId}`)).toEqual([]);
    expect(await post(form, pdf)).toBe(201);
  });

  it('cannot be posted once its form has expired', async () => {
    const { pdf } = await rig.make();
    const form = await formFor(pdf);
    rig.clock.leap(901_000);
    expect(await post(form, pdf)).toBe(403);
  });

  it('is unknown to another organisation', async () => {
    const made = await rig.make();
    const form = await formFor(made.pdf, 'RX10');
    await post(form, made.pdf);
    const refused = await submitUpload(made.manifest, form.uploadId);
    expect(refused.status).toBe(422);
    expect(rig.issues(refused)).toMatchObject([{ code: 'UPLOAD_NOT_FOUND', expression: ['upload.uploadId'] }]);
  });

  it('is looked at like any PDF: all that is wrong is told with what is wrong with the manifest', async () => {
    const pdf = Buffer.from('not a PDF at all');
    const { manifest } = await rig.make({ patient: { nhsNumberStatus: '02' } });
    const form = await formFor(pdf);
    await post(form, pdf);
    const refused = await submitUpload(manifest, form.uploadId);
    expect(rig.issues(refused).map(({ code }) => code)).toEqual([
      'NHS_NUMBER_NOT_VERIFIED',
      'PDF_NOT_PDF',
      'PDF_DIGEST_DIFFERS',
    ]);
  });

  it('without a checksum of storage is read for its digest', async () => {
    const made = await rig.make();
    const uploadId = randomUUID();
    await rig.drops.put(`uploads/RX1/${uploadId}.pdf`, made.pdf);
    expect((await submitUpload(made.manifest, uploadId)).status).toBe(202);
    await rig.takeEvents();
  });
});

describe('asking for an upload', () => {
  it('is refused where the PDF is longer than any that is sent', async () => {
    const response = await rig.call({ path: '/v1/uploads', body: { size: maxPdfBytes + 1, sha256: 'a'.repeat(64) } });
    expect(response.status).toBe(413);
    expect(rig.issues(response)).toMatchObject([{ code: 'UPLOAD_TOO_LARGE', expression: ['size'] }]);
  });

  it('tells that together with what else is wrong', async () => {
    const response = await rig.call({ path: '/v1/uploads', body: { size: maxPdfBytes + 1, sha256: 'x', name: 'x' } });
    expect(response.status).toBe(413);
    expect(rig.issues(response).map(({ code, expression }) => [code, expression])).toEqual([
      ['UPLOAD_TOO_LARGE', ['size']],
      ['FIELD_NOT_ALLOWED', ['sha256']],
      ['FIELD_UNKNOWN', ['name']],
    ]);
  });

  it('tells every problem of its body at once', async () => {
    const response = await rig.call({ path: '/v1/uploads', body: { size: 0, sha256: 'A'.repeat(64), name: 'x' } });
    expect(response.status).toBe(422);
    expect(rig.issues(response)).toEqual([
      { code: 'FIELD_NOT_ALLOWED', issue: 'value', expression: ['size'] },
      { code: 'FIELD_NOT_ALLOWED', issue: 'value', expression: ['sha256'] },
      { code: 'FIELD_UNKNOWN', issue: 'structure', expression: ['name'] },
    ]);
    expect(rig.issues(await rig.call({ path: '/v1/uploads', body: {} })).map(({ code }) => code)).toEqual([
      'FIELD_MISSING',
      'FIELD_MISSING',
    ]);
    expect(z.string().parse((await rig.call({ path: '/v1/uploads', body: '{' })).text)).toContain('BODY_NOT_JSON');
  });
});
