import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../../../local/samples/variants.ts';
import { uploadAnswer } from '../../../shared/api/schemas.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import { stateOf } from '../../../shared/delivery/state-of.ts';
import { files, named } from '../../support/attachments.ts';
import { type ApiRig, createApiRig, maxInlineBytes } from './support.ts';

let rig: ApiRig;
beforeAll(async () => {
  rig = await createApiRig();
});
afterAll(() => rig.close());

const png = files['image/png'];
const text = files['text/plain'];
const inline = (name: string, bytes: Uint8Array) => ({ name, base64: Buffer.from(bytes).toString('base64') });

const submit = (made: { manifest: object; base64: string }, attachments: readonly object[] | undefined) =>
  rig.call({
    path: '/v1/documents',
    body: { manifest: made.manifest, pdf: { base64: made.base64 }, ...(attachments ? { attachments } : {}) },
    headers: { 'X-Request-ID': randomUUID() },
  });

/** Uploads a file as an attachment of this type, and gives the upload's id. */
const upload = async (bytes: Uint8Array, contentType: string): Promise<string> => {
  const response = await rig.call({
    path: '/v1/uploads',
    body: { size: bytes.length, sha256: sha256Of(bytes), contentType },
  });
  const { uploadId, url, fields } = uploadAnswer.parse(response.body);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(bytes)], { type: contentType }), 'file');
  expect((await fetch(url, { method: 'POST', body: form })).status).toBe(201);
  return uploadId;
};

describe('attachments of a submission', () => {
  it('go the way of a drop with it, inside the request and uploaded, and are composed (GPCM-SD-088)', async () => {
    const letter = await rig.make({}, 'A letter');
    const made = await rig.make({
      attachments: [
        named('notes.txt', text, 'text/plain'),
        named('scan.png', png),
        named('letter.pdf', letter.pdf, 'application/pdf'),
      ],
    });
    const response = await submit(made, [
      { name: 'scan.png', uploadId: await upload(png, 'image/png') },
      inline('notes.txt', text),
      { name: 'letter.pdf', uploadId: await upload(letter.pdf, 'application/pdf') },
    ]);
    expect(response.status).toBe(202);
    const { documentId } = rig.accepted(response);
    await rig.takeEvents();
    const record = await rig.record(documentId);
    if (!record) throw new Error('no record');
    expect(stateOf(record)).toBe('COMPOSED');
    expect(currentComposition(record).source.attachments?.map(({ name }) => name)).toEqual([
      'notes.txt',
      'scan.png',
      'letter.pdf',
    ]);
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
  });

  it('are told with all that is wrong with them, at once, and then nothing is stored', async () => {
    const made = await rig.make({
      patient: { birthDate: '2999-01-01' },
      attachments: [
        named('notes.txt', text, 'text/plain'),
        named('scan.png', text),
        named('photo.png', png),
        named('other.png', png),
        named('late.png', png),
      ],
    });
    const response = await submit(made, [
      inline('scan.png', text),
      inline('photo.png', text),
      inline('unknown.png', png),
      { name: 'other.png' },
      { name: 'late.png', uploadId: randomUUID() },
      { ...inline('notes.txt', text), uploadId: randomUUID() },
    ]);
    expect(response.status).toBe(422);
    expect(
      rig
        .issues(response)
        .map(({ code, expression }) => `${expression?.join()} ${code}`)
        .filter((line) => line.includes('ttachments') || line.includes('birthDate')),
    ).toEqual(
      expect.arrayContaining([
        'attachments[3] ATTACHMENT_BASE64_OR_UPLOAD',
        'attachments[5] ATTACHMENT_BASE64_OR_UPLOAD',
        'manifest.patient.birthDate BIRTH_DATE_IN_FUTURE',
        'attachments[2].name ATTACHMENT_NOT_IN_MANIFEST',
        'manifest.attachments[1].contentType ATTACHMENT_NOT_ITS_TYPE',
        'manifest.attachments[2].sha256 ATTACHMENT_DIGEST_DIFFERS',
        'attachments[4].uploadId UPLOAD_NOT_FOUND',
      ]),
    );
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
  });

  it('that the manifest names must come with it', async () => {
    const made = await rig.make({ attachments: [named('scan.png', png)] });
    const response = await submit(made, undefined);
    expect(rig.issues(response)).toMatchObject([
      { code: 'ATTACHMENT_FILE_MISSING', expression: ['manifest.attachments[0]'] },
    ]);
  });

  it('count with the PDF against what a request may hold, and against what the sender may send', async () => {
    const large = Buffer.alloc(maxInlineBytes, 'text ');
    const made = await rig.make({ attachments: [named('large.txt', large, 'text/plain')] });
    expect(rig.issues(await submit(made, [inline('large.txt', large)]))).toMatchObject([
      { code: 'INLINE_PDF_TOO_LARGE', expression: ['attachments[0].base64'] },
    ]);
    const huge = Buffer.alloc(4_000_000, 'text ');
    const other = await rig.make({ attachments: [named('huge.txt', huge, 'text/plain')] });
    const refused = await submit(other, [{ name: 'huge.txt', uploadId: await upload(huge, 'text/plain') }]);
    expect(rig.issues(refused)).toMatchObject([{ code: 'MESSAGE_TOO_LARGE', issue: 'too-long' }]);
  });

  it('that are others make it other content', async () => {
    const made = await rig.make({ attachments: [named('scan.png', png)] });
    rig.accepted(await submit(made, [inline('scan.png', png)]));
    const other = { ...made, manifest: { ...made.manifest, attachments: [named('notes.txt', text, 'text/plain')] } };
    const refused = await submit(other, [inline('notes.txt', text)]);
    expect(refused.status).toBe(409);
  });
});
