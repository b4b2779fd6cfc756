import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { noise, refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

const clock = virtualClock(Date.UTC(2026, 9, 5, 9));
const stale = '"00000000000000000000000000000000"';
let s3: TestS3;
let Bucket: string;
beforeAll(async () => {
  s3 = await startTestS3(clock);
  Bucket = await s3.bucket();
});
afterAll(() => s3.stop());

/** How many of the calls went through, and the errors of the others. */
const race = async (calls: readonly Promise<unknown>[]) => {
  const ends = await Promise.allSettled(calls);
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason?.name)] : []));
  return { won: ends.length - errors.length, errors };
};

describe('a conditional write', () => {
  test('with If-None-Match: * makes an object once', async () => {
    await s3.put(Bucket, 'once', '1', { IfNoneMatch: '*' });
    await refusedWith(s3.put(Bucket, 'once', '2', { IfNoneMatch: '*' }), 'PreconditionFailed', 412);
    expect(await s3.text(Bucket, 'once')).toBe('1');
  });

  test('with If-Match replaces only what the writer has seen', async () => {
    const first = await s3.put(Bucket, 'seen', '1');
    await refusedWith(s3.put(Bucket, 'seen', '2', { IfMatch: stale }), 'PreconditionFailed', 412);
    const second = await s3.put(Bucket, 'seen', '2', { IfMatch: first.ETag });
    await refusedWith(s3.put(Bucket, 'seen', '3', { IfMatch: first.ETag }), 'PreconditionFailed', 412);
    expect((await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'seen' }))).ETag).toBe(second.ETag);
    await refusedWith(s3.put(Bucket, 'never', '1', { IfMatch: first.ETag }), 'NoSuchKey', 404);
  });

  test('that races with others on one key: exactly one wins', async () => {
    const contents = Array.from({ length: 12 }, (_, i) => noise(200_000 + i, i + 1));
    const creating = await race(contents.map((body) => s3.put(Bucket, 'raced', body, { IfNoneMatch: '*' })));
    expect(creating).toEqual({ won: 1, errors: Array(11).fill('PreconditionFailed') });
    const { ETag = '' } = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'raced' }));
    // Other contents: the same bytes again would have the same entity tag, and so hide the winner from the next.
    const others = contents.map((_, i) => noise(150_000 + i, i + 100));
    const replacing = await race(others.map((body) => s3.put(Bucket, 'raced', body, { IfMatch: ETag })));
    expect(replacing).toMatchObject({ won: 1, errors: Array(11).fill('PreconditionFailed') });
    await expect.poll(async () => (await s3.files()).incoming).toEqual([]);
  });

  test('sees no object where a delete marker lies on top', async () => {
    const versioned = await s3.versioned(await s3.bucket());
    const { ETag = '' } = await s3.put(versioned, 'k', '1');
    await s3.client.send(new DeleteObjectCommand({ Bucket: versioned, Key: 'k' }));
    await refusedWith(s3.put(versioned, 'k', '2', { IfMatch: ETag }), 'NoSuchKey', 404);
    await s3.put(versioned, 'k', '2', { IfNoneMatch: '*' });
    expect(await s3.text(versioned, 'k')).toBe('2');
  });

  test('may complete a multipart upload; refused, it leaves the upload as it was', async () => {
    await s3.put(Bucket, 'multi', 'there');
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'multi' }));
    const upload = { Bucket, Key: 'multi', UploadId };
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'parts' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = (IfNoneMatch?: string) =>
      s3.client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, ...(IfNoneMatch ? { IfNoneMatch } : {}) }),
      );
    await refusedWith(complete('*'), 'PreconditionFailed', 412);
    expect((await s3.client.send(new ListPartsCommand(upload))).Parts).toHaveLength(1);
    await complete();
    expect(await s3.text(Bucket, 'multi')).toBe('parts');
  });

  test('may be a copy', async () => {
    const CopySource = `${Bucket}/once`;
    const copy = (IfNoneMatch: string) =>
      s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, IfNoneMatch }));
    await copy('*');
    await refusedWith(copy('*'), 'PreconditionFailed', 412);
  });
});

describe('a conditional deletion', () => {
  const remove = (Key: string, IfMatch: string) => s3.client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch }));

  test('with If-Match removes only what the caller has seen', async () => {
    const { ETag = '' } = await s3.put(Bucket, 'drop', '1');
    await refusedWith(remove('drop', stale), 'PreconditionFailed', 412);
    expect(await s3.text(Bucket, 'drop')).toBe('1');
    await remove('drop', ETag);
    await refusedWith(s3.text(Bucket, 'drop'), 'NoSuchKey', 404);
  });

  test('with If-Match: * needs an object to be there', async () => {
    await refusedWith(remove('never there', '*'), 'NoSuchKey', 404);
    await s3.put(Bucket, 'any', '1');
    await remove('any', '*');
    await refusedWith(s3.text(Bucket, 'any'), 'NoSuchKey', 404);
  });
});

describe('a conditional read', () => {
  const get = (more: object) => s3.client.send(new GetObjectCommand({ Bucket, Key: 'read', ...more }));
  let ETag = '';
  beforeAll(async () => {
    ETag = (await s3.put(Bucket, 'read', '1')).ETag ?? '';
  });

  test('with the known entity tag is 304, with another the object', async () => {
    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect((await get({ IfNoneMatch: stale })).ETag).toBe(ETag);
  });

  test('with If-Match on another entity tag is 412', async () => {
    await refusedWith(get({ IfMatch: stale }), 'PreconditionFailed', 412);
    expect((await get({ IfMatch: ETag })).ETag).toBe(ETag);
  });

  test('asks by time, to the second', async () => {
    const at = new Date(clock.now());
    const earlier = new Date(clock.now() - 1000);
    await expect(get({ IfModifiedSince: at })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect((await get({ IfModifiedSince: earlier })).ETag).toBe(ETag);
    expect((await get({ IfUnmodifiedSince: at })).ETag).toBe(ETag);
    await refusedWith(get({ IfUnmodifiedSince: earlier }), 'PreconditionFailed', 412);
  });
});
