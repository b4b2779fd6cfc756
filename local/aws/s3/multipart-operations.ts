import { randomBytes } from 'node:crypto';
import { encryptionHeaders, type Operation, objectHeaders, type S3Call } from './call.ts';
import { checksumAlgorithm, checksumHeader } from './checksums.ts';
import { entityTag } from './commit.ts';
import { copyBody, copySourceHeaders, findCopySource } from './copy-operations.ts';
import { invalidArgument, noSuchUpload } from './errors.ts';
import { type ReceivedBody, receiveBody } from './incoming.ts';
import { byUtf8, pageOf, readLimit } from './listing.ts';
import {
  type Bucket,
  type ChecksumType,
  findBucket,
  type Headers,
  type MultipartUpload,
  type S3State,
  type UploadedPart,
} from './model.ts';
import { lockHeadersOf } from './object-lock.ts';
import { authorizeExtras, checksumElements, quoted, refuseLongKey, s3Time, tagsOf } from './object-operations.ts';
import { byteRange } from './ranges.ts';
import { branch, leaf, xmlDocument } from './xml.ts';

/** Throws NoSuchUpload (404) for an upload of another key, too. */
export const findUpload = (call: S3Call, bucket: Bucket): MultipartUpload => {
  const upload = bucket.uploads.get(call.query.get('uploadId') ?? '');
  if (!upload || upload.key !== call.key) throw noSuchUpload();
  return upload;
};

export const createMultipartUpload: Operation = (call, s3) => {
  call.authorize('s3:PutObject');
  authorizeExtras(call);
  const bucket = findBucket(s3, call.bucket);
  refuseLongKey(call.key);
  const algorithm = checksumAlgorithm(call.headers['x-amz-checksum-algorithm']);
  const asked = call.headers['x-amz-checksum-type'];
  const whole = algorithm === undefined || algorithm === 'CRC64NVME' || asked === 'FULL_OBJECT';
  const checksumType: ChecksumType = whole ? 'FULL_OBJECT' : 'COMPOSITE';
  const upload: MultipartUpload = {
    id: randomBytes(48).toString('base64url'),
    key: call.key,
    at: s3.clock.now(),
    headers: objectHeaders(bucket, call.headers),
    tags: tagsOf(call.headers),
    lock: lockHeadersOf(call.headers),
    checksumType,
    parts: new Map(),
    ...(algorithm ? { algorithm } : {}),
  };
  bucket.uploads.set(upload.id, upload);
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(upload.headers),
      ...(algorithm ? { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': checksumType } : {}),
    },
    document: xmlDocument(
      'InitiateMultipartUploadResult',
      leaf('Bucket', bucket.name),
      leaf('Key', upload.key),
      leaf('UploadId', upload.id),
    ),
  };
};

const mostParts = 10_000;

const partNumber = (call: S3Call): number => {
  const number = Number(call.query.get('partNumber'));
  if (Number.isInteger(number) && number >= 1 && number <= mostParts) return number;
  throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive');
};

const keepPart = (
  s3: S3State,
  bucket: Bucket,
  upload: MultipartUpload,
  number: number,
  received: ReceivedBody,
): UploadedPart => {
  // The upload may have been completed or aborted while this part was on its way.
  if (bucket.uploads.get(upload.id) !== upload) {
    s3.bodies.release(received.body);
    throw noSuchUpload();
  }
  const replaced = upload.parts.get(number);
  if (replaced) s3.bodies.release(replaced.body);
  const part: UploadedPart = {
    number,
    etag: entityTag(upload.headers, received.md5),
    at: s3.clock.now(),
    body: received.body,
    checksums: received.checksums,
  };
  upload.parts.set(number, part);
  return part;
};

const partChecksums = ({ checksums }: UploadedPart): Headers =>
  Object.fromEntries(
    Object.entries(checksums).flatMap(([name, value]) => {
      const algorithm = checksumAlgorithm(name);
      return algorithm ? [[checksumHeader(algorithm), value]] : [];
    }),
  );

export const uploadPart: Operation = async (call, s3) => {
  call.authorize('s3:PutObject');
  const bucket = findBucket(s3, call.bucket);
  const upload = findUpload(call, bucket);
  const number = partNumber(call);
  const extra = upload.algorithm ? [upload.algorithm] : [];
  const received = await receiveBody(s3.bodies, call.headers, call.body(), { extra });
  const part = keepPart(s3, bucket, upload, number, received);
  return {
    status: 200,
    headers: { etag: quoted(part.etag), ...encryptionHeaders(upload.headers), ...partChecksums(part) },
  };
};

