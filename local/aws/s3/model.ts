import type { LocalClock } from '../../clock.ts';
import type { BodyStore, StoredBody } from './bodies.ts';
import type { PolicyStatement } from './bucket-policy.ts';
import type { ChecksumAlgorithm, Checksums } from './checksums.ts';
import { noSuchBucket } from './errors.ts';
import type { Notifications, ObjectEvent } from './notifications.ts';
import type { DefaultRetention, Retention } from './object-lock.ts';

export type Headers = Readonly<Record<string, string>>;
export type Tag = readonly [key: string, value: string];
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

/** The version id of an object written while its bucket was not versioned. */
export const nullVersion = 'null';

export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly marker: false;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Without quotes. */
  readonly etag: string;
  readonly body: StoredBody;
  /** Response headers that were given with the object: content type, metadata, encryption, storage class. */
  readonly headers: Headers;
  readonly checksums: Checksums;
  readonly checksumType: ChecksumType;
  /** Lengths of the parts it was uploaded in; absent for one that came whole. */
  readonly partSizes?: readonly number[];
  tags: readonly Tag[];
  retention?: Retention;
  legalHold: boolean;
}

export interface DeleteMarker {
  readonly key: string;
  readonly versionId: string;
  readonly marker: true;
  readonly at: number;
}

export type Entry = ObjectVersion | DeleteMarker;

export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
  readonly at: number;
  readonly body: StoredBody;
  readonly checksums: Checksums;
}

export interface MultipartUpload {
  readonly id: string;
  readonly key: string;
  readonly at: number;
  readonly headers: Headers;
  readonly tags: readonly Tag[];
  /** The lock headers of the request that began it. */
  readonly lock: Headers;
  readonly algorithm?: ChecksumAlgorithm;
  readonly checksumType: ChecksumType;
  readonly parts: Map<number, UploadedPart>;
}

export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly exposed: readonly string[];
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: number;
  /** Sub-resource name → the document as it was put. What the service acts on is beside it, already read. */
  readonly documents: Map<string, string>;
  /** Every key's entries, oldest first. A key with no entry left is not here. */
  readonly objects: Map<string, readonly Entry[]>;
  readonly uploads: Map<string, MultipartUpload>;
  versioning?: 'Enabled' | 'Suspended';
  objectLock: boolean;
  defaultRetention?: DefaultRetention;
  /** Encryption headers of objects that name none. */
  defaultEncryption: Headers;
  denials: readonly PolicyStatement[];
  notifications: Notifications;
  cors: readonly CorsRule[];
}

/** What every operation works on. */
export interface S3State {
  readonly clock: LocalClock;
  readonly region: string;
  readonly account: string;
  readonly buckets: Map<string, Bucket>;
  readonly bodies: BodyStore;
  /** Tells whoever a bucket's configuration names. Called once the change stands. */
  announce(bucket: Bucket, event: ObjectEvent): void;
}

/** Throws NoSuchBucket (404). */
export const findBucket = (s3: S3State, name: string): Bucket => {
  const bucket = s3.buckets.get(name);
  if (!bucket) throw noSuchBucket();
  return bucket;
};
