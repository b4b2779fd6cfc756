import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { bytes, md5, noise, refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

const clock = virtualClock(Date.UTC(2026, 9, 5, 9, 30, 15, 250));
let s3: TestS3;
let Bucket: string;
beforeAll(async () => {
  s3 = await startTestS3(clock);
  Bucket = await s3.bucket();
});
afterAll(() => s3.stop());

const head = (Key: string) => s3.client.send(new HeadObjectCommand({ Bucket, Key }));

describe('an object', () => {
  test('comes back byte for byte, with its type, its MD5 as entity tag and the time of the clock', async () => {
    const body = noise(1000);
    const put = await s3.put(Bucket, 'a.pdf', body, { ContentType: 'application/pdf' });
    expect(put.ETag).toBe(`"${md5(body)}"`);
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'a.pdf' }));
    expect(found).toMatchObject({ ContentType: 'application/pdf', ContentLength: 1000, ETag: put.ETag });
    expect(found.LastModified).toEqual(new Date('2026-10-05T09:30:15Z'));
    expect((await bytes(found)).equals(body)).toBe(true);
  });

  test('may be empty', async () => {
    await s3.put(Bucket, 'empty', Buffer.alloc(0));
    expect(await s3.text(Bucket, 'empty')).toBe('');
  });

  test('sent as a stream is stored without the framing of the aws-chunked encoding', async () => {
    const body = noise(5 << 20, 2);
    const stream = Readable.from([body.subarray(0, 1 << 20), body.subarray(1 << 20)]);
    await s3.put(Bucket, 'stream', stream, { ContentLength: body.length });
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'stream' }));
    expect(md5(await bytes(found))).toBe(md5(body));
  });

  test('keeps metadata, disposition, caching, language, encoding and storage class', async () => {
    const described = {
      Metadata: { 'document-kind': 'letter', note: 'letter one' },
      ContentDisposition: 'attachment; filename="a.pdf"',
      CacheControl: 'no-store',
      ContentLanguage: 'en',
      ContentEncoding: 'gzip',
      StorageClass: 'STANDARD_IA',
    } as const;
    await s3.put(Bucket, 'described', Readable.from([Buffer.from('x')]), { ...described, ContentLength: 1 });
    const found = await head('described');
    expect(found).toMatchObject(described);
    expect(found.LastModified).toBeInstanceOf(Date);
  });

  test('may have any key: spaces, percent signs, other scripts, quotes, empty segments, a slash at the end', async () => {
    const keys = ['in box/a+b c%20d.pdf', 'é/日本😀.pdf', "quote'(1)!*.pdf", 'a//b', 'dir/', 'co', 'co/x', '&<>"'];
    for (const key of keys) await s3.put(Bucket, key, key);
    for (const key of keys) expect(await s3.text(Bucket, key)).toBe(key);
  });

  test('has a key of at most 1024 bytes', async () => {
    await refusedWith(s3.put(Bucket, 'é'.repeat(513), 'x'), 'KeyTooLongError', 400);
  });

  test('that is not there is NoSuchKey to GET and a bare 404 to HEAD; a bucket that is not there is NoSuchBucket', async () => {
    await refusedWith(head('nope'), 'NotFound', 404);
    await refusedWith(s3.text(Bucket, 'nope'), 'NoSuchKey', 404);
    await refusedWith(s3.text('no-such-bucket', 'nope'), 'NoSuchBucket', 404);
    await refusedWith(s3.put('no-such-bucket', 'nope', 'x'), 'NoSuchBucket', 404);
  });

  test('tells its size, entity tag and checksum as attributes', async () => {
    await s3.put(Bucket, 'attributes', '0123456789');
    const ObjectAttributes = ['ObjectSize', 'ETag', 'Checksum', 'StorageClass'] as const;
    const input = { Bucket, Key: 'attributes', ObjectAttributes: [...ObjectAttributes] };
    const found = await s3.client.send(new GetObjectAttributesCommand(input));
    expect(found).toMatchObject({
      ObjectSize: 10,
      ETag: md5(Buffer.from('0123456789')),
      Checksum: { ChecksumCRC32: 'poTHxg==' },
      StorageClass: 'STANDARD',
    });
  });
});

