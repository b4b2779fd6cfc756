import type { Operation, S3Call } from './call.ts';
import { addEntry, currentObject, entryFor, nextVersionId, removeEntry } from './entries.ts';
import { malformedXml, S3Error } from './errors.ts';
import { receiveDocument } from './incoming.ts';
import { type Bucket, type DeleteMarker, findBucket, type Headers, nullVersion, type S3State } from './model.ts';
import { refuseLocked } from './object-lock.ts';
import { checkDelete } from './preconditions.ts';
import { branch, childrenOf, leaf, parseXml, textOf, xmlDocument } from './xml.ts';

interface Deletion {
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly bypassGovernance: boolean;
}

interface Deleted {
  /** A delete marker was made, or was what this removed. */
  readonly marker: boolean;
  readonly versionId?: string;
}

const removeVersion = (s3: S3State, bucket: Bucket, key: string, versionId: string, bypass: boolean): Deleted => {
  const entry = entryFor(bucket, key, versionId);
  if (!entry) return { marker: false, versionId };
  const at = s3.clock.now();
  if (!entry.marker) refuseLocked(entry, at, bypass);
  removeEntry(bucket, entry);
  if (!entry.marker) s3.bodies.release(entry.body);
  s3.announce(bucket, {
    name: 'ObjectRemoved:Delete',
    key,
    at,
    ...(entry.marker ? {} : { size: entry.body.size, etag: entry.etag }),
    ...(bucket.versioning ? { versionId } : {}),
  });
  return { marker: entry.marker, versionId };
};

const addMarker = (s3: S3State, bucket: Bucket, key: string): Deleted => {
  const marker: DeleteMarker = { key, versionId: nextVersionId(bucket), marker: true, at: s3.clock.now() };
  for (const replaced of addEntry(bucket, marker)) if (!replaced.marker) s3.bodies.release(replaced.body);
  const { versionId, at } = marker;
  s3.announce(bucket, { name: 'ObjectRemoved:DeleteMarkerCreated', key, versionId, at });
  return { marker: true, versionId };
};

/** One deletion, checked and done in one synchronous step. */
const deleteOne = (s3: S3State, bucket: Bucket, deletion: Deletion): Deleted => {
  const { key, versionId, ifMatch, bypassGovernance } = deletion;
  checkDelete(ifMatch, currentObject(bucket, key));
  if (versionId !== undefined) return removeVersion(s3, bucket, key, versionId, bypassGovernance);
  if (bucket.versioning) return addMarker(s3, bucket, key);
  removeVersion(s3, bucket, key, nullVersion, bypassGovernance);
  return { marker: false };
};

const bypassHeader = 'x-amz-bypass-governance-retention';

const authorizeDeletion = (call: S3Call, key: string, versionId: string | undefined): boolean => {
  call.authorize(versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', { key });
  const bypass = call.headers[bypassHeader]?.toLowerCase() === 'true';
  if (bypass) call.authorize('s3:BypassGovernanceRetention', { key });
  return bypass;
};

export const deleteObject: Operation = (call, s3) => {
  const versionId = call.query.get('versionId') ?? undefined;
  const bypassGovernance = authorizeDeletion(call, call.key, versionId);
  const deleted = deleteOne(s3, findBucket(s3, call.bucket), {
    key: call.key,
    versionId,
    ifMatch: call.headers['if-match'],
    bypassGovernance,
  });
  const headers: Headers = {
    ...(deleted.marker ? { 'x-amz-delete-marker': 'true' } : {}),
    ...(deleted.versionId === undefined ? {} : { 'x-amz-version-id': deleted.versionId }),
  };
  return { status: 204, headers };
};

const mostKeys = 1000;

export const deleteObjects: Operation = async (call, s3) => {
  const document = parseXml(await receiveDocument(call.headers, call.body()));
  const bucket = findBucket(s3, call.bucket);
  const objects = childrenOf(document, 'Object');
  if (objects.length === 0 || objects.length > mostKeys) throw malformedXml();
  const quiet = textOf(document, 'Quiet') === 'true';
  const rows = objects.map((object) => {
    const key = textOf(object, 'Key') ?? '';
    const versionId = textOf(object, 'VersionId');
    try {
      const bypassGovernance = authorizeDeletion(call, key, versionId);
      const deleted = deleteOne(s3, bucket, { key, versionId, ifMatch: textOf(object, 'ETag'), bypassGovernance });
      if (quiet) return '';
      return branch(
        'Deleted',
        leaf('Key', key),
        leaf('VersionId', versionId),
        deleted.marker ? leaf('DeleteMarker', true) : '',
        deleted.marker ? leaf('DeleteMarkerVersionId', deleted.versionId) : '',
      );
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return branch(
        'Error',
        leaf('Key', key),
        leaf('VersionId', versionId),
        leaf('Code', error.code),
        leaf('Message', error.message),
      );
    }
  });
  return { status: 200, document: xmlDocument('DeleteResult', ...rows) };
};
