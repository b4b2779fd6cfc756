import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Json } from '../../aws/events/pattern.ts';
import { type Family, family, flag, generatedName, jsonObject, number, tags } from './family.ts';

/** Properties that are queue attributes of the same name. */
const attributes = {
  ContentBasedDeduplication: flag.optional(),
  DeduplicationScope: z.string().optional(),
  DelaySeconds: number.optional(),
  FifoQueue: flag.optional(),
  FifoThroughputLimit: z.string().optional(),
  KmsDataKeyReusePeriodSeconds: number.optional(),
  KmsMasterKeyId: z.string().optional(),
  MaximumMessageSize: number.optional(),
  MessageRetentionPeriod: number.optional(),
  ReceiveMessageWaitTimeSeconds: number.optional(),
  RedriveAllowPolicy: jsonObject.optional(),
  RedrivePolicy: jsonObject.optional(),
  SqsManagedSseEnabled: flag.optional(),
  VisibilityTimeout: number.optional(),
};

const asAttribute = (value: Json): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const queue = family(
  'AWS::SQS::Queue',
  z.object({ QueueName: z.string().optional(), Tags: tags, ...attributes }),
  [],
  async (declared, { clients: { sqs } }) => {
    const { QueueName, Tags, ...given } = declared.properties;
    const name = QueueName ?? generatedName(declared, 80, given.FifoQueue ? '.fifo' : '');
    const { QueueUrl: url = '' } = await sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: Object.fromEntries(
          Object.entries(given).flatMap(([attribute, value]): [string, string][] =>
            // SQS refuses FifoQueue=false, and CloudFormation does not send it.
            value === undefined || (attribute === 'FifoQueue' && value === false)
              ? []
              : [[attribute, asAttribute(value)]],
          ),
        ),
        tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
      }),
    );
    const made = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    return {
      ref: url,
      attributes: { Arn: made.Attributes?.QueueArn ?? '', QueueName: name, QueueUrl: url },
    };
  },
);

const queuePolicy = family(
  'AWS::SQS::QueuePolicy',
  z.object({ Queues: z.array(z.string()), PolicyDocument: jsonObject }),
  [],
  async (declared, { clients: { sqs } }) => {
    const { Queues, PolicyDocument } = declared.properties;
    for (const QueueUrl of Queues) {
      const Attributes = { Policy: JSON.stringify(PolicyDocument) };
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    }
    return { ref: generatedName(declared, 128), attributes: {} };
  },
);

export const queueFamilies: readonly Family[] = [queue, queuePolicy];
