import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Queue, Redelivery } from '../queue.ts';

export const sqsQueue = (queueUrl: string, client = new SQSClient({})): Queue => ({
  async send(message, { groupId, deduplicationId, delaySeconds } = {}) {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(message),
        ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
        ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
        ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
      }),
    );
  },
});

/** The URL is in the ARN: `arn:aws:sqs:{region}:{account}:{name}`. */
const queueUrlOf = async (client: SQSClient, arn: string): Promise<string> => {
  const [, , , region, account, name] = arn.split(':');
  const custom = client.config.endpoint && (await client.config.endpoint());
  const base = custom
    ? `${custom.protocol}//${custom.hostname}${custom.port ? `:${custom.port}` : ''}`
    : `https://sqs.${region}.amazonaws.com`;
  return `${base}/${account}/${name}`;
};

export const sqsRedelivery = (client = new SQSClient({})): Redelivery => ({
  async returnAfter(queueArn, receiptHandle, seconds) {
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: await queueUrlOf(client, queueArn),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.max(0, Math.min(43_200, Math.ceil(seconds))),
      }),
    );
  },
});
