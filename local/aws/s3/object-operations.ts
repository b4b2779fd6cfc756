import { isoTime } from '../../../shared/platform/clock.ts';
import { encryptionHeaders, type Operation, objectHeaders, type Reply, type S3Call } from './call.ts';
import {
  type ChecksumAlgorithm,
  type Checksums,
  checksumAlgorithm,
  checksumElement,
  checksumHeader,
} from './checksums.ts';
import { commitObject, entityTag } from './commit.ts';
import { findObject, versionHeader } from './entries.ts';
import { invalidArgument, preconditionFailed, S3Error } from './errors.ts';
import { receiveBody } from './incoming.ts';
import { type Bucket, findBucket, type Headers, type ObjectVersion, type Tag } from './model.ts';
import { lockHeadersOf, lockResponseHeaders } from './object-lock.ts';
import { judgeRead } from './preconditions.ts';
import { byteRange } from './ranges.ts';
import { branch, leaf, xmlDocument } from './xml.ts';

const checksumEntries = (checksums: Checksums): readonly (readonly [ChecksumAlgorithm, string])[] =>
  Object.entries(checksums).flatMap(([name, value]) => {
    const algorithm = checksumAlgorithm(name);
    return algorithm ? [[algorithm, value] as const] : [];
  });

export const checksumHeaders = (version: Pick<ObjectVersion, 'checksums' | 'checksumType'>): Headers => {
  const entries = checksumEntries(version.checksums).map(([algorithm, value]) => [checksumHeader(algorithm), value]);
  return entries.length === 0 ? {} : { ...Object.fromEntries(entries), 'x-amz-checksum-type': version.checksumType };
};

export const checksumElements = (checksums: Checksums): string =>
  checksumEntries(checksums)
    .map(([algorithm, value]) => leaf(checksumElement(algorithm), value))
    .join('');

/** Last-Modified and list times: S3 keeps whole seconds. */
export const s3Time = (epochMs: number): string => isoTime(Math.floor(epochMs / 1000) * 1000);

export const quoted = (etag: string): string => `"${etag}"`;

/** `a=b&c=d` of the tagging header. */
export const tagsOf = (headers: Headers): readonly Tag[] => [...new URLSearchParams(headers['x-amz-tagging'] ?? '')];

/** The permissions beside s3:PutObject that its optional headers need. */
export const authorizeExtras = (call: S3Call): void => {
  if (call.headers['x-amz-tagging'] !== undefined) call.authorize('s3:PutObjectTagging');
  if (call.headers['x-amz-object-lock-mode'] !== undefined) call.authorize('s3:PutObjectRetention');
  if (call.headers['x-amz-object-lock-legal-hold'] !== undefined) call.authorize('s3:PutObjectLegalHold');
};

const longestKey = 1024;
export const refuseLongKey = (key: string): void => {
  if (Buffer.byteLength(key) > longestKey) throw new S3Error('KeyTooLongError', 400, 'Your key is too long');
};

export const putObject: Operation = async (call, s3) => {
  call.authorize('s3:PutObject', { createsObject: true });
  authorizeExtras(call);
  const bucket = findBucket(s3, call.bucket);
  refuseLongKey(call.key);
  const received = await receiveBody(s3.bodies, call.headers, call.body(), { fallback: 'CRC64NVME' });
  const headers = objectHeaders(bucket, call.headers);
  const version = commitObject(
    s3,
    bucket,
    {
      key: call.key,
      body: received.body,
      etag: entityTag(headers, received.md5),
      headers,
      checksums: received.checksums,
      checksumType: 'FULL_OBJECT',
      tags: tagsOf(call.headers),
      lock: lockHeadersOf(call.headers),
    },
    call.headers,
    'ObjectCreated:Put',
  );
  return {
    status: 200,
    headers: {
      etag: quoted(version.etag),
      ...versionHeader(bucket, version),
      ...encryptionHeaders(headers),
      ...checksumHeaders(version),
    },
  };
};

const responseOverrides = (call: S3Call): Headers =>
  Object.fromEntries(
    [...call.query].flatMap(([name, value]) =>
      /^response-(content-(type|language|disposition|encoding)|expires|cache-control)$/.test(name)
        ? [[name.slice('response-'.length), value]]
        : [],
    ),
  );

