import { ArnFormat } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import {
  attentionIndex,
  auditPrefix,
  byMailboxIndex,
  bySenderIndex,
  inboxPrefix,
  receiptsPrefix,
  secretRoot,
  unsentIndex,
  workIndex,
} from '../../shared/platform/names.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { allow, type Grantee } from '../nag.ts';
import type { DataStack } from './data-stack.ts';

/**
 * What each function may do, in one place: action by action, on the prefixes it works on. Reading from its own queue
 * comes with the event source (QueueConsumer); no function may send to the queue that invokes it.
 */
export interface Reach {
  readonly settings: StageSettings;
  readonly data: DataStack;
}

/** What changes documents also tells of it. */
export interface TellingReach extends Reach {
  readonly events: ITopic;
}

export const read = ['s3:GetObject'];
/** Uploads of unknown length go in parts, and a failed one is cleared away. */
const write = ['s3:PutObject', 's3:AbortMultipartUpload'];

/** Written once and read by no function: the archive is for audited readers. */
export const archiving = ['s3:PutObject'];

export const objects = (role: Grantee, bucket: Bucket, prefix: string, actions: string[]): void =>
  allow(role, {
    actions,
    resources: [bucket.arnForObjects(`${prefix}*`)],
    wildcard: prefix === '' ? 'objects-of-bucket' : 'objects-of-prefix',
  });

/**
 * Listing, which also is what makes a missing object answer 404 and not 403. Reading an object names no prefix, so the
 * condition binds only requests that do.
 */
export const listing = (role: Grantee, bucket: Bucket, prefixes: string[]): void =>
  allow(role, {
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    ...(prefixes.length === 0
      ? {}
      : { conditions: { StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } } }),
  });

/** A receipt is read, then written over the version that was read. */
const receipts = (role: IRole, { data }: Reach): void =>
  objects(role, data.drops, receiptsPrefix, [...read, 's3:PutObject']);

/** Items of the table whose keys begin so, and no other. */
export const itemsOf = (...kinds: readonly string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => `${kind}#*`) },
});

/**
 * Records are read consistently and written whole, on condition. No function deletes one. A report that waited for our
 * own write, and an upload that MESH does not know any more, are taken away by whoever has dealt with them: left to
 * expire they would be dealt with again.
 */
const records = (role: IRole, { data }: Reach): void => {
  const resources = [data.table.tableArn];
  allow(role, { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], resources });
  allow(role, { actions: ['dynamodb:DeleteItem'], resources, conditions: itemsOf('PARKED', 'UPLOAD') });
};

/** The data key, and only by way of the services whose data the role may reach anyhow. */
export const dataKey = (role: Grantee, { data, settings }: Reach, services: readonly string[]): void =>
  allow(role, {
    actions: [
      'kms:Decrypt',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
      'kms:DescribeKey',
    ],
    resources: [data.dataKey.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${settings.region}.amazonaws.com`) },
    },
  });

const sendTo = (role: IRole, { data }: Reach, queues: readonly IQueue[]): void => {
  allow(role, { actions: ['sqs:SendMessage'], resources: queues.map((queue) => queue.queueArn) });
  allow(role, { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [data.messagingKey.keyArn] });
};

/**
 * Tells of each change of a document: an entry in the archive, written once under a name of its own and read by no
 * function, and an event on the topic.
 */
const telling = (role: IRole, { data, events }: TellingReach): void => {
  objects(role, data.archive, auditPrefix, archiving);
  allow(role, { actions: ['sns:Publish'], resources: [events.topicArn] });
  allow(role, { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [data.messagingKey.keyArn] });
};

/** MESH credentials: the environment's and every mailbox's. */
const meshSecrets = (role: IRole, { data, settings }: Reach): void =>
  allow(role, {
    actions: ['secretsmanager:GetSecretValue'],
    resources: [
      data.formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${secretRoot(settings.stage)}/*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    wildcard: 'mailbox-secrets',
  });

export const grantCompose = (role: IRole, reach: TellingReach & { readonly outbox: IQueue }): void => {
  const { data } = reach;
  objects(role, data.drops, inboxPrefix, [...read, 's3:GetObjectVersion', 's3:DeleteObject']);
  receipts(role, reach);
  listing(role, data.drops, [inboxPrefix, receiptsPrefix]);
  objects(role, data.messages, '', [...read, ...write]);
  listing(role, data.messages, []);
  records(role, reach);
  sendTo(role, reach, [reach.outbox]);
  telling(role, reach);
  dataKey(role, reach, ['s3', 'dynamodb']);
};

/** Whatever speaks to MESH for a document: its message, its record and receipt, what is kept of both sides. */
const speakForDocuments = (role: IRole, reach: TellingReach): void => {
  const { data } = reach;
  receipts(role, reach);
  objects(role, data.messages, '', read);
  listing(role, data.messages, []);
  objects(role, data.archive, '', archiving);
  telling(role, reach);
  records(role, reach);
  meshSecrets(role, reach);
  dataKey(role, reach, ['s3', 'dynamodb', 'secretsmanager']);
};

export const grantSend = (role: IRole, reach: TellingReach): void => {
  speakForDocuments(role, reach);
  listing(role, reach.data.drops, [receiptsPrefix]);
};

export const grantPoll = (role: IRole, reach: TellingReach): void => {
  speakForDocuments(role, reach);
  listing(role, reach.data.drops, [receiptsPrefix]);
  allow(role, {
    actions: ['dynamodb:Query'],
    resources: [`${reach.data.table.tableArn}/index/${byMailboxIndex}`],
  });
};

export const grantWatch = (
  role: IRole,
  reach: TellingReach & { readonly ingest: IQueue; readonly outbox: IQueue; readonly poll: IQueue },
): void => {
  const { data } = reach;
  // It hands a drop that lies too long to ingest again, naming its version, and deletes one that compose has taken.
  objects(role, data.drops, inboxPrefix, [...read, 's3:DeleteObject']);
  listing(role, data.drops, [inboxPrefix, receiptsPrefix]);
  speakForDocuments(role, reach);
  allow(role, {
    actions: ['dynamodb:Query'],
    resources: [workIndex, unsentIndex, attentionIndex, bySenderIndex].map(
      (index) => `${data.table.tableArn}/index/${index}`,
    ),
  });
  sendTo(role, reach, [reach.ingest, reach.outbox, reach.poll]);
  // Tells people, and looks who has confirmed; who is told what, only an operator changes. The key comes with sendTo.
  allow(role, { actions: ['sns:Publish', 'sns:ListSubscriptionsByTopic'], resources: [data.notices.topicArn] });
};
