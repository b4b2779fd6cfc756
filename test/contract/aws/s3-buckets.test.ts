import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { credentials, region } from './json-support.ts';
import { refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

let s3: TestS3;
let Bucket: string;
beforeAll(async () => {
  s3 = await startTestS3(virtualClock(Date.UTC(2026, 9, 5, 9)));
  Bucket = await s3.bucket({ CreateBucketConfiguration: { LocationConstraint: region } });
});
afterAll(() => s3.stop());

describe('a bucket', () => {
  test('is made once, in the region of the service, and listed', async () => {
    await s3.client.send(new HeadBucketCommand({ Bucket }));
    await refusedWith(s3.client.send(new CreateBucketCommand({ Bucket })), 'BucketAlreadyOwnedByYou', 409);
    const elsewhere = { Bucket: 'elsewhere', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } } as const;
    await refusedWith(s3.client.send(new CreateBucketCommand(elsewhere)), 'IllegalLocationConstraintException', 400);
    await refusedWith(s3.client.send(new CreateBucketCommand({ Bucket: 'UPPER' })), 'InvalidBucketName', 400);
    const { Buckets } = await s3.client.send(new ListBucketsCommand({}));
    expect(Buckets).toContainEqual({ Name: Bucket, CreationDate: new Date('2026-10-05T09:00:00Z') });
    const location = await s3.client.send(new GetBucketLocationCommand({ Bucket }));
    expect(location.LocationConstraint).toBe(region);
  });

  test('is deleted when it is empty, old versions and all', async () => {
    const bucket = await s3.versioned(await s3.bucket());
    const { VersionId } = await s3.put(bucket, 'k', '1');
    const { VersionId: marker } = await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }));
    const remove = () => s3.client.send(new DeleteBucketCommand({ Bucket: bucket }));
    await refusedWith(remove(), 'BucketNotEmpty', 409);
    const Objects = [VersionId, marker].map((id) => ({ Key: 'k', ...(id ? { VersionId: id } : {}) }));
    await s3.client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    await remove();
    await refusedWith(s3.client.send(new HeadBucketCommand({ Bucket: bucket })), 'NotFound', 404);
    await refusedWith(s3.client.send(new ListObjectsV2Command({ Bucket: bucket })), 'NoSuchBucket', 404);
  });
});