const readHeaders = (call: S3Call, bucket: Bucket, version: ObjectVersion): Headers => ({
  ...version.headers,
  etag: quoted(version.etag),
  'last-modified': new Date(version.at).toUTCString(),
  'accept-ranges': 'bytes',
  ...versionHeader(bucket, version),
  ...lockResponseHeaders(version),
  ...(version.tags.length > 0 ? { 'x-amz-tagging-count': String(version.tags.length) } : {}),
  ...responseOverrides(call),
});

/** The stretch of the body that `partNumber` names: the whole of an object that came in one piece. */
const partStretch = (version: ObjectVersion, text: string) => {
  const sizes = version.partSizes ?? [version.body.size];
  const length = sizes[Number(text) - 1];
  if (length === undefined) {
    throw new S3Error('InvalidPartNumber', 416, 'The requested partnumber is not satisfiable');
  }
  const start = sizes.slice(0, Number(text) - 1).reduce((sum, size) => sum + size, 0);
  return { start, length, count: version.partSizes?.length };
};

/** Both reads: GET sends the bytes, HEAD only their length. */
const readObject =
  (withBody: boolean): Operation =>
  (call, s3): Reply => {
    const versionId = call.query.get('versionId') ?? undefined;
    call.authorize(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion');
    const bucket = findBucket(s3, call.bucket);
    const version = findObject(bucket, call.key, versionId);
    const verdict = judgeRead(call.headers, version);
    if (verdict === 'failed') throw preconditionFailed();
    const headers = readHeaders(call, bucket, version);
    if (verdict === 'not modified') return { status: 304, headers };
    const { size } = version.body;
    const partNumber = call.query.get('partNumber');
    const part = partNumber === null ? undefined : partStretch(version, partNumber);
    const range = part ?? byteRange(call.headers.range, size);
    const whole = range === undefined || (range.start === 0 && range.length === size && part === undefined);
    const stretch = range ?? { start: 0, length: size };
    if (withBody) s3.bodies.hold(version.body);
    return {
      status: range ? 206 : 200,
      headers: {
        ...headers,
        ...(range ? { 'content-range': `bytes ${stretch.start}-${stretch.start + stretch.length - 1}/${size}` } : {}),
        ...(part?.count === undefined ? {} : { 'x-amz-mp-parts-count': String(part.count) }),
        // A checksum of the whole says nothing about a stretch.
        ...(whole && call.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' ? checksumHeaders(version) : {}),
        'content-length': String(stretch.length),
      },
      ...(withBody ? { stored: { body: version.body, ...stretch } } : {}),
    };
  };

export const getObject = readObject(true);
export const headObject = readObject(false);

export const getObjectAttributes: Operation = (call, s3) => {
  const versionId = call.query.get('versionId') ?? undefined;
  const suffix = versionId === undefined ? '' : 'Version';
  call.authorize(`s3:GetObject${suffix}`);
  call.authorize(`s3:GetObject${suffix}Attributes`);
  const bucket = findBucket(s3, call.bucket);
  const version = findObject(bucket, call.key, versionId);
  const asked = call.headers['x-amz-object-attributes']?.split(',').map((name) => name.trim());
  if (!asked) throw invalidArgument('x-amz-object-attributes must name at least one attribute.');
  const parts = version.partSizes;
  const attributes: Readonly<Record<string, string>> = {
    ETag: leaf('ETag', version.etag),
    Checksum: branch('Checksum', checksumElements(version.checksums), leaf('ChecksumType', version.checksumType)),
    ObjectParts: parts ? branch('ObjectParts', leaf('PartsCount', parts.length)) : '',
    StorageClass: leaf('StorageClass', version.headers['x-amz-storage-class'] ?? 'STANDARD'),
    ObjectSize: leaf('ObjectSize', version.body.size),
  };
  return {
    status: 200,
    headers: { 'last-modified': new Date(version.at).toUTCString(), ...versionHeader(bucket, version) },
    document: xmlDocument('GetObjectAttributesResponse', ...asked.map((name) => attributes[name] ?? '')),
  };
};