export const uploadPartCopy: Operation = async (call, s3) => {
  call.authorize('s3:PutObject');
  const source = findCopySource(call, s3);
  const bucket = findBucket(s3, call.bucket);
  const upload = findUpload(call, bucket);
  const number = partNumber(call);
  const { size } = source.version.body;
  const stretch = byteRange(call.headers['x-amz-copy-source-range'], size) ?? { start: 0, length: size };
  const received = await copyBody(s3, source.version, stretch, upload.algorithm ? [upload.algorithm] : []);
  const part = keepPart(s3, bucket, upload, number, received);
  return {
    status: 200,
    headers: { ...copySourceHeaders(source), ...encryptionHeaders(upload.headers) },
    document: xmlDocument(
      'CopyPartResult',
      leaf('ETag', quoted(part.etag)),
      leaf('LastModified', s3Time(part.at)),
      checksumElements(part.checksums),
    ),
  };
};

/** Ends an upload and lets go of its parts. */
export const forgetUpload = (s3: S3State, bucket: Bucket, upload: MultipartUpload): void => {
  bucket.uploads.delete(upload.id);
  for (const part of upload.parts.values()) s3.bodies.release(part.body);
};

export const abortMultipartUpload: Operation = (call, s3) => {
  call.authorize('s3:AbortMultipartUpload');
  const bucket = findBucket(s3, call.bucket);
  forgetUpload(s3, bucket, findUpload(call, bucket));
  return { status: 204 };
};

export const listParts: Operation = (call, s3) => {
  call.authorize('s3:ListMultipartUploadParts');
  const bucket = findBucket(s3, call.bucket);
  const upload = findUpload(call, bucket);
  const limit = readLimit(call.query, 'max-parts');
  const after = Number(call.query.get('part-number-marker') ?? 0);
  const left = [...upload.parts.values()].filter(({ number }) => number > after).sort((a, b) => a.number - b.number);
  const parts = left.slice(0, limit);
  const truncated = parts.length < left.length && limit > 0;
  return {
    status: 200,
    document: xmlDocument(
      'ListPartsResult',
      leaf('Bucket', bucket.name),
      leaf('Key', upload.key),
      leaf('UploadId', upload.id),
      leaf('PartNumberMarker', after),
      leaf('NextPartNumberMarker', parts.at(-1)?.number ?? after),
      leaf('MaxParts', limit),
      leaf('IsTruncated', truncated),
      leaf('StorageClass', upload.headers['x-amz-storage-class'] ?? 'STANDARD'),
      leaf('ChecksumAlgorithm', upload.algorithm),
      ...parts.map((part) =>
        branch(
          'Part',
          leaf('PartNumber', part.number),
          leaf('LastModified', s3Time(part.at)),
          leaf('ETag', quoted(part.etag)),
          leaf('Size', part.body.size),
          checksumElements(part.checksums),
        ),
      ),
    ),
  };
};

export const listMultipartUploads: Operation = (call, s3) => {
  call.authorize('s3:ListBucketMultipartUploads');
  const bucket = findBucket(s3, call.bucket);
  const limit = readLimit(call.query, 'max-uploads');
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = call.query.get('upload-id-marker');
  const order = (a: MultipartUpload, b: MultipartUpload) =>
    byUtf8(a.key, b.key) || a.at - b.at || (a.id < b.id ? -1 : 1);
  const sorted = [...bucket.uploads.values()].sort(order);
  const at = idMarker === null ? -1 : sorted.findIndex(({ id }) => id === idMarker);
  const left = at >= 0 ? sorted.slice(at + 1) : sorted.filter(({ key }) => byUtf8(key, keyMarker) > 0);
  const page = pageOf(left, {
    prefix: call.query.get('prefix') ?? '',
    delimiter: call.query.get('delimiter') ?? '',
    after: keyMarker,
    limit,
  });
  return {
    status: 200,
    document: xmlDocument(
      'ListMultipartUploadsResult',
      leaf('Bucket', bucket.name),
      leaf('KeyMarker', keyMarker),
      leaf('UploadIdMarker', idMarker ?? ''),
      page.truncated ? leaf('NextKeyMarker', page.last?.name) : '',
      page.truncated ? leaf('NextUploadIdMarker', page.last?.item?.id) : '',
      leaf('MaxUploads', limit),
      leaf('IsTruncated', page.truncated),
      ...page.items.map((upload) =>
        branch(
          'Upload',
          leaf('Key', upload.key),
          leaf('UploadId', upload.id),
          leaf('Initiated', s3Time(upload.at)),
          leaf('StorageClass', upload.headers['x-amz-storage-class'] ?? 'STANDARD'),
          leaf('ChecksumAlgorithm', upload.algorithm),
        ),
      ),
      ...page.commonPrefixes.map((prefix) => branch('CommonPrefixes', leaf('Prefix', prefix))),
    ),
  };
};
