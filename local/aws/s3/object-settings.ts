import { isoTime } from '../../../shared/platform/clock.ts';
import type { Operation, S3Call } from './call.ts';
import { findObject, versionHeader } from './entries.ts';
import { invalidRequest, malformedXml, S3Error } from './errors.ts';
import { receiveDocument } from './incoming.ts';
import { type Bucket, findBucket, type ObjectVersion, type S3State } from './model.ts';
import { readRetention, refuseWeakerRetention } from './object-lock.ts';
import { branch, childrenOf, descend, leaf, parseXml, textOf, type XmlElement, xmlDocument } from './xml.ts';

/** What can be changed about a version after it was written: tags, retention, legal hold. */

const versionIdOf = (call: S3Call) => call.query.get('versionId') ?? undefined;

const locate = (call: S3Call, s3: S3State): { bucket: Bucket; version: ObjectVersion } => {
  const bucket = findBucket(s3, call.bucket);
  return { bucket, version: findObject(bucket, call.key, versionIdOf(call)) };
};

const documentOf = async (call: S3Call): Promise<XmlElement> =>
  parseXml(await receiveDocument(call.headers, call.body()));

const taggingAction = (call: S3Call, verb: string) =>
  `s3:${verb}Object${versionIdOf(call) === undefined ? '' : 'Version'}Tagging`;

export const getObjectTagging: Operation = (call, s3) => {
  call.authorize(taggingAction(call, 'Get'));
  const { bucket, version } = locate(call, s3);
  const tags = version.tags.map(([key, value]) => branch('Tag', leaf('Key', key), leaf('Value', value)));
  return {
    status: 200,
    headers: versionHeader(bucket, version),
    document: xmlDocument('Tagging', branch('TagSet', ...tags)),
  };
};

const mostTags = 10;

export const putObjectTagging: Operation = async (call, s3) => {
  call.authorize(taggingAction(call, 'Put'));
  const elements = childrenOf(descend(await documentOf(call), 'TagSet'), 'Tag');
  if (elements.length > mostTags) throw new S3Error('BadRequest', 400, 'Object tags cannot be greater than 10');
  const { bucket, version } = locate(call, s3);
  version.tags = elements.map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''] as const);
  return { status: 200, headers: versionHeader(bucket, version) };
};

export const deleteObjectTagging: Operation = (call, s3) => {
  call.authorize(taggingAction(call, 'Delete'));
  const { bucket, version } = locate(call, s3);
  version.tags = [];
  return { status: 204, headers: versionHeader(bucket, version) };
};

const refuseWithoutLock = (bucket: Bucket): void => {
  if (!bucket.objectLock) throw invalidRequest('Bucket is missing Object Lock Configuration');
};

const noLock = () =>
  new S3Error('NoSuchObjectLockConfiguration', 404, 'The specified object does not have a ObjectLock configuration');

export const getObjectRetention: Operation = (call, s3) => {
  call.authorize('s3:GetObjectRetention');
  const { bucket, version } = locate(call, s3);
  refuseWithoutLock(bucket);
  if (!version.retention) throw noLock();
  const { mode, until } = version.retention;
  return {
    status: 200,
    document: xmlDocument('Retention', leaf('Mode', mode), leaf('RetainUntilDate', isoTime(until))),
  };
};

export const putObjectRetention: Operation = async (call, s3) => {
  call.authorize('s3:PutObjectRetention');
  const bypass = call.headers['x-amz-bypass-governance-retention']?.toLowerCase() === 'true';
  if (bypass) call.authorize('s3:BypassGovernanceRetention');
  const document = await documentOf(call);
  const { bucket, version } = locate(call, s3);
  refuseWithoutLock(bucket);
  const now = s3.clock.now();
  const wanted = readRetention(document, now);
  refuseWeakerRetention(version, wanted, now, bypass);
  if (wanted) version.retention = wanted;
  else delete version.retention;
  return { status: 200 };
};

export const getObjectLegalHold: Operation = (call, s3) => {
  call.authorize('s3:GetObjectLegalHold');
  const { bucket, version } = locate(call, s3);
  refuseWithoutLock(bucket);
  return { status: 200, document: xmlDocument('LegalHold', leaf('Status', version.legalHold ? 'ON' : 'OFF')) };
};

export const putObjectLegalHold: Operation = async (call, s3) => {
  call.authorize('s3:PutObjectLegalHold');
  const status = textOf(await documentOf(call), 'Status');
  if (status !== 'ON' && status !== 'OFF') throw malformedXml();
  const { bucket, version } = locate(call, s3);
  refuseWithoutLock(bucket);
  version.legalHold = status === 'ON';
  return { status: 200 };
};
