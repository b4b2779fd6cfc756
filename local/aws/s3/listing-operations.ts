import type { Operation, S3Call } from './call.ts';
import { currentObject } from './entries.ts';
import { invalidArgument } from './errors.ts';
import { byUtf8, pageOf, readLimit } from './listing.ts';
import { type Bucket, type Entry, findBucket, type ObjectVersion } from './model.ts';
import { quoted, s3Time } from './object-operations.ts';
import { branch, leaf, xmlDocument } from './xml.ts';

/** How names are written: percent-encoded where the caller asked for it. */
const nameEncoding = (call: S3Call): ((name: string) => string) => {
  const wanted = call.query.get('encoding-type');
  if (wanted !== null && wanted !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request');
  return wanted === 'url' ? (name) => encodeURIComponent(name).replace(/%2F/g, '/') : (name) => name;
};

const storageClass = (version: ObjectVersion) => version.headers['x-amz-storage-class'] ?? 'STANDARD';

const currentObjects = (bucket: Bucket, after: string): readonly ObjectVersion[] =>
  [...bucket.objects.keys()]
    .filter((key) => byUtf8(key, after) > 0)
    .sort(byUtf8)
    .flatMap((key) => currentObject(bucket, key) ?? []);

const token = {
  write: (name: string) => Buffer.from(name).toString('base64url'),
  read: (text: string) => Buffer.from(text, 'base64url').toString(),
};

export const listObjects: Operation = (call, s3) => {
  call.authorize('s3:ListBucket');
  const bucket = findBucket(s3, call.bucket);
  const encode = nameEncoding(call);
  const second = call.query.get('list-type') === '2';
  const continuation = call.query.get('continuation-token');
  const startAfter = call.query.get('start-after') ?? '';
  const marker = call.query.get('marker') ?? '';
  const after = second ? (continuation ? token.read(continuation) : startAfter) : marker;
  const prefix = call.query.get('prefix') ?? '';
  const delimiter = call.query.get('delimiter') ?? '';
  const limit = readLimit(call.query, 'max-keys');
  const page = pageOf(currentObjects(bucket, after), { prefix, delimiter, after, limit });
  const next = page.truncated && page.last ? page.last.name : undefined;
  const owner = call.query.get('fetch-owner') === 'true' || !second ? branch('Owner', leaf('ID', s3.account)) : '';
  const paging = second
    ? [
        leaf('KeyCount', page.items.length + page.commonPrefixes.length),
        leaf('ContinuationToken', continuation ?? undefined),
        leaf('NextContinuationToken', next === undefined ? undefined : token.write(next)),
        startAfter === '' ? '' : leaf('StartAfter', encode(startAfter)),
      ]
    : [leaf('Marker', encode(marker)), leaf('NextMarker', next === undefined ? undefined : encode(next))];
  return {
    status: 200,
    document: xmlDocument(
      'ListBucketResult',
      leaf('Name', bucket.name),
      leaf('Prefix', encode(prefix)),
      delimiter === '' ? '' : leaf('Delimiter', encode(delimiter)),
      leaf('MaxKeys', limit),
      leaf('EncodingType', call.query.get('encoding-type') ?? undefined),
      leaf('IsTruncated', page.truncated),
      ...paging,
      ...page.items.map((version) =>
        branch(
          'Contents',
          leaf('Key', encode(version.key)),
          leaf('LastModified', s3Time(version.at)),
          leaf('ETag', quoted(version.etag)),
          ...Object.keys(version.checksums).map((algorithm) => leaf('ChecksumAlgorithm', algorithm)),
          leaf('Size', version.body.size),
          owner,
          leaf('StorageClass', storageClass(version)),
        ),
      ),
      ...page.commonPrefixes.map((name) => branch('CommonPrefixes', leaf('Prefix', encode(name)))),
    ),
  };
};

/** Every entry, by key and then newest first, from where the markers say. */
const entriesAfter = (bucket: Bucket, keyMarker: string, versionMarker: string): readonly Entry[] =>
  [...bucket.objects.keys()].sort(byUtf8).flatMap((key) => {
    const newestFirst = [...(bucket.objects.get(key) ?? [])].reverse();
    if (keyMarker === '' || byUtf8(key, keyMarker) > 0) return newestFirst;
    if (key !== keyMarker || versionMarker === '') return [];
    // Where the marker's version is gone (a caller that deletes page by page), what is left of the key comes next.
    return newestFirst.slice(newestFirst.findIndex((entry) => entry.versionId === versionMarker) + 1);
  });

export const listObjectVersions: Operation = (call, s3) => {
  call.authorize('s3:ListBucketVersions');
  const bucket = findBucket(s3, call.bucket);
  const encode = nameEncoding(call);
  const keyMarker = call.query.get('key-marker') ?? '';
  const versionMarker = call.query.get('version-id-marker') ?? '';
  if (versionMarker !== '' && keyMarker === '') {
    throw invalidArgument('A version-id marker cannot be specified without a key marker.');
  }
  const prefix = call.query.get('prefix') ?? '';
  const delimiter = call.query.get('delimiter') ?? '';
  const limit = readLimit(call.query, 'max-keys');
  const page = pageOf(entriesAfter(bucket, keyMarker, versionMarker), { prefix, delimiter, after: keyMarker, limit });
  const rows = page.items.map((entry) => {
    const common = [
      leaf('Key', encode(entry.key)),
      leaf('VersionId', entry.versionId),
      leaf('IsLatest', bucket.objects.get(entry.key)?.at(-1) === entry),
      leaf('LastModified', s3Time(entry.at)),
    ];
    if (entry.marker) return branch('DeleteMarker', ...common);
    return branch(
      'Version',
      ...common,
      leaf('ETag', quoted(entry.etag)),
      leaf('Size', entry.body.size),
      leaf('StorageClass', storageClass(entry)),
    );
  });
  return {
    status: 200,
    document: xmlDocument(
      'ListVersionsResult',
      leaf('Name', bucket.name),
      leaf('Prefix', encode(prefix)),
      leaf('KeyMarker', encode(keyMarker)),
      leaf('VersionIdMarker', versionMarker),
      page.truncated && page.last ? leaf('NextKeyMarker', encode(page.last.name)) : '',
      page.truncated ? leaf('NextVersionIdMarker', page.last?.item?.versionId) : '',
      leaf('MaxKeys', limit),
      leaf('EncodingType', call.query.get('encoding-type') ?? undefined),
      leaf('IsTruncated', page.truncated),
      ...rows,
      ...page.commonPrefixes.map((name) => branch('CommonPrefixes', leaf('Prefix', encode(name)))),
    ),
  };
};
