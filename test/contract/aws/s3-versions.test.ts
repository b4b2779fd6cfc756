import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { days } from '../../../shared/platform/clock.ts';
import { refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

const clock = virtualClock(Date.UTC(2026, 9, 5, 9));
let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3(clock);
});
afterAll(() => s3.stop());

const versions = (Bucket: string, more: object = {}) =>
  s3.client.send(new ListObjectVersionsCommand({ Bucket, ...more }));
const remove = (Bucket: string, Key: string, VersionId?: string) =>
  s3.client.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId ? { VersionId } : {}) }));

describe('a versioned bucket', () => {
  test('keeps every version, and a deletion without a version id only hides them', async () => {
    const Bucket = await s3.versioned(await s3.bucket());
    const first = await s3.put(Bucket, 'k', '1');
    const second = await s3.put(Bucket, 'k', '2');
    expect(first.VersionId).toBeTruthy();
    expect(second.VersionId).not.toBe(first.VersionId);
    expect(await s3.text(Bucket, 'k')).toBe('2');
    expect(await s3.text(Bucket, 'k', first.VersionId)).toBe('1');

    const marker = await remove(Bucket, 'k');
    expect(marker.DeleteMarker).toBe(true);
    await refusedWith(s3.text(Bucket, 'k'), 'NoSuchKey', 404);
    await refusedWith(s3.text(Bucket, 'k', marker.VersionId), 'MethodNotAllowed', 405);
    await refusedWith(s3.text(Bucket, 'k', 'never-was'), 'NoSuchVersion', 404);
    const listed = await versions(Bucket);
    expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second.VersionId, false],
      [first.VersionId, false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ Key: 'k', VersionId: marker.VersionId, IsLatest: true }]);

    const lifted = await remove(Bucket, 'k', marker.VersionId);
    expect(lifted).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId });
    expect(await s3.text(Bucket, 'k')).toBe('2');
    await remove(Bucket, 'k', second.VersionId);
    expect(await s3.text(Bucket, 'k')).toBe('1');
  });

  test('lists versions page by page, newest first within a key', async () => {
    const Bucket = await s3.versioned(await s3.bucket());
    const ids: (string | undefined)[] = [];
    for (const [key, body] of [
      ['a', '1'],
      ['a', '2'],
      ['a', '3'],
      ['b/x', '1'],
      ['b/y', '1'],
      ['c', '1'],
    ] as const)
      ids.push((await s3.put(Bucket, key, body)).VersionId);
    const [a1, a2, a3, bx, by, c] = ids;
    const seen: (string | undefined)[] = [];
    let markers: object = {};
    for (;;) {
      const page = await versions(Bucket, { MaxKeys: 2, ...markers });
      seen.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
      if (!page.IsTruncated) break;
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(seen).toEqual([a3, a2, a1, bx, by, c]);
    const grouped = await versions(Bucket, { Delimiter: '/' });
    expect(grouped.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    expect(grouped.Versions).toHaveLength(4);
    expect((await versions(Bucket, { Prefix: 'b/' })).Versions?.map(({ VersionId }) => VersionId)).toEqual([bx, by]);
  });

  test('can be emptied by a caller that deletes page by page', async () => {
    const Bucket = await s3.versioned(await s3.bucket());
    for (let i = 0; i < 7; i++) await s3.put(Bucket, `k${i % 2}`, String(i));
    await remove(Bucket, 'k0');
    let markers: object = {};
    for (;;) {
      const page = await versions(Bucket, { MaxKeys: 3, ...markers });
      const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
        Key: Key ?? '',
        ...(VersionId ? { VersionId } : {}),
      }));
      const { Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      expect(Errors).toBeUndefined();
      if (!page.IsTruncated) break;
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    const empty = await versions(Bucket);
    expect([empty.Versions, empty.DeleteMarkers]).toEqual([undefined, undefined]);
  });

  test('copies and tags the version that is named', async () => {
    const Bucket = await s3.versioned(await s3.bucket());
    const { VersionId } = await s3.put(Bucket, 'k', 'old', { Tagging: 'age=old' });
    await s3.put(Bucket, 'k', 'new');
    const CopySource = `${Bucket}/k?versionId=${VersionId}`;
    const copy = await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource }));
    expect(copy.CopySourceVersionId).toBe(VersionId);
    expect(await s3.text(Bucket, 'k')).toBe('old');
    const named = { Bucket, Key: 'k', VersionId };
    const tags = async (of: object) =>
      (await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'k', ...of }))).TagSet;
    const Tagging = { TagSet: [{ Key: 'age', Value: 'older' }] };
    await s3.client.send(new PutObjectTaggingCommand({ ...named, Tagging }));
    expect(await tags({ VersionId })).toEqual([{ Key: 'age', Value: 'older' }]);
    expect(await tags({})).toEqual([{ Key: 'age', Value: 'old' }]);
    await s3.client.send(new DeleteObjectTaggingCommand(named));
    expect(await tags({ VersionId })).toEqual([]);
  });

  test('that is suspended keeps what it has and writes the null version', async () => {
    const Bucket = await s3.versioned(await s3.bucket());
    const kept = await s3.put(Bucket, 'k', 'kept');
    const VersioningConfiguration = { Status: 'Suspended' } as const;
    await s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    await s3.put(Bucket, 'k', 'one');
    expect((await s3.put(Bucket, 'k', 'two')).VersionId).toBe('null');
    expect((await versions(Bucket)).Versions?.map(({ VersionId }) => VersionId)).toEqual(['null', kept.VersionId]);
    expect((await remove(Bucket, 'k')).VersionId).toBe('null');
    expect(await s3.text(Bucket, 'k', kept.VersionId)).toBe('kept');
  });

  test('has the objects of before under the version id "null"', async () => {
    const Bucket = await s3.bucket();
    expect((await s3.put(Bucket, 'k', 'before')).VersionId).toBeUndefined();
    await s3.versioned(Bucket);
    await s3.put(Bucket, 'k', 'after');
    expect(await s3.text(Bucket, 'k', 'null')).toBe('before');
  });
});

