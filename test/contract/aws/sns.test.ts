import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  type PublishCommandInput,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceCall } from '../../../local/aws/service.ts';
import { type SnsService, startSns } from '../../../local/aws/sns/service.ts';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { clientSetting, followClock, present, refused, settingOn } from './json-support.ts';
import { bodies, queueClient } from './sqs-support.ts';

const start = Date.UTC(2031, 0, 1, 9);

let clock: VirtualClock;
let calls: ServiceCall[];
let queues: SqsService;
let service: SnsService;
let sqs: ReturnType<typeof queueClient>;
let client: SNSClient;
let emails: { to: string; subject: string; message: string }[];
let count = 0;
let topic: string;
let url: string;
let queueArn: string;

beforeAll(async () => {
  clock = virtualClock(start);
  const made = settingOn(clock);
  calls = made.calls;
  queues = await startSqs(settingOn(clock).setting);
  service = await startSns({
    ...made.setting,
    deliverToQueue: queues.deliver,
    onEmail: (to, subject, message) => emails.push({ to, subject, message }),
  });
  sqs = queueClient(queues.endpoint, clock);
  client = new SNSClient(clientSetting(service.endpoint));
  followClock(client, clock);
});
afterAll(async () => {
  client.destroy();
  sqs.close();
  await service.close();
  await queues.close();
});
beforeEach(async () => {
  count++;
  emails = [];
  topic = present((await client.send(new CreateTopicCommand({ Name: `topic${count}` }))).TopicArn);
  url = await sqs.create(`queue${count}`);
  queueArn = await sqs.arn(url);
});

const subscribe = async (Attributes: Record<string, string> = {}, Endpoint = queueArn) =>
  present(
    (await client.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint, Attributes })))
      .SubscriptionArn,
  );
const publish = (Message: string, more: Partial<PublishCommandInput> = {}) =>
  client.send(new PublishCommand({ TopicArn: topic, Message, ...more }));
const text = (StringValue: string) => ({ DataType: 'String', StringValue });

describe('topics', () => {
  test('a topic is created once, listed, and keeps its attributes', async () => {
    expect(topic).toBe(`arn:aws:sns:eu-west-2:000000000000:topic${count}`);
    const again = await client.send(new CreateTopicCommand({ Name: `topic${count}` }));
    expect(again.TopicArn).toBe(topic);
    const AttributeValue = '{"Statement":[{"Sid":"<&>"}]}';
    await client.send(new SetTopicAttributesCommand({ TopicArn: topic, AttributeName: 'Policy', AttributeValue }));
    const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn: topic }));
    expect(Attributes).toMatchObject({ TopicArn: topic, Policy: AttributeValue, SubscriptionsConfirmed: '0' });
    const keyed = { Name: `keyed${count}`, Attributes: { KmsMasterKeyId: 'key' } };
    await client.send(new CreateTopicCommand(keyed));
    const { Topics } = await client.send(new ListTopicsCommand({}));
    expect(Topics?.map((t) => t.TopicArn)).toContain(topic);
  });

  test('a deleted topic takes its subscriptions along', async () => {
    await subscribe();
    await client.send(new DeleteTopicCommand({ TopicArn: topic }));
    await refused(publish('x'), 'NotFoundException');
    const { Subscriptions } = await client.send(new ListSubscriptionsCommand({}));
    expect(Subscriptions?.filter((s) => s.TopicArn === topic)).toEqual([]);
  });

  test('what is wrong is refused by the service’s own names', async () => {
    const nowhere = `${topic}-nowhere`;
    await refused(client.send(new GetTopicAttributesCommand({ TopicArn: nowhere })), 'NotFoundException');
    await refused(client.send(new PublishCommand({ TopicArn: nowhere, Message: 'x' })), 'NotFoundException');
    await refused(client.send(new CreateTopicCommand({ Name: 'a b' })), 'InvalidParameterException');
    await refused(publish(''), 'InvalidParameterException');
    await refused(publish('x', { Subject: 'two\nlines' }), 'InvalidParameterException');
    await refused(client.send(new PublishCommand({ Message: 'x' })), 'InvalidParameterException');
    await refused(subscribe({ FilterPolicy: '{"a":"not a list"}' }), 'InvalidParameterException');
    await refused(subscribe({ Nonsense: 'x' }), 'InvalidParameterException');
    await refused(subscribe({}, 'not an arn'), 'InvalidParameterException');
  });
});

