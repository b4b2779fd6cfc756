import { days, isoTime } from '../../../shared/platform/clock.ts';
import { invalidArgument, invalidRequest, S3Error } from './errors.ts';
import type { Bucket, Headers, ObjectVersion } from './model.ts';
import { textOf, type XmlElement } from './xml.ts';

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface Retention {
  readonly mode: RetentionMode;
  /** Epoch milliseconds. */
  readonly until: number;
}

export interface DefaultRetention {
  readonly mode: RetentionMode;
  /** How long from the writing of a version, in milliseconds. */
  readonly duration: number;
}

const retentionMode = (text: string | undefined): RetentionMode => {
  if (text === 'GOVERNANCE' || text === 'COMPLIANCE') return text;
  throw invalidArgument('Unknown Object Lock mode.');
};

/** The default retention of an ObjectLockConfiguration document; undefined where it has no rule. */
export const readDefaultRetention = (document: XmlElement): DefaultRetention | undefined => {
  const rule = ['Rule', 'DefaultRetention'] as const;
  const mode = textOf(document, ...rule, 'Mode');
  if (mode === undefined) return undefined;
  const wholeDays = Number(textOf(document, ...rule, 'Days') ?? 365 * Number(textOf(document, ...rule, 'Years')));
  if (!(wholeDays > 0)) throw invalidArgument('Default retention needs a positive number of days or years.');
  return { mode: retentionMode(mode), duration: days(wholeDays) };
};

const untilTime = (text: string | undefined, now: number): number => {
  const until = Date.parse(text ?? '');
  if (!(until > now)) throw invalidArgument('The retain until date must be in the future!');
  return until;
};

/** A Retention document of PutObjectRetention; undefined for an empty one, which takes retention away. */
export const readRetention = (document: XmlElement, now: number): Retention | undefined => {
  const mode = textOf(document, 'Mode');
  if (mode === undefined) return undefined;
  return { mode: retentionMode(mode), until: untilTime(textOf(document, 'RetainUntilDate'), now) };
};

const lockHeader = 'x-amz-object-lock-';

/** The lock headers among a request's: kept with a multipart upload until it is completed. */
export const lockHeadersOf = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(lockHeader)));

/** How a version written `now` is locked: by the request's own headers, else by the bucket's default. */
export const lockFor = (
  bucket: Bucket,
  headers: Headers,
  now: number,
): Pick<ObjectVersion, 'legalHold'> & { retention?: Retention } => {
  const mode = headers[`${lockHeader}mode`];
  const hold = headers[`${lockHeader}legal-hold`];
  if (!bucket.objectLock) {
    if (mode || hold) throw invalidRequest('Bucket is missing Object Lock Configuration');
    return { legalHold: false };
  }
  const legalHold = hold === 'ON';
  if (mode) {
    const until = untilTime(headers[`${lockHeader}retain-until-date`], now);
    return { legalHold, retention: { mode: retentionMode(mode), until } };
  }
  const { defaultRetention } = bucket;
  if (!defaultRetention) return { legalHold };
  return { legalHold, retention: { mode: defaultRetention.mode, until: now + defaultRetention.duration } };
};

const locked = () => new S3Error('AccessDenied', 403, 'Access Denied because object protected by object lock.');

/** Refuses to destroy a version that is held or retained at `now`. Throws AccessDenied (403). */
export const refuseLocked = (version: ObjectVersion, now: number, bypassGovernance: boolean): void => {
  if (version.legalHold) throw locked();
  if (!version.retention || version.retention.until <= now) return;
  if (version.retention.mode === 'COMPLIANCE' || !bypassGovernance) throw locked();
};

/** Refuses to weaken a retention that still runs. Throws AccessDenied (403). */
export const refuseWeakerRetention = (
  version: ObjectVersion,
  wanted: Retention | undefined,
  now: number,
  bypassGovernance: boolean,
): void => {
  const { retention } = version;
  if (!retention || retention.until <= now) return;
  const keeps = wanted !== undefined && wanted.until >= retention.until;
  if (retention.mode === 'COMPLIANCE' ? keeps && wanted.mode === 'COMPLIANCE' : keeps || bypassGovernance) return;
  throw locked();
};

export const lockResponseHeaders = (version: ObjectVersion): Headers => ({
  ...(version.retention
    ? {
        [`${lockHeader}mode`]: version.retention.mode,
        [`${lockHeader}retain-until-date`]: isoTime(version.retention.until),
      }
    : {}),
  ...(version.legalHold ? { [`${lockHeader}legal-hold`]: 'ON' } : {}),
});
