import { randomBytes } from 'node:crypto';
import { noSuchKey, S3Error } from './errors.ts';
import { type Bucket, type Entry, type Headers, nullVersion, type ObjectVersion } from './model.ts';

/** What a key holds: the rules of versioning, on the index alone. */

export const latestEntry = (bucket: Bucket, key: string): Entry | undefined => bucket.objects.get(key)?.at(-1);

/** The object that a read without a version id would find. */
export const currentObject = (bucket: Bucket, key: string): ObjectVersion | undefined => {
  const entry = latestEntry(bucket, key);
  return entry?.marker === false ? entry : undefined;
};

export const entryFor = (bucket: Bucket, key: string, versionId: string): Entry | undefined =>
  bucket.objects.get(key)?.find((entry) => entry.versionId === versionId);

/** Version header of an entry; nothing in a bucket that never had versioning. */
export const versionHeader = (bucket: Bucket, entry: Pick<Entry, 'versionId'>): Headers =>
  bucket.versioning ? { 'x-amz-version-id': entry.versionId } : {};

/** Throws NoSuchKey, NoSuchVersion (404) or, for a delete marker asked for by its id, MethodNotAllowed (405). */
export const findObject = (bucket: Bucket, key: string, versionId?: string): ObjectVersion => {
  const entry = versionId === undefined ? latestEntry(bucket, key) : entryFor(bucket, key, versionId);
  if (!entry) {
    throw versionId === undefined
      ? noSuchKey()
      : new S3Error('NoSuchVersion', 404, 'The specified version does not exist.');
  }
  if (!entry.marker) return entry;
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, entry) };
  throw versionId === undefined
    ? noSuchKey(headers)
    : new S3Error('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.', headers);
};

export const nextVersionId = (bucket: Bucket): string =>
  bucket.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : nullVersion;

const setEntries = (bucket: Bucket, key: string, entries: readonly Entry[]) => {
  if (entries.length > 0) bucket.objects.set(key, entries);
  else bucket.objects.delete(key);
};

/** Makes an entry the latest; returns those it replaces (the null version, outside versioning). */
export const addEntry = (bucket: Bucket, entry: Entry): readonly Entry[] => {
  const entries = bucket.objects.get(entry.key) ?? [];
  const replaced = entries.filter((each) => each.versionId === entry.versionId);
  setEntries(bucket, entry.key, [...entries.filter((each) => !replaced.includes(each)), entry]);
  return replaced;
};

export const removeEntry = (bucket: Bucket, entry: Entry): void => {
  const entries = bucket.objects.get(entry.key) ?? [];
  setEntries(
    bucket,
    entry.key,
    entries.filter((each) => each !== entry),
  );
};