describe('a bucket with Object Lock', () => {
  const locked = async (Mode: 'COMPLIANCE' | 'GOVERNANCE', Days: number) => {
    const Bucket = await s3.bucket({ ObjectLockEnabledForBucket: true });
    const ObjectLockConfiguration = {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode, Days } },
    } as const;
    await s3.client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    return Bucket;
  };

  test('refuses to destroy a version before its time by the clock, while a plain deletion adds a marker', async () => {
    const Bucket = await locked('COMPLIANCE', 3);
    const { VersionId } = await s3.put(Bucket, 'k', 'archived');
    const found = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    expect(found).toMatchObject({
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(clock.now() + days(3)),
    });
    await refusedWith(remove(Bucket, 'k', VersionId), 'AccessDenied', 403);
    const bypass = { Bucket, Key: 'k', VersionId, BypassGovernanceRetention: true };
    await refusedWith(s3.client.send(new DeleteObjectCommand(bypass)), 'AccessDenied', 403);
    const batch = { Objects: [{ Key: 'k', ...(VersionId ? { VersionId } : {}) }] };
    const { Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: batch }));
    expect(Errors).toMatchObject([{ Code: 'AccessDenied', VersionId }]);

    const marker = await remove(Bucket, 'k');
    expect(marker.DeleteMarker).toBe(true);
    expect(await s3.text(Bucket, 'k', VersionId)).toBe('archived');
    await remove(Bucket, 'k', marker.VersionId);

    await clock.advance(days(3) - 1);
    await refusedWith(remove(Bucket, 'k', VersionId), 'AccessDenied', 403);
    await clock.advance(1);
    await remove(Bucket, 'k', VersionId);
    await refusedWith(s3.text(Bucket, 'k', VersionId), 'NoSuchVersion', 404);
  });

  test('lets governance be bypassed by a caller that says so', async () => {
    const Bucket = await locked('GOVERNANCE', 1);
    const { VersionId } = await s3.put(Bucket, 'k', '1');
    await refusedWith(remove(Bucket, 'k', VersionId), 'AccessDenied', 403);
    const bypass = { Bucket, Key: 'k', VersionId, BypassGovernanceRetention: true };
    await s3.client.send(new DeleteObjectCommand(bypass));
    await refusedWith(s3.text(Bucket, 'k', VersionId), 'NoSuchVersion', 404);
  });

  test('takes retention and legal hold of one version, and lets compliance only be prolonged', async () => {
    const Bucket = await s3.bucket({ ObjectLockEnabledForBucket: true });
    const until = new Date(clock.now() + days(2));
    const { VersionId } = await s3.put(Bucket, 'k', '1', {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: until,
      ObjectLockLegalHoldStatus: 'ON',
    });
    const version = { Bucket, Key: 'k', VersionId };
    const retain = (at: Date) =>
      s3.client.send(
        new PutObjectRetentionCommand({ ...version, Retention: { Mode: 'COMPLIANCE', RetainUntilDate: at } }),
      );
    await refusedWith(retain(new Date(clock.now() + days(1))), 'AccessDenied', 403);
    await retain(new Date(clock.now() + days(4)));
    const { Retention } = await s3.client.send(new GetObjectRetentionCommand(version));
    expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: new Date(clock.now() + days(4)) });

    await clock.advance(days(4));
    await refusedWith(remove(Bucket, 'k', VersionId), 'AccessDenied', 403);
    expect((await s3.client.send(new GetObjectLegalHoldCommand(version))).LegalHold).toEqual({ Status: 'ON' });
    await s3.client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'OFF' } }));
    await remove(Bucket, 'k', VersionId);
  });

  test('gives its configuration back, and cannot lose its versioning', async () => {
    const Bucket = await locked('COMPLIANCE', 3);
    const { ObjectLockConfiguration } = await s3.client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'COMPLIANCE', Days: 3 });
    const VersioningConfiguration = { Status: 'Suspended' } as const;
    const suspend = s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    await refusedWith(suspend, 'InvalidBucketState', 409);
  });

  test('must have been asked for: elsewhere there is no lock to put or to keep', async () => {
    const Bucket = await s3.bucket();
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' } as const;
    const configure = s3.client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    await refusedWith(configure, 'InvalidBucketState', 409);
    const ask = s3.client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    await refusedWith(ask, 'ObjectLockConfigurationNotFoundError', 404);
    const held = s3.put(Bucket, 'k', '1', { ObjectLockLegalHoldStatus: 'ON' });
    await refusedWith(held, 'InvalidRequest', 400);
  });
});
