import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { bytes, md5, noise, refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

const fiveMiB = 5 << 20;
let s3: TestS3;
let Bucket: string;
beforeAll(async () => {
  s3 = await startTestS3(virtualClock(Date.UTC(2026, 9, 5, 9)));
  Bucket = await s3.bucket();
});
afterAll(() => s3.stop());

const begin = async (Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}) => {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  const upload = { Bucket, Key, UploadId };
  return {
    upload,
    part: async (PartNumber: number, Body: string | Buffer) => ({
      PartNumber,
      ETag: (await s3.client.send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag,
    }),
    complete: (Parts: { PartNumber: number; ETag: string | undefined }[], more: object = {}) =>
      s3.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more })),
    parts: (more: object = {}) => s3.client.send(new ListPartsCommand({ ...upload, ...more })),
    abort: () => s3.client.send(new AbortMultipartUploadCommand(upload)),
  };
};

describe('a multipart upload', () => {
  test('by the SDK of a stream of unknown length is one object, of as many parts as its entity tag says', async () => {
    const body = noise(12 << 20, 4);
    const upload = new Upload({
      client: s3.client,
      params: { Bucket, Key: 'mp', Body: Readable.from([body]), Metadata: { a: 'b' }, ContentType: 'application/pdf' },
      partSize: fiveMiB,
    });
    expect((await upload.done()).ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'mp', ChecksumMode: 'ENABLED' }));
    expect(found).toMatchObject({ Metadata: { a: 'b' }, ContentType: 'application/pdf', ChecksumType: 'COMPOSITE' });
    expect(found.ChecksumCRC32).toMatch(/-3$/);
    expect(md5(await bytes(found))).toBe(md5(body));
  });

  test('leaves only the object on disk when it is complete', async () => {
    const before = (await s3.files()).bodies.length;
    const { part, complete } = await begin('tidy');
    const parts = [await part(1, noise(fiveMiB)), await part(2, 'end')];
    await complete(parts);
    await expect.poll(async () => (await s3.files()).bodies.length).toBe(before + 1);
  });

  test('gives each part by its number', async () => {
    const { part, complete } = await begin('numbered');
    await complete([await part(1, noise(fiveMiB)), await part(7, 'the end')]);
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'numbered', PartNumber: 2 }));
    expect((await bytes(found)).toString()).toBe('the end');
    expect(found.PartsCount).toBe(2);
  });

  test('takes the last of two parts with one number', async () => {
    const { part, complete } = await begin('again');
    const first = await part(1, 'first');
    const second = await part(1, 'second');
    await refusedWith(complete([first]), 'InvalidPart', 400);
    await complete([second]);
    expect(await s3.text(Bucket, 'again')).toBe('second');
  });

  test('may carry one checksum of the whole object, which is verified', async () => {
    const { part, complete } = await begin('full', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const parts = [await part(1, 'hello')];
    await refusedWith(complete(parts, { ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' }), 'BadDigest', 400);
    await complete(parts, { ChecksumCRC32: 'NhCmhg==', ChecksumType: 'FULL_OBJECT' });
    const found = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'full', ChecksumMode: 'ENABLED' }));
    expect(found).toMatchObject({ ChecksumCRC32: 'NhCmhg==', ChecksumType: 'FULL_OBJECT' });
  });

  test('lists its parts page by page', async () => {
    const { part, parts } = await begin('parts');
    for (const number of [1, 2, 3]) await part(number, `part ${number}`);
    const first = await parts({ MaxParts: 2 });
    expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 6],
      [2, 6],
    ]);
    expect(first.IsTruncated).toBe(true);
    const second = await parts({ PartNumberMarker: first.NextPartNumberMarker });
    expect(second.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3]);
    expect(second.IsTruncated).toBe(false);
  });

  test('is listed while it is under way, page by page, and gone with its parts once aborted', async () => {
    const bucket = await s3.bucket();
    const ids: string[] = [];
    for (const Key of ['b', 'a', 'c']) {
      const { UploadId = '' } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
      ids.push(UploadId);
    }
    const list = (more: object = {}) => s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...more }));
    expect((await list()).Uploads?.map(({ Key }) => Key)).toEqual(['a', 'b', 'c']);
    const first = await list({ MaxUploads: 2 });
    const second = await list({ KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker });
    expect(second.Uploads?.map(({ Key }) => Key)).toEqual(['c']);

    const before = (await s3.files()).bodies.length;
    const abandoned = await begin('abandoned');
    await abandoned.part(1, 'x');
    await abandoned.abort();
    await refusedWith(abandoned.parts(), 'NoSuchUpload', 404);
    await refusedWith(abandoned.part(2, 'y'), 'NoSuchUpload', 404);
    await expect.poll(async () => (await s3.files()).bodies.length).toBe(before);
  });

  test('refuses small parts before the last, unknown parts and parts out of order', async () => {
    const { part, complete } = await begin('small');
    const one = await part(1, 'x');
    const two = await part(2, 'y');
    await refusedWith(complete([one, two]), 'EntityTooSmall', 400);
    await refusedWith(complete([two, one]), 'InvalidPartOrder', 400);
    await refusedWith(complete([one, { ...two, PartNumber: 3 }]), 'InvalidPart', 400);
    await refusedWith(complete([{ ...one, ETag: two.ETag }]), 'InvalidPart', 400);
  });

  test('completed twice at the same time makes one object', async () => {
    const { part, complete } = await begin('twice');
    const parts = [await part(1, noise(fiveMiB)), await part(2, 'end')];
    const ends = await Promise.allSettled([complete(parts), complete(parts)]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('takes parts out of stored objects', async () => {
    await s3.put(Bucket, 'digits', '0123456789');
    const { upload, complete } = await begin('from others');
    const copy = (PartNumber: number, CopySourceRange?: string) =>
      s3.client.send(
        new UploadPartCopyCommand({
          ...upload,
          PartNumber,
          CopySource: `${Bucket}/digits`,
          ...(CopySourceRange ? { CopySourceRange } : {}),
        }),
      );
    const { CopyPartResult } = await copy(1, 'bytes=0-4');
    await complete([{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
    expect(await s3.text(Bucket, 'from others')).toBe('01234');
  });
});
