import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectLockConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../local/aws/events/pattern.ts';
import { realClock, virtualClock } from '../../../local/clock.ts';
import { type Engine, startEngine } from '../../../local/engine/engine.ts';
import { present } from '../aws/json-support.ts';
import { writeAssembly } from './rig.ts';

const at = (path: string) => ({ Metadata: { 'aws:cdk:path': path } });
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

const data: JsonObject = {
  Parameters: { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/version' } },
  Conditions: { InProduction: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'nowhere'] } },
  Resources: {
    Key: { Type: 'AWS::KMS::Key', Properties: { EnableKeyRotation: true } },
    Archive: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 2 } },
        },
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [
            { Id: 'old', Status: 'Enabled', Prefix: 'inbox/', NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
          ],
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arn('Key') } },
          ],
        },
      },
      ...at('data/Archive/Resource'),
    },
    ArchivePolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: { Ref: 'Archive' },
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:PutObject',
              Resource: { 'Fn::Sub': `\${Archive.Arn}/*` },
              Condition: { Null: { 's3:if-none-match': 'true' } },
            },
          ],
        },
      },
    },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'shard', AttributeType: 'S' },
          { AttributeName: 'due', AttributeType: 'N' },
        ],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        GlobalSecondaryIndexes: [
          {
            IndexName: 'work',
            KeySchema: [
              { AttributeName: 'shard', KeyType: 'HASH' },
              { AttributeName: 'due', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      },
      ...at('data/Table/Resource'),
    },
    Empty: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: '/send-document/local/empty' } },
    Generated: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        Name: '/send-document/local/generated',
        GenerateSecretString: {
          SecretStringTemplate: '{"user":"me"}',
          GenerateStringKey: 'password',
          PasswordLength: 12,
        },
      },
    },
    OnlyInProduction: { Type: 'AWS::SQS::Queue', Condition: 'InProduction' },
  },
  Outputs: {
    ArchiveName: { Value: { Ref: 'Archive' }, Export: { Name: 'data:ArchiveName' } },
    KeyArn: { Value: arn('Key'), Export: { Name: 'data:KeyArn' } },
  },
};

const pipeline: JsonObject = {
  Resources: {
    // Before what it needs, in the file.
    Polls: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        FifoQueue: true,
        ContentBasedDeduplication: true,
        MessageRetentionPeriod: '1209600',
        VisibilityTimeout: 1800,
        KmsMasterKeyId: { 'Fn::ImportValue': 'data:KeyArn' },
        RedrivePolicy: { deadLetterTargetArn: arn('PollLetters'), maxReceiveCount: 10 },
      },
      ...at('pipeline/Polls/Queue/Resource'),
    },
    PollLetters: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    Notices: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'notices', Colour: 'red' } },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Alarms' } },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: arn('Notices'),
        RawMessageDelivery: true,
      },
    },
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        Namespace: 'Here',
        MetricName: 'Things',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        AlarmActions: [{ Ref: 'Topic' }],
      },
    },
  },
  Outputs: {
    Where: {
      Value: { 'Fn::Sub': [`\${name}@\${AWS::StackName}`, { name: { 'Fn::ImportValue': 'data:ArchiveName' } }] },
    },
  },
};

const folder = async (templates: Readonly<Record<string, JsonObject>>) => {
  const dir = mkdtempSync(join(tmpdir(), 'engine-'));
  const assemblyDir = join(dir, 'cdk.out');
  mkdirSync(assemblyDir);
  await writeAssembly(assemblyDir, templates);
  return { dir, setting: { assemblyDir, stateDir: join(dir, 'state'), clock: realClock() } };
};