describe('a range', () => {
  const get = async (Range: string) => {
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
    return { text: (await bytes(found)).toString(), range: found.ContentRange, status: found.$metadata.httpStatusCode };
  };
  beforeAll(() => s3.put(Bucket, 'digits', '0123456789'));

  test('is sent as 206 with where it lies', async () => {
    expect(await get('bytes=2-5')).toEqual({ text: '2345', range: 'bytes 2-5/10', status: 206 });
    expect(await get('bytes=7-')).toEqual({ text: '789', range: 'bytes 7-9/10', status: 206 });
    expect(await get('bytes=-3')).toEqual({ text: '789', range: 'bytes 7-9/10', status: 206 });
    expect(await get('bytes=8-100')).toEqual({ text: '89', range: 'bytes 8-9/10', status: 206 });
  });

  test('past the end is 416, and one that makes no sense is passed over', async () => {
    await refusedWith(get('bytes=50-60'), 'InvalidRange', 416);
    expect((await get('bytes=5-2')).text).toBe('0123456789');
  });
});

describe('a checksum', () => {
  const elements = {
    CRC32: 'ChecksumCRC32',
    CRC32C: 'ChecksumCRC32C',
    CRC64NVME: 'ChecksumCRC64NVME',
    SHA1: 'ChecksumSHA1',
    SHA256: 'ChecksumSHA256',
  } as const;

  test.each(Object.entries(elements))(
    '%s is verified, kept and given back, for bytes and for a stream',
    async (name, element) => {
      const algorithm = ChecksumAlgorithm[name as keyof typeof elements];
      const body = noise(100_001, 3);
      const stream = Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]);
      const whole = await s3.put(Bucket, `sum/${name}`, body, { ChecksumAlgorithm: algorithm });
      const streamed = await s3.put(Bucket, `sum/${name}/stream`, stream, {
        ChecksumAlgorithm: algorithm,
        ContentLength: body.length,
      });
      expect(whole[element]).toMatch(/=*$/);
      expect(streamed[element]).toBe(whole[element]);
      // The SDK works the checksum out again from what it reads, and fails the read where it differs.
      const found = await s3.client.send(
        new GetObjectCommand({ Bucket, Key: `sum/${name}/stream`, ChecksumMode: 'ENABLED' }),
      );
      expect((await bytes(found)).equals(body)).toBe(true);
      expect(found[element]).toBe(whole[element]);
      expect(found.ChecksumType).toBe('FULL_OBJECT');
    },
  );

  test('is CRC32 where the SDK is left to choose, and SHA-256 is the digest of the bytes', async () => {
    await s3.put(Bucket, 'sum/default', 'hello');
    const found = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'sum/default', ChecksumMode: 'ENABLED' }));
    expect(found.ChecksumCRC32).toBe('NhCmhg==');
    const put = await s3.put(Bucket, 'sum/sha', 'hello', { ChecksumAlgorithm: 'SHA256' });
    expect(put.ChecksumSHA256).toBe(createHash('sha256').update('hello').digest('base64'));
  });

  test('that does not fit the body is refused, and nothing is stored', async () => {
    const other = createHash('sha256').update('other').digest('base64');
    await refusedWith(s3.put(Bucket, 'sum/bad', 'hello', { ChecksumSHA256: other }), 'BadDigest', 400);
    await refusedWith(s3.put(Bucket, 'sum/bad', 'hello', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }), 'BadDigest', 400);
    await refusedWith(s3.put(Bucket, 'sum/bad', 'hello', { ContentMD5: md5(Buffer.from('x')) }), 'BadDigest', 400);
    await refusedWith(head('sum/bad'), 'NotFound', 404);
    expect((await s3.files()).incoming).toEqual([]);
  });
});

describe('a copy', () => {
  beforeAll(async () => {
    await s3.put(Bucket, 'original é', 'content', {
      Metadata: { kind: 'letter' },
      ContentType: 'application/pdf',
      Tagging: 'a=b',
    });
  });
  const CopySource = () => `${Bucket}/${encodeURIComponent('original é')}`;

  test('keeps content, metadata, type and tags', async () => {
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource: CopySource() }));
    expect(await head('copied')).toMatchObject({ Metadata: { kind: 'letter' }, ContentType: 'application/pdf' });
    expect(await s3.text(Bucket, 'copied')).toBe('content');
    const { TagSet } = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'copied' }));
    expect(TagSet).toEqual([{ Key: 'a', Value: 'b' }]);
  });

  test('takes other metadata where it is told to replace them', async () => {
    const replacing = { MetadataDirective: 'REPLACE', Metadata: { z: '1' }, ContentType: 'text/x' } as const;
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'replaced', CopySource: CopySource(), ...replacing }));
    const found = await head('replaced');
    expect(found.Metadata).toEqual({ z: '1' });
    expect(found.ContentType).toBe('text/x');
  });

  test('of an object onto itself must change something', async () => {
    const itself = { Bucket, Key: 'original é', CopySource: CopySource() };
    await refusedWith(s3.client.send(new CopyObjectCommand(itself)), 'InvalidRequest', 400);
    await s3.client.send(
      new CopyObjectCommand({ ...itself, MetadataDirective: 'REPLACE', Metadata: { kind: 'note' } }),
    );
    expect((await head('original é')).Metadata).toEqual({ kind: 'note' });
  });

  test('needs its source to be there, and to meet the conditions on it', async () => {
    const missing = { Bucket, Key: 'x', CopySource: `${Bucket}/missing` };
    await refusedWith(s3.client.send(new CopyObjectCommand(missing)), 'NoSuchKey', 404);
    const changed = { Bucket, Key: 'x', CopySource: CopySource(), CopySourceIfMatch: '"0123"' };
    await refusedWith(s3.client.send(new CopyObjectCommand(changed)), 'PreconditionFailed', 412);
  });
});

