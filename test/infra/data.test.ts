import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { environmentSecretName } from '../../shared/platform/names.ts';
import { statementsOf } from './policies.ts';
import { synthesise } from './support.ts';

const system = synthesise();
const holders = [
  'AWS::S3::Bucket',
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
];
const bucket = (id: string) => system.one('AWS::S3::Bucket', id);
const policyOf = (id: string) =>
  statementsOf(system.one('AWS::S3::BucketPolicy', `${id}Policy`).properties.PolicyDocument);

describe('what holds data', () => {
  it.each(system.resources.filter(({ type }) => holders.includes(type)).map((each) => [each.id, each] as const))(
    '%s stays when its stack is deleted or it is replaced',
    (_, resource) => {
      expect(resource.deletionPolicy).toBe('Retain');
      expect(resource.updateReplacePolicy).toBe('Retain');
    },
  );

  it('stands in the data stack, with no function and no queue beside it', () => {
    const types = new Set(system.resources.filter(({ stack }) => stack === 'data').map(({ type }) => type));
    expect([...types].filter((type) => /Lambda|SQS|Events/.test(type))).toEqual([]);
    const elsewhere = system.resources.filter(({ stack, type }) => stack !== 'data' && holders.includes(type));
    expect(elsewhere.filter(({ type }) => type !== 'AWS::Logs::LogGroup')).toEqual([]);
  });

  it('cannot be deleted with its stack outside the one-machine run', () => {
    const protection: Record<string, boolean | undefined> = {};
    for (const stage of ['local', 'integration', 'production']) {
      synthesise({ stage }, ({ data }) => {
        protection[stage] = data.terminationProtection;
      });
    }
    expect(protection).toEqual({ local: false, integration: true, production: true });
  });
});

describe('keys', () => {
  it('turn each year', () => {
    const keys = system.of('AWS::KMS::Key');
    expect(keys).toHaveLength(2);
    for (const { properties } of keys) expect(properties.EnableKeyRotation).toBe(true);
  });
});