describe('queues as subscribers', () => {
  test('without raw delivery the message comes in an envelope', async () => {
    await subscribe();
    const { MessageId } = await publish('hello <world> & "all"', {
      Subject: 'Greeting',
      MessageAttributes: { kind: text('greeting') },
    });
    const [message] = await sqs.take(url);
    expect(JSON.parse(present(message?.Body))).toEqual({
      Type: 'Notification',
      MessageId,
      TopicArn: topic,
      Subject: 'Greeting',
      Message: 'hello <world> & "all"',
      Timestamp: new Date(start).toISOString(),
      MessageAttributes: { kind: { Type: 'String', Value: 'greeting' } },
    });
  });

  test('with raw delivery the message comes as it is, attributes and all', async () => {
    await subscribe({ RawMessageDelivery: 'true' });
    await publish('{"a":1}', {
      MessageAttributes: {
        n: { DataType: 'Number', StringValue: '4' },
        b: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
      },
    });
    const [message] = await sqs.take(url, { MessageAttributeNames: ['All'] });
    expect(message?.Body).toBe('{"a":1}');
    expect(message?.MessageAttributes?.n).toMatchObject({ DataType: 'Number', StringValue: '4' });
    expect([...present(message?.MessageAttributes?.b?.BinaryValue)]).toEqual([1, 2]);
  });

  test('a filter policy on attributes lets through what it names', async () => {
    const FilterPolicy = JSON.stringify({
      state: ['REJECTED', { prefix: 'SEND_' }],
      sender: [{ 'anything-but': ['RX9'] }],
      attempts: [{ numeric: ['>=', 2] }],
      held: [{ exists: false }],
    });
    await subscribe({ RawMessageDelivery: 'true', FilterPolicy });
    const send = (name: string, state: string, sender: string, attempts: string, held?: string) =>
      publish(name, {
        MessageAttributes: {
          state: text(state),
          sender: text(sender),
          attempts: { DataType: 'Number', StringValue: attempts },
          ...(held === undefined ? {} : { held: text(held) }),
        },
      });
    await send('exact', 'REJECTED', 'RX1', '2');
    await send('prefix', 'SEND_FAILED', 'RX1', '10');
    await send('other state', 'ACCEPTED', 'RX1', '2');
    await send('excluded sender', 'REJECTED', 'RX9', '2');
    await send('too few', 'REJECTED', 'RX1', '1');
    await send('held', 'REJECTED', 'RX1', '2', 'yes');
    await publish('no attributes');
    expect(bodies(await sqs.take(url))).toEqual(['exact', 'prefix']);
  });

  test('a filter policy may look into the message, and lists of texts match by any of them', async () => {
    const arn = await subscribe({
      RawMessageDelivery: 'true',
      FilterPolicyScope: 'MessageBody',
      FilterPolicy: '{"detail":{"state":["REJECTED"]}}',
    });
    await publish('{"detail":{"state":"REJECTED"}}');
    await publish('{"detail":{"state":"ACCEPTED"}}');
    await publish('no JSON');
    expect(bodies(await sqs.take(url))).toEqual(['{"detail":{"state":"REJECTED"}}']);
    const set = (AttributeName: string, AttributeValue: string) =>
      client.send(new SetSubscriptionAttributesCommand({ SubscriptionArn: arn, AttributeName, AttributeValue }));
    await set('FilterPolicyScope', 'MessageAttributes');
    await set('FilterPolicy', '{"tags":["b"]}');
    await publish('list', { MessageAttributes: { tags: { DataType: 'String.Array', StringValue: '["a","b"]' } } });
    expect(bodies(await sqs.take(url))).toEqual(['list']);
    const { Attributes } = await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }));
    expect(Attributes).toMatchObject({ FilterPolicy: '{"tags":["b"]}', PendingConfirmation: 'false' });
  });

  test('each protocol gets its own text where the message is structured', async () => {
    await subscribe({ RawMessageDelivery: 'true' });
    const Message = JSON.stringify({ default: 'for all', sqs: 'for queues' });
    await publish(Message, { MessageStructure: 'json' });
    expect(bodies(await sqs.take(url))).toEqual(['for queues']);
    await refused(publish('no JSON', { MessageStructure: 'json' }), 'InvalidParameterException');
  });

  test('what a missing queue cannot take goes to the subscription’s dead-letter queue', async () => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn });
    await subscribe({ RawMessageDelivery: 'true', RedrivePolicy }, `${queueArn}-nowhere`);
    await publish('kept');
    expect(bodies(await sqs.take(url))).toEqual(['kept']);
  });

  test('subscribing twice makes one subscription; unsubscribing ends it', async () => {
    const arn = await subscribe();
    expect(await subscribe()).toBe(arn);
    const list = async () =>
      (await client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }))).Subscriptions ?? [];
    expect(await list()).toEqual([
      { SubscriptionArn: arn, Owner: '000000000000', Protocol: 'sqs', Endpoint: queueArn, TopicArn: topic },
    ]);
    await client.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
    expect(await list()).toEqual([]);
    await publish('x');
    expect(await sqs.take(url)).toEqual([]);
  });
});

