import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, type GlobalSecondaryIndex } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { startDynamoDb } from '../../local/aws/dynamodb/service.ts';
import { startS3 } from '../../local/aws/s3.ts';
import { startSecrets } from '../../local/aws/secrets/service.ts';
import type { LocalClock } from '../../local/clock.ts';
import { dynamoDbTable } from '../../shared/platform/aws/dynamodb-table.ts';
import { s3Objects } from '../../shared/platform/aws/s3-objects.ts';
import { secretsManager } from '../../shared/platform/aws/secrets-manager.ts';
import { attentionIndex, byMailboxIndex, bySenderIndex, unsentIndex, workIndex } from '../../shared/platform/names.ts';
import type { Objects } from '../../shared/platform/objects.ts';
import type { SecretSource } from '../../shared/platform/secrets.ts';
import type { AttentionIndex, MailboxIndex, SenderIndex, Table, UnsentIndex } from '../../shared/platform/table.ts';
import { memoryTable } from './memory-table.ts';
import { type Created, memoryObjects } from './world/memory-objects.ts';

/**
 * Where a rig keeps things: behind the same ports, in memory or on the local services. Both are held to one contract
 * (test/contract/ports), so a suite takes the quick one unless it is about the services.
 */

const bucketNames = ['drops', 'messages', 'archive'] as const;
type BucketName = (typeof bucketNames)[number];

export interface Storage {
  readonly table: Table & SenderIndex & UnsentIndex & AttentionIndex & MailboxIndex;
  objects(bucket: BucketName): Objects;
  readonly secrets: SecretSource;
  putSecret(name: string, value: object): Promise<void>;
  /** Every item of the table as stored. */
  items(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface StorageSetting {
  readonly clock: LocalClock;
  /** A drop was created, as the bucket tells. */
  readonly onDrop: (created: Created) => void;
}

export const storageInMemory = ({ clock, onDrop }: StorageSetting): Storage => {
  const table = memoryTable(clock);
  const buckets = {
    drops: memoryObjects('drops', clock, onDrop),
    messages: memoryObjects('messages', clock),
    archive: memoryObjects('archive', clock),
  };
  const secrets = new Map<string, string>();
  return {
    table,
    objects: (bucket) => buckets[bucket],
    secrets: { read: async (name) => secrets.get(name) },
    putSecret: async (name, value) => void secrets.set(name, JSON.stringify(value)),
    items: async () =>
      table.items().map(({ key, data, revision, indexed }) => ({ pk: key, ...data, revision, ...indexed })),
    close: async () => undefined,
  };
};

const region = 'eu-west-2';
const credentials = { accessKeyId: 'AKIARIG', secretAccessKey: 'a-secret-of-the-rig' };

const index = (IndexName: string, hash: string, range: string): GlobalSecondaryIndex => ({
  IndexName,
  KeySchema: [
    { AttributeName: hash, KeyType: 'HASH' },
    { AttributeName: range, KeyType: 'RANGE' },
  ],
  Projection: { ProjectionType: 'KEYS_ONLY' },
});

export const storageOnLocalServices = async ({
  clock,
  onDrop,
}: StorageSetting): Promise<Storage & { readonly s3: S3Client }> => {
  const dir = mkdtempSync(join(tmpdir(), 'send-document-rig-'));
  const setting = {
    clock,
    region,
    account: '000000000000',
    identities: {
      secretFor: (id: string) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined),
    },
  };
  const s3Service = await startS3({
    ...setting,
    dir: join(dir, 's3'),
    onEvent: (event) => {
      if (event['detail-type'] !== 'Object Created') return;
      const { object, bucket } = event.detail;
      onDrop({
        bucket: bucket.name,
        key: object.key,
        versionId: object['version-id'] ?? '',
        sequencer: object.sequencer,
        size: object.size ?? 0,
      });
    },
  });
  const ddbService = await startDynamoDb(setting);
  const secretsService = await startSecrets(setting);

  const s3 = new S3Client({ endpoint: s3Service.endpoint, region, credentials });
  // A streamed request cannot be signed again after a leap: this client goes by the clock from the start.
  Object.defineProperty(s3.config, 'systemClockOffset', { get: () => clock.now() - Date.now(), set: () => undefined });
  for (const Bucket of bucketNames) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'drops',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );
  const ddbConfig = { endpoint: ddbService.endpoint, region, credentials };
  const ddb = new DynamoDBClient(ddbConfig);
  await ddb.send(
    new CreateTableCommand({
      TableName: 'documents',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'workShard', AttributeType: 'S' },
        { AttributeName: 'nextCheckAt', AttributeType: 'N' },
        { AttributeName: 'unsentSince', AttributeType: 'N' },
        { AttributeName: 'attentionSince', AttributeType: 'N' },
        { AttributeName: 'mailboxList', AttributeType: 'S' },
        { AttributeName: 'listedAt', AttributeType: 'N' },
        { AttributeName: 'senderOds', AttributeType: 'S' },
        { AttributeName: 'updatedAt', AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        index(workIndex, 'workShard', 'nextCheckAt'),
        index(unsentIndex, 'workShard', 'unsentSince'),
        index(attentionIndex, 'workShard', 'attentionSince'),
        index(byMailboxIndex, 'mailboxList', 'listedAt'),
        {
          ...index(bySenderIndex, 'senderOds', 'updatedAt'),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] },
        },
      ],
    }),
  );
  const secretsClient = new SecretsManagerClient({ endpoint: secretsService.endpoint, region, credentials });
  return {
    s3,
    table: dynamoDbTable('documents', ddbConfig),
    objects: (bucket) => s3Objects(bucket, s3),
    secrets: secretsManager(clock, secretsClient),
    async putSecret(Name, value) {
      await secretsClient.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
    },
    async items() {
      const { Items = [] } = await DynamoDBDocumentClient.from(ddb).send(
        new ScanCommand({ TableName: 'documents', ConsistentRead: true }),
      );
      return Items;
    },
    async close() {
      s3.destroy();
      ddb.destroy();
      secretsClient.destroy();
      await Promise.all([s3Service.close(), ddbService.close(), secretsService.close()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