describe('buckets', () => {
  const sse = z.object({
    ServerSideEncryptionConfiguration: z.tuple([
      z.object({
        BucketKeyEnabled: z.boolean().optional(),
        ServerSideEncryptionByDefault: z.object({ SSEAlgorithm: z.string(), KMSMasterKeyID: z.string().optional() }),
      }),
    ]),
  });

  it.each(['Drops', 'Messages', 'Archive'])('%s is encrypted with the data key, versioned and logged', (id) => {
    const { properties } = bucket(id);
    expect(sse.parse(properties.BucketEncryption).ServerSideEncryptionConfiguration[0]).toEqual({
      BucketKeyEnabled: true,
      ServerSideEncryptionByDefault: {
        SSEAlgorithm: 'aws:kms',
        KMSMasterKeyID: system.arn(system.one('AWS::KMS::Key', 'DataKey')),
      },
    });
    expect(properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(properties.LoggingConfiguration).toMatchObject({ DestinationBucketName: system.ref(bucket('AccessLogs')) });
  });

  it.each(['Drops', 'Messages', 'Archive', 'AccessLogs'])('%s is private and speaks TLS 1.2 only', (id) => {
    expect(bucket(id).properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    const denials = policyOf(id).filter(({ Effect }) => Effect === 'Deny');
    expect(denials.map(({ Condition }) => Condition)).toEqual(
      expect.arrayContaining([
        { Bool: { 'aws:SecureTransport': 'false' } },
        { NumericLessThan: { 's3:TlsVersion': 1.2 } },
      ]),
    );
  });

  it('forget unfinished uploads after a week, taken drops after thirty days, what was sent ahead after one, but never a receipt', () => {
    const rules = z
      .object({ Rules: z.array(z.record(z.string(), z.unknown())) })
      .parse(bucket('Drops').properties.LifecycleConfiguration).Rules;
    expect(rules).toEqual([
      {
        Id: 'unfinished-uploads',
        Status: 'Enabled',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
      {
        Id: 'taken-drops',
        Status: 'Enabled',
        Prefix: 'inbox/',
        ExpiredObjectDeleteMarker: true,
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      },
      {
        Id: 'uploads',
        Status: 'Enabled',
        Prefix: 'uploads/',
        ExpirationInDays: 1,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
  });

  it('refuse a drop under a key that the functions cannot use', () => {
    const conditions = policyOf('Drops')
      .filter(({ Effect, Action }) => Effect === 'Deny' && Action.includes('s3:PutObject'))
      .map(({ Condition }) => Condition);
    const header = 's3:x-amz-server-side-encryption';
    expect(conditions).toEqual([
      { StringNotEquals: { [header]: 'aws:kms' }, Null: { [header]: 'false' } },
      {
        StringNotEquals: { [`${header}-aws-kms-key-id`]: system.arn(system.one('AWS::KMS::Key', 'DataKey')) },
        Null: { [`${header}-aws-kms-key-id`]: 'false' },
      },
      { Null: { [`${header}-customer-algorithm`]: 'false' } },
    ]);
  });
});

describe('the archive', () => {
  const lockOf = (stage: string) =>
    synthesise({ stage }).one('AWS::S3::Bucket', 'Archive').properties.ObjectLockConfiguration;

  it('is locked from birth, for as long as the stage says', () => {
    expect(bucket('Archive').properties.ObjectLockEnabled).toBe(true);
    const retention = (days: number) => ({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: days } },
    });
    expect(lockOf('local')).toEqual(retention(1));
    expect(lockOf('integration')).toEqual(retention(3));
    expect(lockOf('production')).toEqual(retention(2922));
  });

  const rulesOf = (settings: object = {}) =>
    z
      .object({ Rules: z.array(z.record(z.string(), z.unknown())) })
      .parse(synthesise({ settings }).one('AWS::S3::Bucket', 'Archive').properties.LifecycleConfiguration).Rules;
  const cold = (id: string, prefix: string, days: number) => ({
    Id: id,
    Status: 'Enabled',
    Prefix: prefix,
    Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: days }],
  });
  const unfinished = {
    Id: 'unfinished-uploads',
    Status: 'Enabled',
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  };

  it('moves what was sent and received to colder storage with age, and deletes nothing by itself', () => {
    expect(rulesOf()).toEqual([unfinished, cold('cold-sent', 'sent/', 90), cold('cold-received', 'received/', 90)]);
  });

  it('forgets where the stage says so, and never before its lock ends', () => {
    expect(rulesOf({ archiveStorage: { coldAfterDays: 30, deleteAfterDays: 3000 } })).toEqual([
      unfinished,
      cold('cold-sent', 'sent/', 30),
      cold('cold-received', 'received/', 30),
      {
        Id: 'kept-long-enough',
        Status: 'Enabled',
        ExpirationInDays: 3000,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
    const tooSoon = {
      archiveLock: { mode: 'GOVERNANCE', days: 10 },
      archiveStorage: { coldAfterDays: 1, deleteAfterDays: 9 },
    };
    expect(() => synthesise({ settings: tooSoon })).toThrow('before its lock ends');
  });

  it('is deleted from by nobody, where no break-glass role is named', () => {
    const denial = policyOf('Archive').find(({ Sid }) => Sid === 'NobodyDeletes');
    expect(denial).toMatchObject({ Effect: 'Deny', Principal: '*', Condition: {} });
    expect(denial?.Action).toEqual(['s3:BypassGovernanceRetention', 's3:DeleteObject', 's3:DeleteObjectVersion']);
    expect(denial?.Resource).toEqual([`${system.arn(bucket('Archive'))}/*`]);
  });

  it('is deleted from by the named break-glass role alone', () => {
    const arn = 'arn:aws:iam::111122223333:role/break-glass';
    const changed = synthesise({ settings: { breakGlassRoleArns: [arn] } });
    const { properties } = changed.one('AWS::S3::BucketPolicy', 'ArchivePolicy');
    expect(statementsOf(properties.PolicyDocument).find(({ Sid }) => Sid === 'NobodyDeletes')?.Condition).toEqual({
      ArnNotEquals: { 'aws:PrincipalArn': [arn] },
    });
  });

  it('takes nothing over what it has: a write must say If-None-Match', () => {
    expect(policyOf('Archive').find(({ Sid }) => Sid === 'NothingIsOverwritten')).toMatchObject({
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:PutObject'],
      Resource: [`${system.arn(bucket('Archive'))}/*`],
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    });
  });
});

describe('the table', () => {
  const { properties } = system.one('AWS::DynamoDB::Table', 'Table');

  it('has one key, `pk`, and five indexes that hold keys and state only', () => {
    expect(properties.KeySchema).toEqual([{ AttributeName: 'pk', KeyType: 'HASH' }]);
    expect(properties.GlobalSecondaryIndexes).toMatchObject([
      {
        IndexName: 'work',
        KeySchema: [
          { AttributeName: 'workShard', KeyType: 'HASH' },
          { AttributeName: 'nextCheckAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'unsent',
        KeySchema: [
          { AttributeName: 'workShard', KeyType: 'HASH' },
          { AttributeName: 'unsentSince', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'attention',
        KeySchema: [
          { AttributeName: 'workShard', KeyType: 'HASH' },
          { AttributeName: 'attentionSince', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'byMailbox',
        KeySchema: [
          { AttributeName: 'mailboxList', KeyType: 'HASH' },
          { AttributeName: 'listedAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'bySender',
        KeySchema: [
          { AttributeName: 'senderOds', KeyType: 'HASH' },
          { AttributeName: 'updatedAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] },
      },
    ]);
    expect(properties.AttributeDefinitions).toEqual(
      expect.arrayContaining([
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'workShard', AttributeType: 'S' },
        { AttributeName: 'nextCheckAt', AttributeType: 'N' },
        { AttributeName: 'senderOds', AttributeType: 'S' },
        { AttributeName: 'updatedAt', AttributeType: 'N' },
      ]),
    );
  });

  it('is protected: no deletion, recovery to any second, our key, no capacity to run out of', () => {
    expect(properties).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: {
        SSEEnabled: true,
        SSEType: 'KMS',
        KMSMasterKeyId: system.arn(system.one('AWS::KMS::Key', 'DataKey')),
      },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });
});

describe('the environment secret', () => {
  it('is made without a value, so that no deployment overwrites what an operator put', () => {
    const [secret, ...others] = system.of('AWS::SecretsManager::Secret');
    expect(others).toEqual([]);
    expect(secret?.properties).toMatchObject({
      Name: environmentSecretName('local'),
      KmsKeyId: system.arn(system.one('AWS::KMS::Key', 'DataKey')),
    });
    expect(Object.keys(secret?.properties ?? {}).sort()).toEqual(['Description', 'KmsKeyId', 'Name', 'Tags']);
  });
});