describe('batches and sizes', () => {
  test('a batch is published entry by entry', async () => {
    await subscribe({ RawMessageDelivery: 'true' });
    const PublishBatchRequestEntries = [
      { Id: 'a', Message: 'one' },
      { Id: 'b', Message: 'two', Subject: 'bad\nsubject' },
    ];
    const done = await client.send(new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries }));
    expect(done.Successful?.map((s) => s.Id)).toEqual(['a']);
    expect(done.Failed).toMatchObject([{ Id: 'b', Code: 'InvalidParameter', SenderFault: true }]);
    expect(bodies(await sqs.take(url))).toEqual(['one']);
  });

  test('empty batches, repeated ids and batches that are too long are refused', async () => {
    const batch = (PublishBatchRequestEntries: { Id: string; Message: string }[]) =>
      client.send(new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries }));
    await refused(batch([]), 'EmptyBatchRequestException');
    await refused(batch(['a', 'a'].map((Id) => ({ Id, Message: 'x' }))), 'BatchEntryIdsNotDistinctException');
    const half = 'x'.repeat(131_073);
    await refused(batch(['a', 'b'].map((Id) => ({ Id, Message: half }))), 'BatchRequestTooLongException');
  });

  test('256 KiB are published, one byte more is refused', async () => {
    await subscribe({ RawMessageDelivery: 'true' });
    await publish('x'.repeat(262_144));
    const [message] = await sqs.take(url);
    expect(message?.Body).toHaveLength(262_144);
    await refused(publish('x'.repeat(262_145)), 'InvalidParameterException');
  });
});

describe('people as subscribers', () => {
  test('an address gets messages only after it was confirmed with the token that it was sent', async () => {
    const subscribed = await client.send(
      new SubscribeCommand({ TopicArn: topic, Protocol: 'email', Endpoint: 'duty@example.org' }),
    );
    expect(subscribed.SubscriptionArn).toBe('pending confirmation');
    await publish('too early');
    expect(emails).toHaveLength(1);
    expect(emails[0]).toMatchObject({ to: 'duty@example.org' });
    const Token = present(/token: (\w+)/.exec(present(emails[0]).message)?.[1]);
    const list = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
    expect(list.Subscriptions?.[0]?.SubscriptionArn).toBe('PendingConfirmation');
    await refused(
      client.send(new ConfirmSubscriptionCommand({ TopicArn: topic, Token: 'wrong' })),
      'InvalidParameterException',
    );
    const confirmed = await client.send(new ConfirmSubscriptionCommand({ TopicArn: topic, Token }));
    expect(confirmed.SubscriptionArn).toContain(`${topic}:`);
    await publish('a document needs you', { Subject: 'REJECTED' });
    expect(emails.slice(1)).toEqual([{ to: 'duty@example.org', subject: 'REJECTED', message: 'a document needs you' }]);
  });
});

describe('the way in without HTTP, and what IAM is asked', () => {
  test('a message published in process reaches the subscribers', async () => {
    await subscribe({ RawMessageDelivery: 'true' });
    expect(service.publish(topic, { message: 'alarm', subject: 'ALARM' })).toBeTruthy();
    expect(bodies(await sqs.take(url))).toEqual(['alarm']);
    expect(() => service.publish(`${topic}-nowhere`, { message: 'x' })).toThrow('does not exist');
  });

  test('each call is observed with its action and topic, a batch as its single form', async () => {
    calls.length = 0;
    const arn = await subscribe();
    await publish('x');
    await client.send(
      new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries: [{ Id: 'a', Message: 'x' }] }),
    );
    await client.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
    expect(calls.map(({ action, resource }) => [action, resource])).toEqual([
      ['sns:Subscribe', topic],
      ['sns:Publish', topic],
      ['sns:Publish', topic],
      ['sns:Unsubscribe', topic],
    ]);
  });
});
