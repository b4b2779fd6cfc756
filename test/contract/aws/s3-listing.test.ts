import { DeleteObjectCommand, ListObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byUtf8, pageOf } from '../../../local/aws/s3/listing.ts';
import { virtualClock } from '../../../local/clock.ts';
import { md5, refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

let s3: TestS3;
let Bucket: string;
const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'd e+f', 'z/1', 'é'];
beforeAll(async () => {
  s3 = await startTestS3(virtualClock(Date.UTC(2026, 9, 5, 9)));
  Bucket = await s3.versioned(await s3.bucket());
  for (const key of [...keys, 'hidden'].reverse()) await s3.put(Bucket, key, key);
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'hidden' }));
});
afterAll(() => s3.stop());

const list = (more: object = {}) => s3.client.send(new ListObjectsV2Command({ Bucket, ...more }));

describe('a list of objects', () => {
  test('is in order, with size, entity tag and time, and without what is deleted', async () => {
    const found = await list();
    expect(found.Contents?.map(({ Key }) => Key)).toEqual(keys);
    expect(found.Contents?.[0]).toMatchObject({
      Size: 1,
      ETag: `"${md5(Buffer.from('a'))}"`,
      LastModified: new Date('2026-10-05T09:00:00Z'),
      StorageClass: 'STANDARD',
    });
    expect(found).toMatchObject({ KeyCount: 7, IsTruncated: false });
  });

  test('groups by delimiter under a prefix', async () => {
    const top = await list({ Delimiter: '/' });
    expect(top.Contents?.map(({ Key }) => Key)).toEqual(['a', 'd e+f', 'é']);
    expect(top.CommonPrefixes).toEqual([{ Prefix: 'b/' }, { Prefix: 'z/' }]);
    const inside = await list({ Delimiter: '/', Prefix: 'b/' });
    expect(inside.Contents?.map(({ Key }) => Key)).toEqual(['b/1', 'b/2']);
    expect(inside.CommonPrefixes).toEqual([{ Prefix: 'b/c/' }]);
  });

  test.each([1, 2, 3, 7])('comes complete in pages of %i, grouped or not', async (MaxKeys) => {
    for (const more of [{}, { Delimiter: '/' }]) {
      const seen: (string | undefined)[] = [];
      let token: string | undefined;
      do {
        const page = await list({ MaxKeys, ...more, ...(token ? { ContinuationToken: token } : {}) });
        expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
        seen.push(...(page.Contents ?? []).map(({ Key }) => Key));
        seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
        token = page.NextContinuationToken;
      } while (token);
      expect(seen.sort()).toEqual('Delimiter' in more ? ['a', 'b/', 'd e+f', 'z/', 'é'] : [...keys].sort());
    }
  });

  test('starts after a key, encodes names on request, and counts only in whole numbers', async () => {
    expect((await list({ StartAfter: 'b/2' })).Contents?.map(({ Key }) => Key)).toEqual(keys.slice(3));
    const encoded = await list({ Prefix: 'd', EncodingType: 'url' });
    expect(encoded.Contents?.map(({ Key }) => Key)).toEqual(['d%20e%2Bf']);
    expect((await list({ MaxKeys: 0 })).KeyCount).toBe(0);
    await refusedWith(list({ MaxKeys: -1 }), 'InvalidArgument', 400);
  });

  test('has an older form, paged by marker', async () => {
    const older = (more: object) => s3.client.send(new ListObjectsCommand({ Bucket, ...more }));
    const first = await older({ MaxKeys: 3 });
    expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'b/2' });
    const second = await older({ Marker: first.NextMarker });
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(keys.slice(3));
  });
});

describe('the order of keys and the pages', () => {
  const anyKey = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '\u{ffee}', '😀'), minLength: 1, maxLength: 6 });

  test('is that of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        expect(Math.sign(byUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { seed: 71 },
    );
  });

  test('put together are the whole list, whatever the prefix, delimiter and size of the page', () => {
    const query = fc.record({
      keys: fc.uniqueArray(anyKey, { maxLength: 12 }),
      prefix: fc.constantFrom('', 'a', '/', 'é'),
      delimiter: fc.constantFrom('', '/', 'b'),
      limit: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(query, ({ keys: given, prefix, delimiter, limit }) => {
        const items = given.sort(byUtf8).map((key) => ({ key }));
        const all = { prefix, delimiter, after: '', limit: items.length + 1 };
        const whole = pageOf(items, all);
        const names: string[] = [];
        let after = '';
        for (;;) {
          const left = items.filter(({ key }) => byUtf8(key, after) > 0);
          const page = pageOf(left, { prefix, delimiter, after, limit });
          names.push(...page.items.map(({ key }) => key), ...page.commonPrefixes);
          if (!page.truncated) break;
          after = page.last?.name ?? '';
        }
        expect(names.sort()).toEqual([...whole.items.map(({ key }) => key), ...whole.commonPrefixes].sort());
      }),
      { seed: 72 },
    );
  });
});
