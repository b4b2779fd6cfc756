import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SnsService, startSns } from '../../../local/aws/sns/service.ts';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { clientSetting, followClock, present, refused, settingOn } from './json-support.ts';
import { queueClient } from './sqs-support.ts';

/** A webhook that really listens, subscribed with the SDK: what SNS would post to it, and what it does when it fails. */

let clock: VirtualClock;
let queues: SqsService;
let sns: SnsService;
let sqs: ReturnType<typeof queueClient>;
let client: SNSClient;
let hook: Server;
let url: string;
let topic: string;
let count = 0;
let received: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
/** Told in turn, 200 when there is none left; `hang`: not at all. */
let answers: (number | 'hang')[];

beforeAll(async () => {
  clock = virtualClock(Date.UTC(2031, 0, 1, 9));
  queues = await startSqs(settingOn(clock).setting);
  sns = await startSns({ ...settingOn(clock).setting, deliverToQueue: queues.deliver });
  sqs = queueClient(queues.endpoint, clock);
  client = new SNSClient(clientSetting(sns.endpoint));
  followClock(client, clock);
});
afterAll(async () => {
  client.destroy();
  sqs.close();
  await sns.close();
  await queues.close();
});
beforeEach(async () => {
  received = [];
  answers = [];
  hook = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
      const answer = answers.shift() ?? 200;
      if (answer !== 'hang') response.writeHead(answer).end();
    });
  });
  await new Promise<void>((listening) => hook.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/events`;
  count += 1;
  topic = present((await client.send(new CreateTopicCommand({ Name: `events-${count}` }))).TopicArn);
});
afterEach(async () => {
  hook.closeAllConnections();
  await new Promise((closed) => hook.close(closed));
});

/** Lets time pass until the webhook, or whatever is asked, has seen so much; each turn gives the network its own time. */
const until = async (done: () => boolean | Promise<boolean>, step = 1000): Promise<void> => {
  for (let turn = 0; turn < 5000; turn++) {
    if (await done()) return;
    await clock.advance(step);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('It did not come.');
};
const posts = (n: number, step?: number) => until(() => received.length >= n, step);
const bodyOf = (n: number): Record<string, string> => JSON.parse(present(received[n]).body);

const subscribe = async (Attributes: Record<string, string> = {}, Endpoint = url): Promise<string> => {
  const Protocol = Endpoint.startsWith('https:') ? 'https' : 'http';
  const answer = await client.send(
    new SubscribeCommand({ TopicArn: topic, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true }),
  );
  return present(answer.SubscriptionArn);
};
const confirmed = async (Attributes: Record<string, string> = {}): Promise<string> => {
  const arn = await subscribe(Attributes);
  await posts(1);
  const asked = await fetch(present(bodyOf(0).SubscribeURL));
  expect(await asked.text()).toContain(`<SubscriptionArn>${arn}</SubscriptionArn>`);
  received.splice(0);
  return arn;
};
const publish = (Message: string, state = 'SENT') =>
  client.send(
    new PublishCommand({
      TopicArn: topic,
      Message,
      MessageAttributes: { state: { DataType: 'String', StringValue: state } },
    }),
  );
const deadQueue = async () => {
  const dead = await sqs.create(`dead-${count}`);
  return { dead, RedrivePolicy: JSON.stringify({ deadLetterTargetArn: await sqs.arn(dead) }) };
};
const policy = (healthyRetryPolicy: object) => ({ DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }) });

describe('a webhook that is subscribed', () => {
  it('is asked to confirm by its link, and hears nothing before', async () => {
    const arn = await subscribe();
    await posts(1);
    expect(received[0]?.headers).toMatchObject({
      'x-amz-sns-message-type': 'SubscriptionConfirmation',
      'x-amz-sns-topic-arn': topic,
      'content-type': 'text/plain; charset=UTF-8',
    });
    const { SubscribeURL, ...asked } = bodyOf(0);
    expect(asked).toEqual({
      Type: 'SubscriptionConfirmation',
      MessageId: received[0]?.headers['x-amz-sns-message-id'],
      Token: expect.any(String),
      TopicArn: topic,
      Message: expect.stringContaining('visit the SubscribeURL'),
      Timestamp: expect.stringMatching(/^2031-01-01T/),
    });
    await publish('too early');
    const { Subscriptions = [] } = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
    expect(Subscriptions[0]).toMatchObject({ Protocol: 'http', SubscriptionArn: 'PendingConfirmation' });

    expect((await fetch(`${SubscribeURL}x`)).status).toBe(400);
    expect((await fetch(present(SubscribeURL))).status).toBe(200);
    await publish('in time');
    await posts(2);
    expect(bodyOf(1).Message).toBe('in time');
    const { Attributes } = await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }));
    expect(Attributes).toMatchObject({ PendingConfirmation: 'false', ConfirmationWasAuthenticated: 'false' });
  });

  it('gets the envelope, with attributes and the link that ends it; only what its filter lets through', async () => {
    const arn = await confirmed({ FilterPolicy: '{"state":["ACCEPTED"]}' });
    await publish('{"sequence":1}', 'SENT');
    await publish('{"sequence":2}', 'ACCEPTED');
    await posts(1);
    expect(received[0]?.headers).toMatchObject({
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-topic-arn': topic,
      'x-amz-sns-subscription-arn': arn,
    });
    const { UnsubscribeURL, ...envelope } = bodyOf(0);
    expect(envelope).toEqual({
      Type: 'Notification',
      MessageId: received[0]?.headers['x-amz-sns-message-id'],
      TopicArn: topic,
      Message: '{"sequence":2}',
      Timestamp: expect.stringMatching(/^2031-01-01T/),
      MessageAttributes: { state: { Type: 'String', Value: 'ACCEPTED' } },
    });
    await fetch(present(UnsubscribeURL));
    const { Subscriptions } = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
    expect(Subscriptions).toEqual([]);
  });

  it('gets the message alone where delivery is raw', async () => {
    await confirmed({ RawMessageDelivery: 'true' });
    await publish('{"sequence":3}');
    await posts(1);
    expect(received[0]).toMatchObject({ body: '{"sequence":3}', headers: { 'x-amz-sns-rawdelivery': 'true' } });
  });
});

describe('a webhook that fails', () => {
  it('is tried again under the same id, three times at twenty seconds where nothing else is said', async () => {
    const { dead, RedrivePolicy } = await deadQueue();
    await confirmed({ RedrivePolicy });
    const from = clock.now();
    answers = [500, 503, 429, 500];
    await publish('never taken');
    await posts(4);
    const ids = new Set(received.map(({ headers }) => headers['x-amz-sns-message-id']));
    expect(ids.size).toBe(1);
    expect(clock.now() - from).toBeGreaterThanOrEqual(60_000);
    let letters: readonly { Body?: string | undefined }[] = [];
    await until(async () => {
      letters = await sqs.take(dead, { MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
      return letters.length > 0;
    });
    expect(JSON.parse(letters[0]?.Body ?? '')).toMatchObject({ Type: 'Notification', Message: 'never taken' });
    expect(received).toHaveLength(4);
  });

  it('is given time to come back by its own policy, and its dead-letter queue stays empty', async () => {
    const { dead, RedrivePolicy } = await deadQueue();
    const retries = {
      numRetries: 4,
      numMinDelayRetries: 1,
      minDelayTarget: 5,
      maxDelayTarget: 40,
      numMaxDelayRetries: 1,
    };
    await confirmed({ RedrivePolicy, ...policy({ ...retries, backoffFunction: 'exponential' }) });
    answers = ['hang', 500, 500];
    await publish('late');
    await posts(4);
    await clock.advance(3_600_000);
    expect(received).toHaveLength(4);
    expect(await sqs.take(dead, { WaitTimeSeconds: 0 })).toEqual([]);
  });

  it('that says no for good is tried no more', async () => {
    const { dead, RedrivePolicy } = await deadQueue();
    await confirmed({ RedrivePolicy });
    answers = [404];
    await publish('refused');
    await until(async () => (await sqs.take(dead, { WaitTimeSeconds: 0 })).length > 0);
    expect(received).toHaveLength(1);
  });
});

describe('a subscription that SNS would not take', () => {
  it.each([
    [
      'patience of more than an hour',
      { numRetries: 30, minDelayTarget: 5, maxDelayTarget: 300, numMaxDelayRetries: 20 },
    ],
    ['more tries of a kind than tries', { numRetries: 1, numMinDelayRetries: 2 }],
    ['a longest wait below the shortest', { minDelayTarget: 30, maxDelayTarget: 20 }],
  ])('is refused: %s', async (_, retries) => {
    await refused(subscribe(policy(retries)), 'InvalidParameterException');
  });
  it('is refused: a webhook that is not on this machine', async () => {
    await refused(subscribe({}, 'https://portal.example.org/events'), 'InvalidParameterException');
  });
});
