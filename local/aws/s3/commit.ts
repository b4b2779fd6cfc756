import { randomBytes } from 'node:crypto';
import type { StoredBody } from './bodies.ts';
import type { Checksums } from './checksums.ts';
import { addEntry, currentObject, nextVersionId } from './entries.ts';
import { noSuchBucket } from './errors.ts';
import type { Bucket, ChecksumType, Headers, ObjectVersion, S3State, Tag } from './model.ts';
import type { ObjectEventName } from './notifications.ts';
import { lockFor } from './object-lock.ts';
import { checkWrite } from './preconditions.ts';

/** An object that is ready to appear. */
export interface Draft {
  readonly key: string;
  readonly body: StoredBody;
  readonly etag: string;
  readonly headers: Headers;
  readonly checksums: Checksums;
  readonly checksumType: ChecksumType;
  readonly partSizes?: readonly number[];
  readonly tags: readonly Tag[];
  /** The request headers that may name retention and legal hold. */
  readonly lock: Headers;
}

/** The MD5 of the body, except under KMS encryption, where S3's entity tag has nothing to do with it. */
export const entityTag = (headers: Headers, md5: string): string =>
  headers['x-amz-server-side-encryption']?.startsWith('aws:kms') ? randomBytes(16).toString('hex') : md5;

/**
 * Makes the object appear, or not at all: conditions are checked and the index is changed in one synchronous step, so
 * of two conditional writes that race exactly one wins. Takes over the caller's hold on the body, also when it throws.
 */
export const commitObject = (
  s3: S3State,
  bucket: Bucket,
  draft: Draft,
  conditions: Headers,
  name: ObjectEventName,
): ObjectVersion => {
  const { lock, ...object } = draft;
  const at = s3.clock.now();
  let locked: ReturnType<typeof lockFor>;
  try {
    if (s3.buckets.get(bucket.name) !== bucket) throw noSuchBucket();
    checkWrite(conditions, currentObject(bucket, draft.key));
    locked = lockFor(bucket, lock, at);
  } catch (error) {
    s3.bodies.release(draft.body);
    throw error;
  }
  const version: ObjectVersion = { ...object, ...locked, versionId: nextVersionId(bucket), marker: false, at };
  for (const replaced of addEntry(bucket, version)) if (!replaced.marker) s3.bodies.release(replaced.body);
  s3.announce(bucket, {
    name,
    key: version.key,
    size: version.body.size,
    etag: version.etag,
    at,
    ...(bucket.versioning ? { versionId: version.versionId } : {}),
  });
  return version;
};
