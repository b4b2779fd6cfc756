import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsChunkedPayload } from '../../../local/aws/s3/aws-chunked.ts';
import { type ChecksumAlgorithm, startChecksum } from '../../../local/aws/s3/checksums.ts';
import { formFields } from '../../../local/aws/s3/form-data.ts';
import { startS3 } from '../../../local/aws/s3.ts';
import { realClock } from '../../../local/clock.ts';
import { present, settingOn } from './json-support.ts';
import { noise, refusedWith, startTestS3, type TestS3, until } from './s3-support.ts';

let s3: TestS3;
let Bucket: string;
beforeAll(async () => {
  s3 = await startTestS3(realClock());
  Bucket = await s3.bucket();
});
afterAll(() => s3.stop());

const oneMiB = 1 << 20;
const pieces = (count: number) => Array.from({ length: count }, (_, i) => noise(oneMiB, i + 1));
const digest = async (source: AsyncIterable<Uint8Array>) => {
  const hash = createHash('sha256');
  for await (const piece of source) hash.update(piece);
  return hash.digest('hex');
};

describe('a large object', () => {
  test('of 40 MiB, sent and read as a stream, arrives byte for byte', async () => {
    const body = pieces(40);
    const wanted = await digest(Readable.from(body));
    await s3.put(Bucket, 'large', Readable.from(body), { ContentLength: 40 * oneMiB });
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large' }));
    expect(found.ContentLength).toBe(40 * oneMiB);
    expect(await digest(found.Body as Readable)).toBe(wanted);
    const Range = `bytes=${20 * oneMiB}-${21 * oneMiB - 1}`;
    const part = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large', Range }));
    expect(await digest(part.Body as Readable)).toBe(await digest(Readable.from(body.slice(20, 21))));
  });

  test('of 25 MiB, sent and read whole, does too', async () => {
    const body = Buffer.concat(pieces(25));
    await s3.put(Bucket, 'whole', body);
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
    expect(Buffer.from(await present(found.Body).transformToByteArray()).equals(body)).toBe(true);
  });

  test('being read is read to its end, though it is replaced meanwhile', async () => {
    await s3.put(Bucket, 'changing', Readable.from(pieces(8)), { ContentLength: 8 * oneMiB });
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'changing' }));
    await s3.put(Bucket, 'changing', 'new');
    expect(await digest(found.Body as Readable)).toBe(await digest(Readable.from(pieces(8))));
    expect(await s3.text(Bucket, 'changing')).toBe('new');
  });
});

describe('a client that goes away', () => {
  /** Starts a PUT on a presigned URL, sends one mebibyte of what it announced, and breaks off. */
  const breakOff = async (url: string) => {
    const put = request(url, { method: 'PUT', headers: { 'content-length': 10 * oneMiB } });
    put.on('error', () => undefined);
    put.write(noise(oneMiB));
    await until(async () => (await s3.files()).incoming.length > 0);
    put.destroy();
  };

  test('in the middle of an upload leaves nothing behind', async () => {
    const before = await s3.files();
    await breakOff(await getSignedUrl(s3.client, new PutObjectCommand({ Bucket, Key: 'broken' })));
    const part = new UploadPartCommand({ Bucket, Key: 'broken', UploadId: 'unknown', PartNumber: 1 });
    const unknown = await fetch(await getSignedUrl(s3.client, part), { method: 'PUT', body: 'x' });
    expect(unknown.status).toBe(404);
    await expect.poll(() => s3.files()).toEqual(before);
    await refusedWith(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'broken' })), 'NotFound', 404);
  });

  test('in the middle of a download does no harm', async () => {
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large' }));
    (found.Body as Readable).destroy();
    expect((await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'large' }))).ContentLength).toBe(40 * oneMiB);
  });
});

test('a service that is closed under an upload ends it and removes what had come', async () => {
  const other = await startTestS3(realClock());
  const bucket = await other.bucket();
  const url = await getSignedUrl(other.client, new PutObjectCommand({ Bucket: bucket, Key: 'cut off' }));
  const put = request(url, { method: 'PUT', headers: { 'content-length': oneMiB } });
  const ended = new Promise<string>((resolve) => put.on('error', (error) => resolve(error.message)));
  put.write('x');
  await until(async () => (await other.files()).incoming.length > 0);
  await other.service.close();
  expect(await ended).toBeTruthy();
  expect(await other.files()).toEqual({ incoming: [], bodies: [] });
  await other.stop();
});

