import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { DeadLetters } from '../queue.ts';

const redrivePolicy = z.object({ deadLetterTargetArn: z.string() });
/** So long nobody else sees what was received; whoever breaks off leaves it to come back by itself. */
const keptSeconds = 300;

/** The dead-letter queue lies beside its queue: same region, same account, another name. */
const deadLetterUrl = async (client: SQSClient, queueUrl: string): Promise<string> => {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] }),
  );
  const { deadLetterTargetArn } = redrivePolicy.parse(JSON.parse(Attributes?.RedrivePolicy ?? '{}'));
  const name = deadLetterTargetArn.slice(deadLetterTargetArn.lastIndexOf(':') + 1);
  return `${queueUrl.slice(0, queueUrl.lastIndexOf('/') + 1)}${name}`;
};

/** `config` is for a local run, which has its endpoint elsewhere. */
export const sqsDeadLetters = (queueUrl: string, config: SQSClientConfig = {}): DeadLetters => {
  const client = new SQSClient(config);
  let url: Promise<string> | undefined;
  const from = () => {
    url ??= deadLetterUrl(client, queueUrl);
    return url;
  };
  return {
    async count() {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: await from(), AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
    },
    async receive() {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: await from(),
          MaxNumberOfMessages: 10,
          VisibilityTimeout: keptSeconds,
          // Asks all of the queue's hosts, not some.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages.flatMap(({ MessageId, Body, ReceiptHandle, Attributes = {} }) => {
        if (MessageId === undefined || ReceiptHandle === undefined) return [];
        const { MessageGroupId: groupId, MessageDeduplicationId: deduplicationId, SentTimestamp } = Attributes;
        return [
          {
            messageId: MessageId,
            body: Body ?? '',
            sentAt: Number(SentTimestamp ?? 0),
            receipt: ReceiptHandle,
            ...(groupId === undefined ? {} : { groupId }),
            ...(deduplicationId === undefined ? {} : { deduplicationId }),
          },
        ];
      });
    },
    async handBack({ body, groupId, deduplicationId }) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
          ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
        }),
      );
    },
    async remove({ receipt }) {
      await client.send(new DeleteMessageCommand({ QueueUrl: await from(), ReceiptHandle: receipt }));
    },
    async letGo({ receipt }) {
      await client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: await from(), ReceiptHandle: receipt, VisibilityTimeout: 0 }),
      );
    },
  };
};