describe('what the templates declare is there', () => {
  let engine: Engine;
  let dir: string;
  let clients: { s3: S3Client; sqs: SQSClient; sns: SNSClient; secrets: SecretsManagerClient; tables: DynamoDBClient };

  beforeAll(async () => {
    const made = await folder({ data, pipeline });
    dir = made.dir;
    engine = await startEngine(made.setting);
    const { region, credentials } = engine;
    clients = {
      s3: new S3Client({ endpoint: engine.s3Endpoint, region, credentials }),
      sqs: new SQSClient({ endpoint: engine.sqsEndpoint, region, credentials }),
      sns: new SNSClient({ endpoint: engine.snsEndpoint, region, credentials }),
      secrets: new SecretsManagerClient({ endpoint: engine.secretsEndpoint, region, credentials }),
      tables: new DynamoDBClient({ endpoint: engine.dynamodbEndpoint, region, credentials }),
    };
  });
  afterAll(async () => {
    for (const client of Object.values(clients ?? {})) client.destroy();
    await engine?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('a bucket with its lock, lifecycle and policy', async () => {
    const Bucket = engine.physicalName('Archive');
    const { ObjectLockConfiguration } = await clients.s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(ObjectLockConfiguration?.Rule?.DefaultRetention).toMatchObject({ Mode: 'GOVERNANCE', Days: 2 });
    const { Rules } = await clients.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject([{ ID: 'old', Filter: { Prefix: 'inbox/' } }]);
    await expect(clients.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    const { VersionId } = await clients.s3.send(
      new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', IfNoneMatch: '*' }),
    );
    await expect(
      clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: present(VersionId) })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('a FIFO queue with every attribute, and a key and queue of other places in them', async () => {
    const { Attributes } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: engine.physicalName('Polls/Queue'), AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      FifoQueue: 'true',
      ContentBasedDeduplication: 'true',
      MessageRetentionPeriod: '1209600',
      VisibilityTimeout: '1800',
      KmsMasterKeyId: engine.resources.byLogicalId('Key').attributes.Arn,
    });
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: engine.resources.byLogicalId('PollLetters').attributes.Arn,
      maxReceiveCount: 10,
    });
  });

  it('a table with its index', async () => {
    const { Table } = await clients.tables.send(new DescribeTableCommand({ TableName: engine.physicalName('Table') }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      DeletionProtectionEnabled: true,
      GlobalSecondaryIndexes: [{ IndexName: 'work', Projection: { ProjectionType: 'KEYS_ONLY' } }],
    });
    expect(Table?.TableArn).toBe(engine.resources.byPath('data/Table').attributes.Arn);
  });

  it('secrets, with a value only where the template gives one', async () => {
    const generated = await clients.secrets.send(
      new GetSecretValueCommand({ SecretId: '/send-document/local/generated' }),
    );
    expect(JSON.parse(generated.SecretString ?? '')).toEqual({
      user: 'me',
      password: expect.stringMatching(/^.{12}$/),
    });
    const empty = await clients.secrets.send(new DescribeSecretCommand({ SecretId: '/send-document/local/empty' }));
    expect(empty.ARN).toBe(engine.physicalName('Empty'));
  });

  it('a topic whose subscription delivers', async () => {
    await clients.sns.send(new PublishCommand({ TopicArn: engine.physicalName('Topic'), Message: 'news' }));
    const { Messages } = await clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: engine.physicalName('Notices'), WaitTimeSeconds: 5 }),
    );
    expect(Messages).toMatchObject([{ Body: 'news' }]);
  });

  it('outputs across stacks, and nothing whose condition does not hold', () => {
    expect(engine.resources.output('Where')).toBe(`${engine.physicalName('Archive')}@pipeline`);
    expect(() => engine.physicalName('OnlyInProduction')).toThrow(/OnlyInProduction/);
    expect(engine.resources.byType('AWS::SQS::Queue')).toHaveLength(3);
  });

  it('a warning for a property that nothing here acts on', () => {
    expect(engine.warnings).toEqual(['AWS::SQS::Queue pipeline/Notices: Colour is not acted on here']);
  });
});

describe('what cannot be run is refused with its name', () => {
  it.each<[string, JsonObject, RegExp]>([
    ['a type', { Resources: { Api: { Type: 'AWS::AppSync::GraphQLApi' } } }, /AWS::AppSync::GraphQLApi/],
    [
      'a function of templates',
      { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Cidr': [] } } } } },
      /AWS::SQS::Queue broken\/Queue could not be made: The function Fn::Cidr/,
    ],
    [
      'a function without its bundle',
      {
        Resources: {
          F: {
            Type: 'AWS::Lambda::Function',
            Properties: { Code: { ZipFile: 'x' }, Handler: 'index.handler', Role: 'r', Runtime: 'nodejs24.x' },
          },
        },
      },
      /broken\/F: its code is no bundle folder/,
    ],
    [
      'a circle',
      {
        Resources: {
          A: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'B' } } },
          B: { Type: 'AWS::SQS::Queue', DependsOn: 'A' },
        },
      },
      /A → B → A/,
    ],
  ])('%s', async (_, template, message) => {
    const { dir, setting } = await folder({ broken: template });
    await expect(startEngine(setting)).rejects.toThrow(message);
    rmSync(dir, { recursive: true, force: true });
  });

  it('a clock that stands still, which processes could not share', async () => {
    const { dir, setting } = await folder({});
    await expect(startEngine({ ...setting, clock: virtualClock(0) })).rejects.toThrow(/a clock that runs/);
    rmSync(dir, { recursive: true, force: true });
  });
});