test('what an earlier run left is cleared away when the service starts', async () => {
  const other = await startTestS3(realClock());
  await other.put(await other.bucket(), 'k', 'x');
  await other.service.close();
  expect((await other.files()).bodies).toHaveLength(1);
  const again = await startS3({ ...settingOn(realClock()).setting, dir: other.dir });
  expect((await other.files()).bodies).toEqual([]);
  await again.close();
  await other.stop();
});

describe('a running checksum', () => {
  // The check values of the catalogue of CRC algorithms, and of FIPS 180 for the others.
  const known: Readonly<Record<ChecksumAlgorithm, string>> = {
    CRC32: 'cbf43926',
    CRC32C: 'e3069283',
    CRC64NVME: 'ae8b14860a799888',
    SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
    SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
  };

  test.each(Object.entries(known))('%s of "123456789" is the published one, however it is cut', (name, wanted) => {
    const text = Buffer.from('123456789');
    for (let cut = 0; cut <= text.length; cut++) {
      const running = startChecksum(name as ChecksumAlgorithm);
      running.update(text.subarray(0, cut));
      running.update(text.subarray(cut));
      expect(running.digest().toString('hex')).toBe(wanted);
    }
  });
});

/** A body as the network might deliver it: cut anywhere. */
const cutUp = (data: Buffer, cuts: readonly number[]): Readable => {
  const at = [...new Set(cuts.map((cut) => cut % (data.length + 1)))].sort((a, b) => a - b);
  return Readable.from([0, ...at].map((start, i) => data.subarray(start, at[i])).filter((piece) => piece.length > 0));
};
const collect = async (source: AsyncIterable<Uint8Array>) => {
  const all: Uint8Array[] = [];
  for await (const piece of source) all.push(piece);
  return Buffer.concat(all);
};

describe('the aws-chunked encoding', () => {
  const encode = (chunks: readonly Uint8Array[], trailer = 'x-amz-checksum-crc32:AAAAAA==\r\n') =>
    Buffer.concat([
      ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
      Buffer.from(`0\r\n${trailer}\r\n`),
    ]);

  test('is taken off wherever the network cuts it', async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const input = fc.tuple(fc.array(chunk, { maxLength: 5 }), fc.array(fc.nat(300), { maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(input, async ([chunks, cuts]) => {
        const trailers = new Map<string, string>();
        const payload = await collect(awsChunkedPayload(cutUp(encode(chunks), cuts), trailers));
        expect(payload).toEqual(Buffer.concat(chunks));
        expect(trailers).toEqual(new Map([['x-amz-checksum-crc32', 'AAAAAA==']]));
      }),
      { seed: 73 },
    );
  });

  test('that ends early or is not one is refused', async () => {
    const whole = encode([Buffer.from('hello')], '');
    for (let length = 0; length < whole.length - 2; length++) {
      const decoding = collect(awsChunkedPayload(Readable.from([whole.subarray(0, length)]), new Map()));
      await expect(decoding).rejects.toMatchObject({ code: 'IncompleteBody' });
    }
    for (const text of ['xyz\r\n', '5\r\nhelloworld\r\n', `${'1'.repeat(9000)}`]) {
      const decoding = collect(awsChunkedPayload(Readable.from([Buffer.from(text)]), new Map()));
      await expect(decoding).rejects.toMatchObject({ code: 'InvalidRequest' });
    }
  });
});

describe('a form', () => {
  test('gives its fields wherever the network cuts it, also with pieces of a boundary inside', async () => {
    const content = fc.string({ unit: fc.constantFrom('\r', '\n', '-', 'B', 'x'), maxLength: 30 });
    const input = fc.tuple(fc.array(content, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(600), { maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(input, async ([contents, cuts]) => {
        fc.pre(contents.every((each) => !`\r\n${each}`.includes('\r\n--BxB')));
        const body = contents
          .map((each, i) => `--BxB\r\nContent-Disposition: form-data; name="f${i}"; filename="n"\r\n\r\n${each}\r\n`)
          .join('');
        const fields: [string, string][] = [];
        const source = cutUp(Buffer.from(`${body}--BxB--\r\n`), cuts);
        for await (const field of formFields(source, 'multipart/form-data; boundary=BxB')) {
          fields.push([field.name, (await collect(field.content)).toString()]);
        }
        expect(fields).toEqual(contents.map((each, i) => [`f${i}`, each]));
      }),
      { seed: 74 },
    );
  });

  test('that ends early is refused', async () => {
    const fields = formFields(Readable.from([Buffer.from('--B\r\nContent-')]), 'multipart/form-data; boundary=B');
    await expect(fields.next()).rejects.toMatchObject({ code: 'MalformedPOSTRequest' });
  });
});
