import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  attentionIndex,
  auditPrefix,
  byMailboxIndex,
  bySenderIndex,
  digestsOfOperators,
  operatorItems,
  receiptsPrefix,
  receivedPrefix,
  sentPrefix,
  viewPrefix,
} from '../../shared/platform/names.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { allow } from '../nag.ts';
import type { DataStack } from './data-stack.ts';
import { archiving, dataKey, listing, objects, read } from './pipeline-grants.ts';

/**
 * What people may do who run `npm run operate`: managed policies for the account's own roles or permission sets. Nobody
 * gets them by a deployment. None lets anything of the archive be deleted or overwritten, and the bucket's own policy
 * refuses both whoever asks.
 */
const policyFor = (scope: Construct, { stage }: StageSettings, name: string, description: string): ManagedPolicy =>
  new ManagedPolicy(
    scope,
    name.replace(/(^|-)(.)/g, (_, __, first: string) => first.toUpperCase()),
    {
      managedPolicyName: `send-document-${stage}-${name}`,
      description,
    },
  );

/** What names a subscription, whose ARN is its topic's and one part more. */
const subscriptions = (policy: ManagedPolicy, { notices }: DataStack, actions: readonly string[]): void =>
  allow(policy, {
    actions,
    resources: [notices.topicArn, `${notices.topicArn}:*`],
    wildcard: 'subscriptions-of-topic',
  });

/** Looks at documents, the quarantine, settings and stories, and leaves word that it looked. Reads no message. */
export const readerPolicy = (data: DataStack, settings: StageSettings): ManagedPolicy => {
  const policy = policyFor(data, settings, 'reader', 'Runs the commands that look; each look is recorded');
  allow(policy, { actions: ['dynamodb:GetItem'], resources: [data.table.tableArn] });
  allow(policy, {
    actions: ['dynamodb:Query'],
    resources: [attentionIndex, byMailboxIndex, bySenderIndex].map((index) => `${data.table.tableArn}/index/${index}`),
  });
  listing(policy, data.archive, [auditPrefix, viewPrefix, sentPrefix, receivedPrefix]);
  for (const prefix of [auditPrefix, viewPrefix]) objects(policy, data.archive, prefix, read);
  objects(policy, data.archive, viewPrefix, archiving);
  // The digest's table of all organisations; an organisation's own folder is its own.
  objects(policy, data.drops, `${receiptsPrefix}${digestsOfOperators}`, read);
  allow(policy, { actions: ['sns:ListSubscriptionsByTopic'], resources: [data.notices.topicArn] });
  // Whether an address is confirmed so that nobody but an operator ends it.
  subscriptions(policy, data, ['sns:GetSubscriptionAttributes']);
  dataKey(policy, { data, settings }, ['s3', 'dynamodb']);
  return policy;
};

/** Reads messages and answers too, PDFs and all: only for whoever must. Beside the reader's. */
export const messageReaderPolicy = (data: DataStack, settings: StageSettings): ManagedPolicy => {
  const policy = policyFor(data, settings, 'message-reader', 'Reads what was sent and received, with its patient data');
  for (const prefix of [sentPrefix, receivedPrefix]) objects(policy, data.archive, prefix, read);
  dataKey(policy, { data, settings }, ['s3']);
  return policy;
};

/** Does what operators do: to documents, settings, addresses and dead messages. Beside the reader's. */
export const operatorPolicy = (
  scope: Construct,
  settings: StageSettings,
  data: DataStack,
  queues: readonly { readonly queue: Queue; readonly deadLetterQueue: Queue }[],
): ManagedPolicy => {
  const policy = policyFor(scope, settings, 'operator', 'Runs the commands that change something');
  allow(policy, {
    actions: ['dynamodb:PutItem'],
    resources: [data.table.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...operatorItems] } },
  });
  allow(policy, {
    actions: ['sns:Subscribe', 'sns:ConfirmSubscription'],
    resources: [data.notices.topicArn],
  });
  subscriptions(policy, data, ['sns:SetSubscriptionAttributes', 'sns:Unsubscribe']);
  allow(policy, {
    actions: ['sqs:GetQueueAttributes', 'sqs:SendMessage'],
    resources: queues.map(({ queue }) => queue.queueArn),
  });
  allow(policy, {
    actions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'],
    resources: queues.map(({ deadLetterQueue }) => deadLetterQueue.queueArn),
  });
  allow(policy, { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [data.messagingKey.keyArn] });
  dataKey(policy, { data, settings }, ['dynamodb']);
  return policy;
};
