import { encryptionHeaders, type Operation, objectHeaders, type S3Call } from './call.ts';
import { type ChecksumAlgorithm, checksumAlgorithm } from './checksums.ts';
import { commitObject, entityTag } from './commit.ts';
import { findObject, versionHeader } from './entries.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import { type ReceivedBody, receiveBody } from './incoming.ts';
import { type Bucket, findBucket, type Headers, type ObjectVersion, type S3State } from './model.ts';
import { lockHeadersOf } from './object-lock.ts';
import { authorizeExtras, checksumElements, quoted, refuseLongKey, s3Time, tagsOf } from './object-operations.ts';
import { checkCopySource } from './preconditions.ts';
import type { Stretch } from './ranges.ts';
import { leaf, xmlDocument } from './xml.ts';

export interface CopySource {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
}

/** The object that `x-amz-copy-source` names, if the caller may read it and its conditions hold. */
export const findCopySource = (call: S3Call, s3: S3State): CopySource => {
  const [path = '', versionId] = (call.headers['x-amz-copy-source'] ?? '').split('?versionId=');
  let name: string;
  try {
    name = decodeURIComponent(path.replace(/^\//, ''));
  } catch {
    throw invalidArgument('Copy source must be URL-encoded.');
  }
  const [, bucketName, key] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (bucketName === undefined || key === undefined) throw invalidArgument('Copy source must be bucket/key.');
  call.authorize(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', { bucket: bucketName, key });
  const bucket = findBucket(s3, bucketName);
  const version = findObject(bucket, key, versionId);
  checkCopySource(call.headers, version);
  return { bucket, version };
};

/** Copies a stretch of a stored body to a new one, from disk to disk. */
export const copyBody = async (
  s3: S3State,
  { body }: ObjectVersion,
  { start, length }: Stretch,
  checksums: readonly ChecksumAlgorithm[],
): Promise<ReceivedBody> => {
  s3.bodies.hold(body);
  try {
    const announced = { 'content-length': String(length) };
    return await receiveBody(s3.bodies, announced, s3.bodies.read(body, start, length), { extra: checksums });
  } finally {
    s3.bodies.release(body);
  }
};

export const copySourceHeaders = ({ bucket, version }: CopySource): Headers =>
  bucket.versioning ? { 'x-amz-copy-source-version-id': version.versionId } : {};

/** The source's description, stored afresh: encryption and storage class are never taken over. */
const copiedHeaders = (source: ObjectVersion, request: Headers): Headers => {
  const described = Object.entries(source.headers).filter(
    ([name]) => !name.startsWith('x-amz-') || name.startsWith('x-amz-meta-'),
  );
  const own = Object.entries(request).filter(
    ([name]) => name.startsWith('x-amz-server-side-encryption') || name === 'x-amz-storage-class',
  );
  return Object.fromEntries([...described, ...own]);
};

const changesItself = (call: S3Call): boolean =>
  call.headers['x-amz-metadata-directive'] === 'REPLACE' ||
  ['x-amz-storage-class', 'x-amz-server-side-encryption', 'x-amz-website-redirect-location'].some(
    (name) => call.headers[name] !== undefined,
  );

export const copyObject: Operation = async (call, s3) => {
  call.authorize('s3:PutObject', { createsObject: true });
  authorizeExtras(call);
  const source = findCopySource(call, s3);
  const bucket = findBucket(s3, call.bucket);
  refuseLongKey(call.key);
  const { version: original } = source;
  if (source.bucket === bucket && original.key === call.key && !call.headers['x-amz-copy-source']?.includes('?')) {
    if (!changesItself(call)) throw invalidRequest('This copy request would change nothing.');
  }
  const replace = call.headers['x-amz-metadata-directive'] === 'REPLACE';
  const headers = objectHeaders(bucket, replace ? call.headers : copiedHeaders(original, call.headers));
  const tags = call.headers['x-amz-tagging-directive'] === 'REPLACE' ? tagsOf(call.headers) : original.tags;
  const inherited = Object.keys(original.checksums).flatMap((name) => checksumAlgorithm(name) ?? []);
  const algorithm = checksumAlgorithm(call.headers['x-amz-checksum-algorithm']);
  const copy = await copyBody(
    s3,
    original,
    { start: 0, length: original.body.size },
    algorithm ? [algorithm] : inherited,
  );
  const version = commitObject(
    s3,
    bucket,
    {
      key: call.key,
      body: copy.body,
      etag: entityTag(headers, copy.md5),
      headers,
      checksums: copy.checksums,
      checksumType: 'FULL_OBJECT',
      tags,
      lock: lockHeadersOf(call.headers),
    },
    call.headers,
    'ObjectCreated:Copy',
  );
  return {
    status: 200,
    headers: { ...versionHeader(bucket, version), ...copySourceHeaders(source), ...encryptionHeaders(headers) },
    document: xmlDocument(
      'CopyObjectResult',
      leaf('ETag', quoted(version.etag)),
      leaf('LastModified', s3Time(version.at)),
      leaf('ChecksumType', version.checksumType),
      checksumElements(version.checksums),
    ),
  };
};
