import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { LocalClock } from '../../../local/clock.ts';
import { clientSetting, followClock, present } from './json-support.ts';

/** The few calls that most queue tests make, through a real SDK client whose requests are signed with `clock`'s time. */
export const queueClient = (endpoint: string, clock: LocalClock) => {
  const client = new SQSClient(clientSetting(endpoint));
  followClock(client, clock);
  const attributes = async (url: string): Promise<Record<string, string>> =>
    (await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }))).Attributes ?? {};
  return {
    client,
    attributes,
    create: async (name: string, values: Partial<Record<QueueAttributeName, string>> = {}) =>
      present((await client.send(new CreateQueueCommand({ QueueName: name, Attributes: values }))).QueueUrl),
    arn: async (url: string) => present((await attributes(url)).QueueArn),
    put: (url: string, body: string, more: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...more })),
    take: async (url: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> =>
      (await client.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, ...more }))).Messages ??
      [],
    drop: (url: string, message: Message | undefined) =>
      client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: present(message?.ReceiptHandle) })),
    dropAll: (url: string, messages: readonly Message[]) =>
      client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: url,
          Entries: messages.map((message, i) => ({ Id: `d${i}`, ReceiptHandle: message.ReceiptHandle })),
        }),
      ),
    hide: (url: string, message: Message | undefined, seconds: number) =>
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: present(message?.ReceiptHandle),
          VisibilityTimeout: seconds,
        }),
      ),
    close: () => client.destroy(),
  };
};

export const bodies = (messages: readonly Message[]): (string | undefined)[] => messages.map((m) => m.Body);