describe('tags', () => {
  const tags = async () => (await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))).TagSet;

  test('are set with the object, replaced and removed', async () => {
    await s3.put(Bucket, 'tagged', '1', { Tagging: 'a=b&c=d%20e' });
    expect(await tags()).toEqual([
      { Key: 'a', Value: 'b' },
      { Key: 'c', Value: 'd e' },
    ]);
    const Tagging = { TagSet: [{ Key: 'status', Value: 'sent' }] };
    await s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging }));
    expect(await tags()).toEqual(Tagging.TagSet);
    expect((await s3.client.send(new GetObjectCommand({ Bucket, Key: 'tagged' }))).TagCount).toBe(1);
    await s3.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }));
    expect(await tags()).toEqual([]);
  });
});

describe('encryption', () => {
  const kms = {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: 'arn:aws:kms:eu-west-2:000000000000:key/1',
    BucketKeyEnabled: true,
  } as const;

  test('that the caller names is echoed by put and read', async () => {
    expect(await s3.put(Bucket, 'sse', '1', kms)).toMatchObject(kms);
    expect(await head('sse')).toMatchObject(kms);
  });

  test('is S3 own where nobody names one, and otherwise the default of the bucket', async () => {
    expect((await s3.put(Bucket, 'plain', '1')).ServerSideEncryption).toBe('AES256');
    const encrypted = await s3.bucket();
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kms.SSEKMSKeyId },
      BucketKeyEnabled: true,
    } as const;
    const ServerSideEncryptionConfiguration = { Rules: [rule] };
    await s3.client.send(new PutBucketEncryptionCommand({ Bucket: encrypted, ServerSideEncryptionConfiguration }));
    expect(await s3.put(encrypted, 'k', '1')).toMatchObject(kms);
  });

  test('with a KMS key makes the entity tag something other than the MD5 of the content', async () => {
    const [first, second] = [await s3.put(Bucket, 'sse/1', 'same', kms), await s3.put(Bucket, 'sse/2', 'same', kms)];
    expect(first.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(first.ETag).not.toBe(`"${md5(Buffer.from('same'))}"`);
    expect(first.ETag).not.toBe(second.ETag);
    expect((await head('sse/1')).ETag).toBe(first.ETag);
  });
});

describe('deletion', () => {
  test('takes an object away with its bytes, and is content where there is none', async () => {
    const before = (await s3.files()).bodies.length;
    await s3.put(Bucket, 'gone', '1');
    expect((await s3.files()).bodies).toHaveLength(before + 1);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    await refusedWith(head('gone'), 'NotFound', 404);
    await expect.poll(async () => (await s3.files()).bodies.length).toBe(before);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
  });

  test('of many tells what became of each', async () => {
    await s3.put(Bucket, 'many/<1>', '1');
    await s3.put(Bucket, 'many/2', '2');
    const Objects = [{ Key: 'many/<1>' }, { Key: 'many/2', ETag: '"stale"' }, { Key: 'many/never' }];
    const { Deleted, Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['many/<1>', 'many/never']);
    expect(Errors).toMatchObject([{ Key: 'many/2', Code: 'PreconditionFailed' }]);
    const quietly = { Objects: [{ Key: 'many/2' }], Quiet: true };
    const quiet = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: quietly }));
    expect(quiet.Deleted).toBeUndefined();
  });
});

test('a replaced object leaves no bytes behind', async () => {
  await s3.put(Bucket, 'replaced/often', 'first');
  const before = (await s3.files()).bodies.length;
  await s3.put(Bucket, 'replaced/often', 'second');
  await expect.poll(async () => (await s3.files()).bodies.length).toBe(before);
  expect(await s3.text(Bucket, 'replaced/often')).toBe('second');
});
