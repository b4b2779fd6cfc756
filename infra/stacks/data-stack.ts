import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import {
  attentionIndex,
  byMailboxIndex,
  bySenderIndex,
  dropsKeptDays,
  environmentSecretName,
  expiryAttribute,
  inboxPrefix,
  receivedPrefix,
  sentPrefix,
  unsentIndex,
  uploadsPrefix,
  workIndex,
} from '../../shared/platform/names.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { SenderAccess } from '../constructs/sender-access.ts';
import { accept } from '../nag.ts';
import { messageReaderPolicy, readerPolicy } from './people-grants.ts';

/**
 * What must outlive every deployment: documents, records, the archive, secrets, and the keys that they are read with.
 * All of it stays when the stack goes. No function lives here, so code is deployed and rolled back without touching it.
 */
export class DataStack extends Stack {
  /** Encrypts what holds patient data: buckets, table, secrets. Only identities of this account use it. */
  readonly dataKey: Key;
  /** Encrypts what services write to: queues, topics, logs. Apart, so that no service principal reaches `dataKey`. */
  readonly messagingKey: Key;
  readonly drops: Bucket;
  readonly messages: Bucket;
  readonly archive: Bucket;
  readonly table: Table;
  /** Notices to people. Here, because people confirmed their addresses with it: another topic would reach nobody. */
  readonly notices: Topic;

