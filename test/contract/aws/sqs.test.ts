import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { realClock } from '../../../local/clock.ts';
import { present, refused, settingOn } from './json-support.ts';
import { bodies, queueClient } from './sqs-support.ts';

const clock = realClock();
let service: SqsService;
let sqs: ReturnType<typeof queueClient>;
let url: string;

beforeAll(async () => {
  service = await startSqs(settingOn(clock).setting);
  sqs = queueClient(service.endpoint, clock);
  url = await sqs.create('main', { VisibilityTimeout: '30', MessageRetentionPeriod: '345600' });
});
afterAll(async () => {
  sqs.close();
  await service.close();
});

describe('SQS on the real clock', () => {
  test('a queue is created, found by name and shows its attributes', async () => {
    expect((await sqs.client.send(new GetQueueUrlCommand({ QueueName: 'main' }))).QueueUrl).toBe(url);
    const attributes = await sqs.attributes(url);
    expect(attributes.VisibilityTimeout).toBe('30');
    expect(attributes.MaximumMessageSize).toBe('1048576');
    expect(attributes.QueueArn).toMatch(/^arn:aws:sqs:[a-z0-9-]+:\d{12}:main$/);
  });

  test('key and policy attributes are kept', async () => {
    const set = {
      KmsMasterKeyId: 'alias/aws/sqs',
      Policy: '{"Version":"2012-10-17","Statement":[]}',
      ReceiveMessageWaitTimeSeconds: '5',
      SqsManagedSseEnabled: 'false',
    };
    expect(await sqs.attributes(await sqs.create('with-key', set))).toMatchObject(set);
  });

  test('a message is sent, received and deleted', async () => {
    const sent = await sqs.put(url, 'héllo');
    const [message] = await sqs.take(url);
    expect(message).toMatchObject({ Body: 'héllo', MessageId: sent.MessageId, MD5OfBody: sent.MD5OfMessageBody });
    await sqs.drop(url, message);
    expect(await sqs.take(url)).toEqual([]);
  });

  test('message attributes of every type and system attributes arrive', async () => {
    await sqs.put(url, 'x', {
      MessageAttributes: {
        corr: { DataType: 'String', StringValue: 'abc' },
        n: { DataType: 'Number', StringValue: '4' },
        b: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
      },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-2-3' } },
    });
    const [message] = await sqs.take(url, { MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
    expect(message?.MessageAttributes?.corr?.StringValue).toBe('abc');
    expect(message?.MessageAttributes?.n).toMatchObject({ DataType: 'Number', StringValue: '4' });
    expect([...(message?.MessageAttributes?.b?.BinaryValue ?? [])]).toEqual([1, 2]);
    expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1', AWSTraceHeader: 'Root=1-2-3' });
    expect(Number(message?.Attributes?.SentTimestamp)).toBeGreaterThan(1e12);
    await sqs.drop(url, message);
  });

  test('a long poll on an empty queue waits its time and ends with nothing', async () => {
    const from = clock.now();
    expect(await sqs.take(url, { WaitTimeSeconds: 2 })).toEqual([]);
    expect(clock.now() - from).toBeGreaterThanOrEqual(2000);
  });

  test('a long poll wakes when a message is sent', async () => {
    const polled = sqs.take(url, { WaitTimeSeconds: 20 });
    await clock.sleep(300);
    await sqs.put(url, 'wake');
    const [message] = await polled;
    expect(message?.Body).toBe('wake');
    await sqs.drop(url, message);
  });

  test('a message comes back when its visibility timeout ends', async () => {
    await sqs.put(url, 'v');
    expect(await sqs.take(url, { VisibilityTimeout: 1 })).toHaveLength(1);
    expect(await sqs.take(url)).toEqual([]);
    await clock.sleep(1100);
    const [again] = await sqs.take(url, { MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(again?.Attributes).toEqual({ ApproximateReceiveCount: '2' });
    await sqs.drop(url, again);
  });

  test('visibility can be ended and extended', async () => {
    await sqs.put(url, 'cv');
    const [first] = await sqs.take(url, { VisibilityTimeout: 20 });
    await sqs.hide(url, first, 0);
    const [second] = await sqs.take(url, { VisibilityTimeout: 1 });
    expect(second?.Body).toBe('cv');
    await sqs.hide(url, second, 4);
    await clock.sleep(1200);
    expect(await sqs.take(url)).toEqual([]);
    await sqs.drop(url, second);
  });

  test('visibility is changed in a batch', async () => {
    await sqs.put(url, 'cvb');
    const [message] = await sqs.take(url, { VisibilityTimeout: 20 });
    const entry = { Id: '1', ReceiptHandle: present(message?.ReceiptHandle), VisibilityTimeout: 0 };
    const changed = await sqs.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries: [entry] }));
    expect(changed.Successful).toEqual([{ Id: '1' }]);
    const again = await sqs.take(url);
    expect(again).toHaveLength(1);
    await sqs.dropAll(url, again);
  });

  test('a batch of ten is sent; empty batches and repeated ids are refused', async () => {
    const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `i${i}`, MessageBody: `b${i}` }));
    const sent = await sqs.client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    expect(sent.Successful).toHaveLength(10);
    expect(sent.Failed).toBeUndefined();
    const all = await sqs.take(url);
    expect(bodies(all).sort()).toEqual(Entries.map((entry) => entry.MessageBody));
    await sqs.dropAll(url, all);
    await refused(sqs.client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [] })), 'EmptyBatchRequest');
    const twice = [0, 1].map(() => ({ Id: 'a', MessageBody: 'x' }));
    await refused(
      sqs.client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: twice })),
      'BatchEntryIdsNotDistinct',
    );
    const eleven = Array.from({ length: 11 }, (_, i) => ({ Id: `i${i}`, MessageBody: 'x' }));
    await refused(
      sqs.client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: eleven })),
      'TooManyEntriesInBatchRequest',
    );
  });

  test('a batch lists what failed and sends the rest', async () => {
    const queue = await sqs.create('partly');
    const Entries = [
      { Id: 'good', MessageBody: 'fine' },
      { Id: 'bad', MessageBody: '\u0001' },
    ];
    const sent = await sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }));
    expect(sent.Successful?.map((s) => s.Id)).toEqual(['good']);
    expect(sent.Failed).toMatchObject([{ Id: 'bad', SenderFault: true, Code: 'InvalidMessageContents' }]);
    expect(bodies(await sqs.take(queue))).toEqual(['fine']);
  });

  test('a message received more than maxReceiveCount times goes to the dead-letter queue', async () => {
    const dead = await sqs.create('dead');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await sqs.arn(dead), maxReceiveCount: 2 });
    const source = await sqs.create('source', { VisibilityTimeout: '0', RedrivePolicy });
    await sqs.put(source, 'poison');
    expect(await sqs.take(source)).toHaveLength(1);
    expect(await sqs.take(source)).toHaveLength(1);
    expect(await sqs.take(source)).toHaveLength(0);
    const [buried] = await sqs.take(dead, { VisibilityTimeout: 0, MessageSystemAttributeNames: ['All'] });
    expect(buried?.Body).toBe('poison');
    expect(buried?.Attributes?.DeadLetterQueueSourceArn).toBe(await sqs.arn(source));
    const feeding = await sqs.client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }));
    expect(feeding.queueUrls).toEqual([source]);
  });

  test('a move task takes dead letters back to where they came from', async () => {
    const dead = present((await sqs.client.send(new GetQueueUrlCommand({ QueueName: 'dead' }))).QueueUrl);
    const source = present((await sqs.client.send(new GetQueueUrlCommand({ QueueName: 'source' }))).QueueUrl);
    const SourceArn = await sqs.arn(dead);
    const started = await sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn }));
    expect(started.TaskHandle).toBeTruthy();
    const [back] = await sqs.take(source, { WaitTimeSeconds: 3, MessageSystemAttributeNames: ['All'] });
    expect(back).toMatchObject({ Body: 'poison', Attributes: { ApproximateReceiveCount: '1' } });
    const listed = await sqs.client.send(new ListMessageMoveTasksCommand({ SourceArn }));
    expect(listed.Results).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }]);
    await refused(
      sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: await sqs.arn(source) })),
      'InvalidParameterValue',
    );
  });

  test('a FIFO queue keeps order, drops duplicates and locks a group while one of it is held', async () => {
    const fifo = await sqs.create('orders.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    const first = await sqs.put(fifo, '1', { MessageGroupId: 'g' });
    const duplicate = await sqs.put(fifo, '1', { MessageGroupId: 'g' });
    expect(duplicate.MessageId).toBe(first.MessageId);
    await sqs.put(fifo, '2', { MessageGroupId: 'g' });
    await sqs.put(fifo, '3', { MessageGroupId: 'h' });
    const [one] = await sqs.take(fifo, { MaxNumberOfMessages: 1, MessageSystemAttributeNames: ['All'] });
    expect(one).toMatchObject({ Body: '1', Attributes: { MessageGroupId: 'g', SequenceNumber: first.SequenceNumber } });
    expect(bodies(await sqs.take(fifo))).toEqual(['3']);
    const waiting = sqs.take(fifo, { WaitTimeSeconds: 20 });
    await sqs.drop(fifo, one);
    expect(bodies(await waiting)).toEqual(['2']);
  });

  test('one receive hands out several of a group in order', async () => {
    const fifo = await sqs.create('several.fifo', { FifoQueue: 'true' });
    for (const n of [1, 2, 3]) {
      await sqs.put(fifo, `m${n}`, { MessageGroupId: 'g', MessageDeduplicationId: `d${n}` });
    }
    expect(bodies(await sqs.take(fifo))).toEqual(['m1', 'm2', 'm3']);
  });

  test('a FIFO message needs a group and a deduplication id', async () => {
    const fifo = await sqs.create('strict.fifo', { FifoQueue: 'true' });
    await refused(sqs.put(fifo, 'x', { MessageDeduplicationId: 'd' }), 'MissingParameter');
    await refused(sqs.put(fifo, 'x', { MessageGroupId: 'g' }), 'InvalidParameterValue');
    await refused(sqs.create('no-flag.fifo'), 'InvalidParameterValue');
  });

  test('a body of 300 KiB is accepted, because the limit is 1 MiB', async () => {
    await sqs.put(url, 'x'.repeat(300 * 1024));
    await sqs.client.send(new PurgeQueueCommand({ QueueUrl: url }));
    expect(await sqs.take(url)).toEqual([]);
  });

  test('a body of exactly 1 MiB is accepted and arrives whole', async () => {
    const queue = await sqs.create('megabyte');
    await sqs.put(queue, 'x'.repeat(1 << 20));
    const [message] = await sqs.take(queue);
    expect(message?.Body).toHaveLength(1 << 20);
  });

  test('one byte more than 1 MiB is refused', async () => {
    await refused(sqs.put(url, 'x'.repeat((1 << 20) + 1)), 'InvalidParameterValue');
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat((1 << 19) + 1) }));
    await refused(sqs.client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries })), 'BatchRequestTooLong');
  });

  test('a delayed message stays hidden for its delay', async () => {
    const queue = await sqs.create('delayed');
    await sqs.put(queue, 'later', { DelaySeconds: 1 });
    expect(await sqs.take(queue)).toEqual([]);
    expect(bodies(await sqs.take(queue, { WaitTimeSeconds: 10 }))).toEqual(['later']);
  });

  test('visible, held and delayed messages are counted apart', async () => {
    const queue = await sqs.create('counted');
    await sqs.put(queue, '1');
    await sqs.put(queue, '2');
    await sqs.put(queue, '3', { DelaySeconds: 60 });
    await sqs.take(queue, { MaxNumberOfMessages: 1 });
    expect(await sqs.attributes(queue)).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
    });
  });

  test('a purged queue is empty', async () => {
    const queue = await sqs.create('purged');
    await sqs.put(queue, 'x');
    await sqs.client.send(new PurgeQueueCommand({ QueueUrl: queue }));
    expect(await sqs.take(queue)).toEqual([]);
  });

  test('a queue that does not exist is refused by name, with the Query code that older clients know', async () => {
    const call = sqs.client.send(new GetQueueUrlCommand({ QueueName: 'nope' }));
    await expect(call).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
  });

  test('a receipt handle that is none is refused', async () => {
    await refused(
      sqs.client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: 'garbage' })),
      'ReceiptHandleIsInvalid',
    );
  });

  test('the visibility of a message that nobody holds any more cannot be changed', async () => {
    const queue = await sqs.create('late');
    await sqs.put(queue, 'x');
    const [message] = await sqs.take(queue, { VisibilityTimeout: 1 });
    await clock.sleep(1100);
    await refused(sqs.hide(queue, message, 10), 'MessageNotInflight');
  });

  test('attributes are changed, tags kept, queues listed and deleted', async () => {
    const queue = await sqs.create('passing');
    await sqs.client.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { VisibilityTimeout: '7' } }));
    expect((await sqs.attributes(queue)).VisibilityTimeout).toBe('7');
    const listed = await sqs.client.send(new ListQueuesCommand({ QueueNamePrefix: 'passing' }));
    expect(listed.QueueUrls).toEqual([queue]);
    const some = await sqs.client.send(new ListQueuesCommand({ MaxResults: 2 }));
    expect(some.QueueUrls).toHaveLength(2);
    expect(some.NextToken).toBeTruthy();
    await sqs.client.send(new TagQueueCommand({ QueueUrl: queue, Tags: { z: '1' } }));
    expect((await sqs.client.send(new ListQueueTagsCommand({ QueueUrl: queue }))).Tags).toEqual({ z: '1' });
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl: queue }));
    await refused(sqs.client.send(new GetQueueUrlCommand({ QueueName: 'passing' })), 'QueueDoesNotExist');
  });

  test('a body with characters that XML cannot hold is refused', async () => {
    await refused(sqs.put(url, '\u0000bad'), 'InvalidMessageContents');
  });

  test('a standard queue keeps the message group', async () => {
    const queue = await sqs.create('fair');
    await sqs.put(queue, 'x', { MessageGroupId: 'tenant1' });
    const [message] = await sqs.take(queue, { MessageSystemAttributeNames: ['All'] });
    expect(message?.Attributes?.MessageGroupId).toBe('tenant1');
  });

  test('five hundred messages are sent, received and deleted, each once', async () => {
    const queue = await sqs.create('many');
    const wanted: string[] = [];
    for (let i = 0; i < 50; i++) {
      const Entries = Array.from({ length: 10 }, (_, j) => ({ Id: `i${j}`, MessageBody: `b${i}-${j}` }));
      wanted.push(...Entries.map((entry) => entry.MessageBody));
      await sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }));
    }
    const got: (string | undefined)[] = [];
    for (let messages = await sqs.take(queue); messages.length > 0; messages = await sqs.take(queue)) {
      got.push(...bodies(messages));
      await sqs.dropAll(queue, messages);
    }
    expect(got.sort()).toEqual(wanted.sort());
  });

  test('attributes out of range, unknown ones and a redrive to nowhere are refused', async () => {
    await refused(sqs.create('r1', { VisibilityTimeout: '43201' }), 'InvalidAttributeValue');
    await refused(sqs.create('r2', { MessageRetentionPeriod: '59' }), 'InvalidAttributeValue');
    const unknown = JSON.parse('{"Nonsense":"1"}');
    await refused(sqs.create('r3', unknown), 'InvalidAttributeName');
    const nowhere = { deadLetterTargetArn: 'arn:aws:sqs:eu-west-2:000000000000:nowhere', maxReceiveCount: 3 };
    await refused(sqs.create('r4', { RedrivePolicy: JSON.stringify(nowhere) }), 'InvalidParameterValue');
    await sqs.create('r5', { VisibilityTimeout: '10' });
    await refused(sqs.create('r5', { VisibilityTimeout: '11' }), 'QueueNameExists');
  });

  test('one failed entry of a delete batch leaves the others deleted', async () => {
    const queue = await sqs.create('half');
    await sqs.put(queue, 'x');
    const [message] = await sqs.take(queue);
    const Entries = [
      { Id: 'ok', ReceiptHandle: present(message?.ReceiptHandle) },
      { Id: 'no', ReceiptHandle: 'garbage' },
    ];
    const done = await sqs.client.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries }));
    expect(done.Successful).toEqual([{ Id: 'ok' }]);
    expect(done.Failed).toMatchObject([{ Id: 'no', Code: 'ReceiptHandleIsInvalid' }]);
  });
});