describe('a configuration of a bucket', () => {
  test('of encryption comes back', async () => {
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] as const;
    const input = { Bucket, ServerSideEncryptionConfiguration: { Rules: [...Rules] } };
    await s3.client.send(new PutBucketEncryptionCommand(input));
    const found = await s3.client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(found.ServerSideEncryptionConfiguration).toEqual(input.ServerSideEncryptionConfiguration);
  });

  test('of lifecycle comes back', async () => {
    const Rules = [
      { ID: 'x', Status: 'Enabled', Filter: { Prefix: 'inbox/' }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ] as const;
    const input = { Bucket, LifecycleConfiguration: { Rules: [...Rules] } };
    await s3.client.send(new PutBucketLifecycleConfigurationCommand(input));
    const found = await s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(found.Rules).toEqual(Rules);
  });

  test('of cross-origin calls comes back and is what a browser is told', async () => {
    const preflight = (method: string, origin = 'https://x.example') =>
      fetch(`${s3.service.endpoint}/${Bucket}/k`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-amz-date' },
      });
    expect((await preflight('PUT')).status).toBe(403);
    const CORSRules = [
      {
        AllowedMethods: ['PUT'],
        AllowedOrigins: ['https://*.example'],
        AllowedHeaders: ['*'],
        ExposeHeaders: ['ETag'],
      },
    ];
    await s3.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    expect((await s3.client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
    const allowed = await preflight('PUT');
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://x.example');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('x-amz-date');
    expect((await preflight('DELETE')).status).toBe(403);
    expect((await preflight('PUT', 'https://x.example.org')).status).toBe(403);
    await s3.client.send(new DeleteBucketCorsCommand({ Bucket }));
    expect((await preflight('PUT')).status).toBe(403);
  });

  test('of public access and of policy comes back', async () => {
    const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
    await s3.client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    const block = await s3.client.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(block.PublicAccessBlockConfiguration).toMatchObject(PublicAccessBlockConfiguration);
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await s3.client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    const nonsense = s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{' }));
    await refusedWith(nonsense, 'MalformedPolicy', 400);
    await s3.client.send(new DeleteBucketPolicyCommand({ Bucket }));
    await refusedWith(s3.client.send(new GetBucketPolicyCommand({ Bucket })), 'NoSuchBucketPolicy', 404);
  });

  test('that was never put is an error or empty, as S3 has it', async () => {
    const bucket = await s3.bucket();
    const ask = s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
    await refusedWith(ask, 'NoSuchLifecycleConfiguration', 404);
    expect((await s3.client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBeUndefined();
  });

  test('that this service has not is refused rather than mistaken for another call', async () => {
    await s3.put(Bucket, 'acl', '1');
    await refusedWith(s3.client.send(new GetObjectAclCommand({ Bucket, Key: 'acl' })), 'NotImplemented', 501);
  });
});

describe('a policy that denies', () => {
  const arn = (bucket: string) => `arn:aws:s3:::${bucket}`;
  const withPolicy = async (...statements: object[]) => {
    const bucket = await s3.bucket();
    const Statement = statements.map((each) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `${arn(bucket)}/*`,
      ...each,
    }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    return bucket;
  };
  const onlyNew = { Null: { 's3:if-none-match': 'true' } };

  test('PutObject without If-None-Match makes an archive that nothing overwrites', async () => {
    const bucket = await withPolicy({ Condition: onlyNew });
    await refusedWith(s3.put(bucket, 'k', '1'), 'AccessDenied', 403);
    await s3.put(bucket, 'k', '1', { IfNoneMatch: '*' });
    await refusedWith(s3.put(bucket, 'k', '2', { IfNoneMatch: '*' }), 'PreconditionFailed', 412);
    const CopySource = `${bucket}/k`;
    const copy = s3.client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource }));
    await refusedWith(copy, 'AccessDenied', 403);
    const multipart = s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'm' }));
    await refusedWith(multipart, 'AccessDenied', 403);
  });

  test('only calls that make an object appear lets multipart uploads begin', async () => {
    const Condition = { ...onlyNew, Bool: { 's3:ObjectCreationOperation': 'true' } };
    const bucket = await withPolicy({ Condition, Principal: { AWS: '*' } });
    await refusedWith(s3.put(bucket, 'k', '1'), 'AccessDenied', 403);
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'm' }));
    const part = { Bucket: bucket, Key: 'm', UploadId, PartNumber: 1, Body: 'x' };
    expect((await s3.client.send(new UploadPartCommand(part))).ETag).toBeTruthy();
  });

  test('an action by wildcard and resource denies those alone', async () => {
    const bucket = await s3.bucket();
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: ['s3:Delete*'], Resource: [`${arn(bucket)}/kept/*`] }];
    await s3.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Statement }) }));
    await s3.put(bucket, 'kept/k', '1');
    await s3.put(bucket, 'other', '1');
    const remove = (Key: string) => s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    await refusedWith(remove('kept/k'), 'AccessDenied', 403);
    await remove('other');
  });

  test('under a condition that this service cannot judge has no effect here', async () => {
    const bucket = await withPolicy(
      { Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Principal: { AWS: 'arn:aws:iam::000000000000:role/another' } },
      { Effect: 'Allow' },
    );
    await s3.put(bucket, 'k', '1');
    expect(await s3.text(bucket, 'k')).toBe('1');
  });
});

describe('every authenticated call', () => {
  const object = (bucket: string, key: string) => `arn:aws:s3:::${bucket}/${key}`;
  const seen = async (call: () => Promise<unknown>) => {
    const from = s3.calls.length;
    await call();
    return s3.calls.slice(from).map(({ action, resource }) => [action, resource]);
  };

  test('is told with its caller, its IAM action and its resource', async () => {
    const bucket = await s3.versioned(await s3.bucket());
    const { VersionId = '' } = await s3.put(bucket, 'a/b', '1');
    expect(s3.calls.at(-1)).toEqual({
      accessKeyId: credentials.accessKeyId,
      action: 's3:PutObject',
      resource: object(bucket, 'a/b'),
    });
    expect(await seen(() => s3.text(bucket, 'a/b'))).toEqual([['s3:GetObject', object(bucket, 'a/b')]]);
    expect(await seen(() => s3.text(bucket, 'a/b', VersionId))).toEqual([
      ['s3:GetObjectVersion', object(bucket, 'a/b')],
    ]);
    const list = () => s3.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'a/' }));
    expect(await seen(list)).toEqual([['s3:ListBucket', `arn:aws:s3:::${bucket}`]]);
    const copy = { Bucket: bucket, Key: 'c', CopySource: `${bucket}/a/b?versionId=${VersionId}`, Tagging: 'a=b' };
    expect(await seen(() => s3.client.send(new CopyObjectCommand(copy)))).toEqual([
      ['s3:PutObject', object(bucket, 'c')],
      ['s3:PutObjectTagging', object(bucket, 'c')],
      ['s3:GetObjectVersion', object(bucket, 'a/b')],
    ]);
    const multipart = () => s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'm' }));
    expect(await seen(multipart)).toEqual([['s3:PutObject', object(bucket, 'm')]]);
    const Objects = [{ Key: 'a/b' }, { Key: 'a/b', VersionId }];
    const batch = () => s3.client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(await seen(batch)).toEqual([
      ['s3:DeleteObject', object(bucket, 'a/b')],
      ['s3:DeleteObjectVersion', object(bucket, 'a/b')],
    ]);
    expect(await seen(() => s3.client.send(new ListBucketsCommand({})))).toEqual([['s3:ListAllMyBuckets', '*']]);
  });
});