  constructor(scope: Construct, id: string, settings: StageSettings, props: StackProps) {
    super(scope, id, props);
    Tags.of(this).add('data-classification', 'patient-identifiable');

    this.dataKey = this.#key('DataKey', 'Send Document: documents, records and secrets');
    this.messagingKey = this.#key('MessagingKey', 'Send Document: queues, topics and logs');
    this.messagingKey.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogsOfThisAccount',
        principals: [new ServicePrincipal(`logs.${this.region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        // CloudWatch Logs names the log group in the encryption context; its ARN holds the account.
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': `arn:${this.partition}:logs:${this.region}:${this.account}:log-group:*`,
          },
        },
      }),
    );

    const accessLogs = new Bucket(this, 'AccessLogs', {
      // S3 delivers access logs to no bucket that is encrypted with a customer-managed key.
      encryption: BucketEncryption.S3_MANAGED,
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { id: 'a-year', expiration: Duration.days(365), noncurrentVersionExpiration: Duration.days(30) },
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    });
    accept(accessLogs, 'AwsSolutions-S1 access-logs');

    this.drops = this.#drops(accessLogs);
    this.messages = new PrivateBucket(this, 'Messages', {
      key: this.dataKey,
      accessLogs: { bucket: accessLogs, prefix: 'messages/' },
    });
    this.archive = this.#archive(accessLogs, settings);
    this.table = this.#table();
    this.notices = this.#notices(settings);
    this.#environmentSecret(settings);

    for (const sender of settings.senders) {
      const { role } = new SenderAccess(this, `Sender${sender.odsCode}`, {
        sender,
        drops: this.drops,
        key: this.dataKey,
      });
      new CfnOutput(this, `Sender${sender.odsCode}RoleArn`, { value: role.roleArn });
    }
    readerPolicy(this, settings);
    messageReaderPolicy(this, settings);
    new CfnOutput(this, 'InboxBucketName', { value: this.drops.bucketName });
    new CfnOutput(this, 'MessagesBucketName', { value: this.messages.bucketName });
    new CfnOutput(this, 'ArchiveBucketName', { value: this.archive.bucketName });
    new CfnOutput(this, 'NoticesTopicArn', { value: this.notices.topicArn });
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    new CfnOutput(this, 'MeshEnvironmentSecretName', { value: environmentSecretName(settings.stage) });
  }

  #key(id: string, description: string): Key {
    return new Key(this, id, {
      description,
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /**
   * What organisations write (`inbox/`), what they read back (`receipts/`), and what they send ahead of a call of the
   * API (`uploads/`). Callers are systems, not web pages: so no other origin is allowed anything here.
   */
  #drops(accessLogs: Bucket): Bucket {
    const drops = new PrivateBucket(this, 'Drops', {
      key: this.dataKey,
      accessLogs: { bucket: accessLogs, prefix: 'drops/' },
      lifecycleRules: [
        {
          id: 'taken-drops',
          prefix: inboxPrefix,
          noncurrentVersionExpiration: Duration.days(dropsKeptDays),
          expiredObjectDeleteMarker: true,
        },
        {
          // What was sent ahead is copied into a drop when it is submitted; what never is goes by itself.
          id: 'uploads',
          prefix: uploadsPrefix,
          expiration: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(1),
        },
      ],
    });
    // On the L1, because the L2's switch brings a function of its own. A rule of the pipeline stack picks events up;
    // a notification straight to a queue of that stack would make the two stacks need each other.
    const bucket = drops.node.defaultChild;
    if (!(bucket instanceof CfnBucket)) throw new Error('The drops bucket has no CloudFormation resource of its own.');
    bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };

    // A drop encrypted with anybody else's key could be written and never be read: refuse it at the door.
    const encryption = 's3:x-amz-server-side-encryption';
    const refusals: Record<string, Record<string, Record<string, string>>> = {
      AnotherAlgorithm: { StringNotEquals: { [encryption]: 'aws:kms' }, Null: { [encryption]: 'false' } },
      AnotherKey: {
        StringNotEquals: { [`${encryption}-aws-kms-key-id`]: this.dataKey.keyArn },
        Null: { [`${encryption}-aws-kms-key-id`]: 'false' },
      },
      ACallersOwnKey: { Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' } },
    };
    for (const [sid, conditions] of Object.entries(refusals)) {
      drops.addToResourcePolicy(
        new PolicyStatement({
          sid,
          effect: Effect.DENY,
          principals: [new StarPrincipal()],
          actions: ['s3:PutObject'],
          resources: [drops.arnForObjects('*')],
          conditions,
        }),
      );
    }
    return drops;
  }

  /** Messages as sent, answers as received, audit entries: written once, then locked. */
  #archive(accessLogs: Bucket, settings: StageSettings): Bucket {
    const archive = new PrivateBucket(this, 'Archive', {
      key: this.dataKey,
      accessLogs: { bucket: accessLogs, prefix: 'archive/' },
      lock: settings.archiveLock,
      lifecycleRules: [
        // By prefix: audit entries are small and read as a whole. S3 itself leaves objects under 128 KB where they are.
        ...[sentPrefix, receivedPrefix].map((prefix) => ({
          id: `cold-${prefix.slice(0, -1)}`,
          prefix,
          transitions: [
            {
              storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
              transitionAfter: Duration.days(settings.archiveStorage.coldAfterDays),
            },
          ],
        })),
        // The lock outranks it: S3 deletes no version that is locked still.
        ...(settings.archiveStorage.deleteAfterDays === undefined
          ? []
          : [
              {
                id: 'kept-long-enough',
                expiration: Duration.days(settings.archiveStorage.deleteAfterDays),
                noncurrentVersionExpiration: Duration.days(1),
              },
            ]),
      ],
    });
    archive.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NobodyDeletes',
        effect: Effect.DENY,
        principals: [new StarPrincipal()],
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
        resources: [archive.arnForObjects('*')],
        ...(settings.breakGlassRoleArns.length === 0
          ? {}
          : { conditions: { ArnNotEquals: { 'aws:PrincipalArn': settings.breakGlassRoleArns } } }),
      }),
    );
    // An upload in parts carries the header only where it ends, so its other calls are let through: they make no object.
    archive.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NothingIsOverwritten',
        effect: Effect.DENY,
        principals: [new StarPrincipal()],
        actions: ['s3:PutObject'],
        resources: [archive.arnForObjects('*')],
        conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      }),
    );
    return archive;
  }

  /**
   * Addresses of organisations are subscribed by commands, each with a filter on `senderOds` and `audience`. Only
   * identities of this account publish, so no service is let in, neither here nor by the key.
   */
  #notices(settings: StageSettings): Topic {
    const topic = new Topic(this, 'Notices', {
      displayName: `Send Document ${settings.stage}`,
      masterKey: this.messagingKey,
      enforceSSL: true,
    });
    topic.applyRemovalPolicy(RemovalPolicy.RETAIN);
    if (settings.alarmEmail !== undefined) {
      topic.addSubscription(
        new EmailSubscription(settings.alarmEmail, {
          filterPolicy: { audience: SubscriptionFilter.stringFilter({ allowlist: ['operators'] }) },
        }),
      );
    }
    return topic;
  }

  #table(): Table {
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.dataKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: expiryAttribute,
    });
    // Indexes only find candidates, so they hold keys and state and nothing to decide on.
    table.addGlobalSecondaryIndex({
      indexName: workIndex,
      partitionKey: { name: 'workShard', type: AttributeType.STRING },
      sortKey: { name: 'nextCheckAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    // What the alarm on the oldest unsent document asks: one read for each shard, however much waits for answers.
    table.addGlobalSecondaryIndex({
      indexName: unsentIndex,
      partitionKey: { name: 'workShard', type: AttributeType.STRING },
      sortKey: { name: 'unsentSince', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    // What needs a person: counted each minute, and listed for operators.
    table.addGlobalSecondaryIndex({
      indexName: attentionIndex,
      partitionKey: { name: 'workShard', type: AttributeType.STRING },
      sortKey: { name: 'attentionSince', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    // What poll asks MESH about for its mailbox, and what operators list of it.
    table.addGlobalSecondaryIndex({
      indexName: byMailboxIndex,
      partitionKey: { name: 'mailboxList', type: AttributeType.STRING },
      sortKey: { name: 'listedAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    table.addGlobalSecondaryIndex({
      indexName: bySenderIndex,
      partitionKey: { name: 'senderOds', type: AttributeType.STRING },
      sortKey: { name: 'updatedAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['state'],
    });
    return table;
  }

  /**
   * The shared key and certificate authorities of the MESH environment. Made without a value, which an operator puts:
   * a value in the template, even a random one, would overwrite the real one whenever that part of it changed.
   */
  #environmentSecret(settings: StageSettings): void {
    const secret = new CfnSecret(this, 'MeshEnvironment', {
      name: environmentSecretName(settings.stage),
      description: 'MESH environment: shared key and certificate authorities (docs/operating.md)',
      kmsKeyId: this.dataKey.keyArn,
    });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
    accept(secret, 'AwsSolutions-SMG4 issued-by-nhs-england');
  }
}
