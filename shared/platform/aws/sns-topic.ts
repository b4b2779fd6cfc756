import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Topic } from '../topic.ts';

export const snsTopic = (topicArn: string, client = new SNSClient({})): Topic => ({
  async publish({ body, subject }, attributes) {
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Message: body,
        ...(subject === undefined ? {} : { Subject: subject }),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes)
            .filter(([, value]) => value !== '')
            .map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
        ),
      }),
    );
  },
});
