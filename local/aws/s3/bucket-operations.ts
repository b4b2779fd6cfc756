import { serviceEncryption } from './bucket-settings.ts';
import type { Operation } from './call.ts';
import { S3Error } from './errors.ts';
import { receiveDocument } from './incoming.ts';
import { type Bucket, findBucket } from './model.ts';
import { noNotifications } from './notifications.ts';
import { s3Time } from './object-operations.ts';
import { branch, leaf, parseXml, textOf, xmlDocument } from './xml.ts';

export const listBuckets: Operation = (call, s3) => {
  call.authorize('s3:ListAllMyBuckets');
  const names = [...s3.buckets.keys()].sort();
  const rows = names.flatMap((name) => {
    const bucket = s3.buckets.get(name);
    if (!bucket) return [];
    return branch('Bucket', leaf('Name', name), leaf('CreationDate', s3Time(bucket.createdAt)));
  });
  const owner = branch('Owner', leaf('ID', s3.account));
  return { status: 200, document: xmlDocument('ListAllMyBucketsResult', owner, branch('Buckets', ...rows)) };
};

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const createBucket: Operation = async (call, s3) => {
  call.authorize('s3:CreateBucket');
  const document = await receiveDocument(call.headers, call.body());
  if (!bucketName.test(call.bucket)) throw new S3Error('InvalidBucketName', 400, 'The specified bucket is not valid.');
  const constraint = document === '' ? undefined : textOf(parseXml(document), 'LocationConstraint');
  if (constraint !== undefined && constraint !== s3.region) {
    throw new S3Error('IllegalLocationConstraintException', 400, `This endpoint serves ${s3.region} alone.`);
  }
  if (s3.buckets.has(call.bucket)) {
    throw new S3Error('BucketAlreadyOwnedByYou', 409, 'You already own the bucket of that name.');
  }
  const bucket: Bucket = {
    name: call.bucket,
    createdAt: s3.clock.now(),
    documents: new Map(),
    objects: new Map(),
    uploads: new Map(),
    objectLock: false,
    defaultEncryption: serviceEncryption,
    denials: [],
    notifications: noNotifications,
    cors: [],
  };
  if (call.headers['x-amz-bucket-object-lock-enabled']?.toLowerCase() === 'true') {
    bucket.objectLock = true;
    bucket.versioning = 'Enabled';
    const enabled = leaf('ObjectLockEnabled', 'Enabled');
    bucket.documents.set('object-lock', xmlDocument('ObjectLockConfiguration', enabled));
    bucket.documents.set('versioning', xmlDocument('VersioningConfiguration', leaf('Status', 'Enabled')));
  }
  s3.buckets.set(bucket.name, bucket);
  return { status: 200, headers: { location: `/${bucket.name}` } };
};

export const headBucket: Operation = (call, s3) => {
  call.authorize('s3:ListBucket');
  findBucket(s3, call.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': s3.region } };
};

export const getBucketLocation: Operation = (call, s3) => {
  call.authorize('s3:GetBucketLocation');
  findBucket(s3, call.bucket);
  return { status: 200, document: xmlDocument('LocationConstraint', s3.region) };
};

export const deleteBucket: Operation = (call, s3) => {
  call.authorize('s3:DeleteBucket');
  const bucket = findBucket(s3, call.bucket);
  if (bucket.objects.size > 0) {
    throw new S3Error('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty');
  }
  for (const upload of bucket.uploads.values()) for (const part of upload.parts.values()) s3.bodies.release(part.body);
  s3.buckets.delete(bucket.name);
  return { status: 204 };
};
