import { connect } from 'node:net';
import { DeleteQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ServiceCall } from '../../../local/aws/service.ts';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { realClock, scaledClock, type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { days, hours, minutes, seconds } from '../../../shared/platform/clock.ts';
import { refused, settingOn } from './json-support.ts';
import { bodies, queueClient } from './sqs-support.ts';

const start = Date.UTC(2031, 0, 1, 9);

let clock: VirtualClock;
let calls: ServiceCall[];
let service: SqsService;
let sqs: ReturnType<typeof queueClient>;

beforeEach(async () => {
  clock = virtualClock(start);
  const made = settingOn(clock);
  calls = made.calls;
  service = await startSqs(made.setting);
  sqs = queueClient(service.endpoint, clock);
});
afterEach(async () => {
  sqs.close();
  await service.close();
});

/** Resolves when the service has taken in a ReceiveMessage as its latest call. */
const polling = () => vi.waitFor(() => expect(calls.at(-1)?.action).toBe('sqs:ReceiveMessage'), { interval: 5 });

describe('SQS on the virtual clock', () => {
  test('visibility ends when the clock says so, not before', async () => {
    const url = await sqs.create('q');
    await sqs.put(url, 'a');
    expect(await sqs.take(url, { VisibilityTimeout: 3600 })).toHaveLength(1);
    await clock.advance(seconds(3599));
    expect(await sqs.take(url)).toEqual([]);
    await clock.advance(seconds(1));
    const [again] = await sqs.take(url, { MessageSystemAttributeNames: ['All'] });
    expect(again?.Attributes).toMatchObject({
      SentTimestamp: String(start),
      ApproximateFirstReceiveTimestamp: String(start),
      ApproximateReceiveCount: '2',
    });
  });

  test('a delay of the queue and of the message is the clock’s', async () => {
    const url = await sqs.create('q', { DelaySeconds: '900' });
    await sqs.put(url, 'queue');
    await sqs.put(url, 'message', { DelaySeconds: 10 });
    await clock.advance(seconds(10));
    const early = await sqs.take(url);
    expect(bodies(early)).toEqual(['message']);
    await sqs.dropAll(url, early);
    await clock.advance(seconds(889));
    expect(await sqs.take(url)).toEqual([]);
    await clock.advance(seconds(1));
    expect(bodies(await sqs.take(url))).toEqual(['queue']);
  });

  test('messages are dropped after the retention period, also in a dead-letter queue', async () => {
    const dead = await sqs.create('dead', { MessageRetentionPeriod: String(days(14) / 1000) });
    const deadArn = await sqs.arn(dead);
    const url = await sqs.create('q', {
      MessageRetentionPeriod: String(days(14) / 1000),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 1 }),
    });
    await sqs.put(url, 'old');
    await sqs.take(url, { VisibilityTimeout: 0 });
    await clock.advance(days(13));
    expect(await sqs.take(url)).toEqual([]);
    expect(service.depth(deadArn)).toEqual({ visible: 1, inFlight: 0, delayed: 0, oldestSentAt: start });
    await clock.advance(days(1));
    expect(await sqs.take(dead)).toEqual([]);
    expect(service.depth(deadArn)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('a FIFO duplicate is dropped for five minutes and taken after them', async () => {
    const url = await sqs.create('q.fifo', { FifoQueue: 'true' });
    const slot = { MessageGroupId: 'mailbox', MessageDeduplicationId: 'mailbox-slot-1' };
    const first = await sqs.put(url, 'poll', slot);
    await sqs.dropAll(url, await sqs.take(url));
    await clock.advance(minutes(5) - 1);
    expect((await sqs.put(url, 'poll', slot)).MessageId).toBe(first.MessageId);
    expect(await sqs.take(url)).toEqual([]);
    await clock.advance(1);
    expect((await sqs.put(url, 'poll', slot)).MessageId).not.toBe(first.MessageId);
    expect(bodies(await sqs.take(url))).toEqual(['poll']);
  });

  test('deduplication is by group where the queue says so', async () => {
    const url = await sqs.create('q.fifo', { FifoQueue: 'true', DeduplicationScope: 'messageGroup' });
    await sqs.put(url, 'a', { MessageGroupId: 'g', MessageDeduplicationId: 'same' });
    await sqs.put(url, 'b', { MessageGroupId: 'h', MessageDeduplicationId: 'same' });
    expect(bodies(await sqs.take(url))).toEqual(['a', 'b']);
  });

  test('a FIFO handle is worth nothing once its time is over', async () => {
    const url = await sqs.create('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    await sqs.put(url, 'x', { MessageGroupId: 'g' });
    const [message] = await sqs.take(url, { VisibilityTimeout: 5 });
    await clock.advance(seconds(5));
    await refused(sqs.drop(url, message), 'InvalidParameterValue');
    expect(bodies(await sqs.take(url))).toEqual(['x']);
  });

  test('nobody holds a message for more than twelve hours', async () => {
    const url = await sqs.create('q');
    await sqs.put(url, 'x');
    const [message] = await sqs.take(url, { VisibilityTimeout: 43_200 });
    await clock.advance(hours(1));
    await refused(sqs.hide(url, message, 43_200), 'InvalidParameterValue');
    await sqs.hide(url, message, 11 * 3600);
  });

  test('a long poll ends when the clock has moved its time', async () => {
    const url = await sqs.create('q');
    let ended = false;
    const polled = sqs.take(url, { WaitTimeSeconds: 20 }).finally(() => {
      ended = true;
    });
    await polling();
    await clock.advance(seconds(19));
    await sqs.attributes(url);
    expect(ended).toBe(false);
    await clock.advance(seconds(1));
    expect(await polled).toEqual([]);
  });

  test('a long poll gets a message that becomes visible while it waits', async () => {
    const url = await sqs.create('q');
    await sqs.put(url, 'soon', { DelaySeconds: 7 });
    const polled = sqs.take(url, { WaitTimeSeconds: 20 });
    await polling();
    await clock.advance(seconds(7));
    expect(bodies(await polled)).toEqual(['soon']);
    expect(clock.now()).toBe(start + seconds(7));
  });

  test('a long poll whose client went away takes no message', async () => {
    const url = await sqs.create('q');
    const leave = new AbortController();
    const command = new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 });
    const left = sqs.client.send(command, { abortSignal: leave.signal });
    await polling();
    leave.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    // Two answers later the server has seen that connection close.
    await sqs.attributes(url);
    await sqs.attributes(url);
    const sent = await sqs.put(url, 'kept');
    const [message] = await sqs.take(url, { MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(message).toMatchObject({ MessageId: sent.MessageId, Attributes: { ApproximateReceiveCount: '1' } });
  });

  test('closing the service ends its long polls', async () => {
    const url = await sqs.create('q');
    const polled = sqs.take(url, { WaitTimeSeconds: 20 });
    await polling();
    await service.close();
    expect(await polled).toEqual([]);
    const { port } = new URL(service.endpoint);
    await expect(
      new Promise((resolve, reject) => connect(Number(port), '127.0.0.1', () => resolve('open')).on('error', reject)),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('deleting a queue ends the long polls on it', async () => {
    const url = await sqs.create('q');
    const polled = refused(sqs.take(url, { WaitTimeSeconds: 20 }), 'QueueDoesNotExist');
    await polling();
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl: url }));
    await polled;
  });

  test('a request signed at another time than the clock’s is refused', async () => {
    const machine = queueClient(service.endpoint, realClock());
    await refused(machine.create('q'), 'RequestTimeTooSkewed');
    machine.close();
  });
});

describe('fair queues', () => {
  test('groups take turns, so that a long backlog of one keeps no other waiting', async () => {
    const url = await sqs.create('q');
    for (let i = 0; i < 30; i++) await sqs.put(url, `noisy${i}`, { MessageGroupId: 'noisy' });
    await sqs.put(url, 'quiet0', { MessageGroupId: 'quiet' });
    await sqs.put(url, 'quiet1', { MessageGroupId: 'quiet' });
    await sqs.put(url, 'third', { MessageGroupId: 'third' });
    expect(bodies(await sqs.take(url, { MaxNumberOfMessages: 6 }))).toEqual([
      'noisy0',
      'quiet0',
      'third',
      'noisy1',
      'quiet1',
      'noisy2',
    ]);
  });

  test('turns are remembered from one receive to the next', async () => {
    const url = await sqs.create('q');
    for (let i = 0; i < 3; i++) await sqs.put(url, `a${i}`, { MessageGroupId: 'a' });
    for (let i = 0; i < 3; i++) await sqs.put(url, `b${i}`, { MessageGroupId: 'b' });
    const one = async () => bodies(await sqs.take(url, { MaxNumberOfMessages: 1 }))[0];
    expect([await one(), await one(), await one(), await one()]).toEqual(['a0', 'b0', 'a1', 'b1']);
  });

  test('without groups the oldest comes first', async () => {
    const url = await sqs.create('q');
    for (let i = 0; i < 5; i++) await sqs.put(url, `m${i}`);
    expect(bodies(await sqs.take(url))).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });
});

describe('the way in without HTTP', () => {
  test('a delivered message is an ordinary message', async () => {
    const url = await sqs.create('q');
    const arn = await sqs.arn(url);
    expect(service.deliver(arn, 'hello', { groupId: 'g', attributes: { RULE_ARN: 'arn:rule' } })).toBe(true);
    const [message] = await sqs.take(url, { MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
    expect(message).toMatchObject({
      Body: 'hello',
      Attributes: { MessageGroupId: 'g' },
      MessageAttributes: { RULE_ARN: { DataType: 'String', StringValue: 'arn:rule' } },
    });
  });

  test('delivery says no where there is no such queue, or the queue refuses the message', async () => {
    const fifo = await sqs.arn(await sqs.create('q.fifo', { FifoQueue: 'true' }));
    expect(service.deliver('arn:aws:sqs:eu-west-2:000000000000:nowhere', 'x')).toBe(false);
    expect(service.deliver(fifo, 'x')).toBe(false);
    expect(service.deliver(fifo, 'x', { groupId: 'g', deduplicationId: 'd' })).toBe(true);
  });

  test('depth tells visible, held and delayed apart', async () => {
    const url = await sqs.create('q');
    const arn = await sqs.arn(url);
    await sqs.put(url, '1');
    await clock.advance(seconds(5));
    await sqs.put(url, '2');
    await sqs.put(url, '3', { DelaySeconds: 60 });
    await sqs.take(url, { MaxNumberOfMessages: 1 });
    expect(service.depth(arn)).toEqual({ visible: 1, inFlight: 1, delayed: 1, oldestSentAt: start });
    expect(service.depth('arn:aws:sqs:eu-west-2:000000000000:nowhere')).toBeUndefined();
  });
});

describe('what IAM is asked', () => {
  test('each call is observed with its action and queue, a batch as its single form', async () => {
    const url = await sqs.create('q');
    const arn = await sqs.arn(url);
    calls.length = 0;
    await sqs.client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: 'a', MessageBody: 'x' }] }));
    await sqs.dropAll(url, await sqs.take(url));
    expect(calls.map(({ action, resource }) => [action, resource])).toEqual([
      ['sqs:SendMessage', arn],
      ['sqs:ReceiveMessage', arn],
      ['sqs:DeleteMessage', arn],
    ]);
  });

  test('a call with a wrong secret is refused and not observed', async () => {
    const made = settingOn(clock);
    const strict = await startSqs({ ...made.setting, identities: { secretFor: () => 'another secret' } });
    const client = queueClient(strict.endpoint, clock);
    await refused(client.create('q'), 'SignatureDoesNotMatch');
    expect(made.calls).toEqual([]);
    client.close();
    await strict.close();
  });
});

describe('SQS on a scaled clock', () => {
  test('times pass as fast as the clock runs', async () => {
    const fast = scaledClock(600, start);
    const made = await startSqs(settingOn(fast).setting);
    const client = queueClient(made.endpoint, fast);
    const url = await client.create('q');
    const from = fast.now();
    await client.put(url, 'x', { DelaySeconds: 600 });
    let got: (string | undefined)[] = [];
    while (got.length === 0) got = bodies(await client.take(url, { WaitTimeSeconds: 20 }));
    expect(got).toEqual(['x']);
    expect(fast.now() - from).toBeGreaterThanOrEqual(minutes(10));
    client.close();
    await made.close();
  });
});
