import { noSuchKey, notImplemented, preconditionFailed } from './errors.ts';
import type { Headers, ObjectVersion } from './model.ts';

const matches = (header: string, etag: string): boolean =>
  header.split(',').some((each) => {
    const wanted = each.trim().replace(/^W\//, '').replaceAll('"', '');
    return wanted === '*' || wanted === etag;
  });

/** Conditional writes: asked at the moment of commit. Throws PreconditionFailed (412), NoSuchKey or NotImplemented. */
export const checkWrite = (headers: Headers, current: ObjectVersion | undefined): void => {
  const absent = headers['if-none-match'];
  if (absent !== undefined) {
    if (absent.trim() !== '*') throw notImplemented('If-None-Match with anything but * on a write');
    if (current) throw preconditionFailed();
  }
  const wanted = headers['if-match'];
  if (wanted !== undefined) {
    if (!current) throw noSuchKey();
    if (!matches(wanted, current.etag)) throw preconditionFailed();
  }
};

/** Conditional deletes look at the current version alone. */
export const checkDelete = (ifMatch: string | undefined, current: ObjectVersion | undefined): void =>
  checkWrite(ifMatch === undefined ? {} : { 'if-match': ifMatch }, current);

const wholeSeconds = (epochMs: number) => Math.floor(epochMs / 1000) * 1000;

/** How a conditional read ends: with the object, as "not modified", or as "failed" (412). */
export const judgeRead = (headers: Headers, version: ObjectVersion): 'send' | 'not modified' | 'failed' => {
  const modified = wholeSeconds(version.at);
  const ifMatch = headers['if-match'];
  const unmodifiedSince = headers['if-unmodified-since'];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) return 'failed';
  } else if (unmodifiedSince !== undefined && modified > Date.parse(unmodifiedSince)) return 'failed';
  const ifNoneMatch = headers['if-none-match'];
  const modifiedSince = headers['if-modified-since'];
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, version.etag)) return 'not modified';
  } else if (modifiedSince !== undefined && modified <= Date.parse(modifiedSince)) return 'not modified';
  return 'send';
};

/** The `x-amz-copy-source-if-…` headers of a copy, asked of its source. Throws PreconditionFailed (412). */
export const checkCopySource = (headers: Headers, source: ObjectVersion): void => {
  const start = 'x-amz-copy-source-';
  const asked = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(`${start}if-`) ? [[name.slice(start.length), value] as const] : [],
  );
  if (judgeRead(Object.fromEntries(asked), source) !== 'send') throw preconditionFailed();
};
