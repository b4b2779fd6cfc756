import type { StoredBody } from './bodies.ts';
import type { Bucket, Headers, S3State } from './model.ts';
import type { S3Request } from './request.ts';

/** What a permission is asked for, where it is not the request's own bucket and key. */
export interface Permission {
  readonly bucket?: string;
  readonly key?: string;
  /** Whether the call makes an object appear (see `PolicyContext`). */
  readonly createsObject?: boolean;
}

/** An authenticated request. */
export interface S3Call extends S3Request {
  /** Tells of the IAM action and throws AccessDenied (403) where the bucket's policy refuses it. */
  authorize(action: string, permission?: Permission): void;
}

/** An answer as data; the edge writes it. */
export interface Reply {
  readonly status: number;
  readonly headers?: Headers;
  /** A small document; XML unless the headers say otherwise. */
  readonly document?: string;
  /** A stretch of a stored body. It is held for the reply, and released once sent. */
  readonly stored?: { readonly body: StoredBody; readonly start: number; readonly length: number };
}

export type Operation = (call: S3Call, s3: S3State) => Reply | Promise<Reply>;

export const objectArn = (bucket: string, key: string): string =>
  bucket === '' ? '*' : `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`;

/** Encryption headers, as put and read calls echo them. */
export const encryptionHeaders = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side-encryption')));

const kept = new Set([
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
]);

/** The encryption that a request names, else the bucket's default, else S3's own. */
const encryptionOf = (bucket: Bucket, headers: Headers): Headers => {
  if (headers['x-amz-server-side-encryption'] !== undefined) return encryptionHeaders(headers);
  return bucket.defaultEncryption;
};

/** The part of a request's headers that describes the object and is given back with it. */
export const objectHeaders = (bucket: Bucket, headers: Headers): Headers => {
  const own: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (kept.has(name) || name.startsWith('x-amz-meta-')) own[name] = value;
  }
  const encoding = own['content-encoding']
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== 'aws-chunked')
    .join(',');
  delete own['content-encoding'];
  if (encoding) own['content-encoding'] = encoding;
  if (own['x-amz-storage-class'] === 'STANDARD') delete own['x-amz-storage-class'];
  return { ...own, ...encryptionOf(bucket, headers) };
};
