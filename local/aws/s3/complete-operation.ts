import { createHash } from 'node:crypto';
import { encryptionHeaders, type Operation } from './call.ts';
import {
  type ChecksumAlgorithm,
  type Checksums,
  checksumAlgorithms,
  checksumElement,
  checksumHeader,
  startChecksum,
} from './checksums.ts';
import { commitObject, entityTag } from './commit.ts';
import { versionHeader } from './entries.ts';
import { badDigest, invalidRequest, malformedXml, noSuchUpload, S3Error } from './errors.ts';
import { receiveBody, receiveDocument } from './incoming.ts';
import { findBucket, type Headers, type MultipartUpload, type S3State, type UploadedPart } from './model.ts';
import { findUpload, forgetUpload } from './multipart-operations.ts';
import { checksumElements, quoted } from './object-operations.ts';
import { childrenOf, leaf, parseXml, textOf, type XmlElement, xmlDocument } from './xml.ts';

const smallestPart = 5 * 2 ** 20;

const invalidPart = () => new S3Error('InvalidPart', 400, 'One or more of the specified parts could not be found.');

/** The parts that the request names, in its order. Throws InvalidPart, InvalidPartOrder or EntityTooSmall (400). */
const chosenParts = (document: XmlElement, upload: MultipartUpload): readonly UploadedPart[] => {
  const named = childrenOf(document, 'Part');
  if (named.length === 0) throw malformedXml();
  const parts = named.map((element) => {
    const part = upload.parts.get(Number(textOf(element, 'PartNumber')));
    if (!part || textOf(element, 'ETag')?.replaceAll('"', '') !== part.etag) throw invalidPart();
    for (const algorithm of checksumAlgorithms) {
      const claimed = textOf(element, checksumElement(algorithm));
      if (claimed !== undefined && claimed !== part.checksums[algorithm]) throw invalidPart();
    }
    return part;
  });
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    if (before && part.number <= before.number) {
      throw new S3Error('InvalidPartOrder', 400, 'The list of parts was not in ascending order.');
    }
  });
  if (parts.slice(0, -1).some((part) => part.body.size < smallestPart)) {
    throw new S3Error('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size');
  }
  return parts;
};

/** The checksum of the parts' checksums. Throws InvalidPart where one part has none. */
const compositeOf = (algorithm: ChecksumAlgorithm, parts: readonly UploadedPart[]): string => {
  const running = startChecksum(algorithm);
  for (const part of parts) {
    const value = part.checksums[algorithm];
    if (value === undefined) throw invalidPart();
    running.update(Buffer.from(value, 'base64'));
  }
  return `${running.digest().toString('base64')}-${parts.length}`;
};

async function* joined(s3: S3State, parts: readonly UploadedPart[]): AsyncGenerator<Buffer> {
  for (const part of parts) for await (const piece of s3.bodies.read(part.body)) yield piece;
}

/** The request's checksum headers speak of the object, not of the document that it carries. */
const documentHeaders = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-checksum-')));

const refuseOtherObject = (headers: Headers, checksums: Checksums, size: number): void => {
  const announced = headers['x-amz-mp-object-size'];
  if (announced !== undefined && Number(announced) !== size) {
    throw invalidRequest('The size of the object does not match x-amz-mp-object-size.');
  }
  for (const algorithm of checksumAlgorithms) {
    const claimed = headers[checksumHeader(algorithm)];
    if (claimed !== undefined && claimed !== checksums[algorithm]) throw badDigest(algorithm);
  }
};

export const completeMultipartUpload: Operation = async (call, s3) => {
  call.authorize('s3:PutObject', { createsObject: true });
  const bucket = findBucket(s3, call.bucket);
  const document = parseXml(await receiveDocument(documentHeaders(call.headers), call.body()));
  const upload = findUpload(call, bucket);
  const parts = chosenParts(document, upload);
  const algorithm = upload.algorithm ?? 'CRC64NVME';
  const composite: Checksums =
    upload.checksumType === 'COMPOSITE' ? { [algorithm]: compositeOf(algorithm, parts) } : {};
  const length = parts.reduce((sum, part) => sum + part.body.size, 0);

  for (const part of parts) s3.bodies.hold(part.body);
  try {
    const received = await receiveBody(s3.bodies, { 'content-length': String(length) }, joined(s3, parts), {
      extra: upload.checksumType === 'COMPOSITE' ? [] : [algorithm],
    });
    const checksums = { ...received.checksums, ...composite };
    try {
      if (bucket.uploads.get(upload.id) !== upload) throw noSuchUpload();
      refuseOtherObject(call.headers, checksums, length);
    } catch (error) {
      s3.bodies.release(received.body);
      throw error;
    }
    const tags = createHash('md5');
    for (const part of parts) tags.update(part.etag, 'hex');
    const version = commitObject(
      s3,
      bucket,
      {
        key: upload.key,
        body: received.body,
        etag: `${entityTag(upload.headers, tags.digest('hex'))}-${parts.length}`,
        headers: upload.headers,
        checksums,
        checksumType: upload.checksumType,
        partSizes: parts.map((part) => part.body.size),
        tags: upload.tags,
        lock: upload.lock,
      },
      call.headers,
      'ObjectCreated:CompleteMultipartUpload',
    );
    forgetUpload(s3, bucket, upload);
    return {
      status: 200,
      headers: { ...versionHeader(bucket, version), ...encryptionHeaders(version.headers) },
      document: xmlDocument(
        'CompleteMultipartUploadResult',
        leaf('Location', `/${bucket.name}/${encodeURIComponent(version.key)}`),
        leaf('Bucket', bucket.name),
        leaf('Key', version.key),
        leaf('ETag', quoted(version.etag)),
        leaf('ChecksumType', version.checksumType),
        checksumElements(version.checksums),
      ),
    };
  } finally {
    for (const part of parts) s3.bodies.release(part.body);
  }
};
