import { createHash, randomUUID } from 'node:crypto';
import { minutes, seconds } from '../../../shared/platform/clock.ts';
import { ServiceError } from '../service.ts';
import { attributesMd5, checkContent, type Message, type MessageAttributes, md5, messageSize } from './message.ts';
import { defaultAttributes, type QueueAttributes } from './queue-attributes.ts';

/** How long SQS remembers a deduplication id. */
const deduplicationWindow = minutes(5);

/** One queue. All times are epoch milliseconds of the service's clock. */
export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly fifo: boolean;
  attributes: QueueAttributes;
  readonly tags: Map<string, string>;
  readonly createdAt: number;
  modifiedAt: number;
  /** By message id, in the order in which they came. */
  readonly messages: Map<string, Message>;
  readonly remembered: Map<string, { messageId: string; sequenceNumber: string; until: number }>;
  /** When each message group was last served, as a count of turns: what makes a standard queue fair. */
  readonly turns: Map<string, number>;
  turn: number;
  sequence: bigint;
  /** Long polls that want to know when something may have become visible. */
  readonly waiters: Set<() => void>;
}

export const createQueue = (name: string, arn: string, attributes: QueueAttributes, now: number): Queue => ({
  name,
  arn,
  fifo: name.endsWith('.fifo'),
  attributes: { ...defaultAttributes, ...attributes },
  tags: new Map(),
  createdAt: now,
  modifiedAt: now,
  messages: new Map(),
  remembered: new Map(),
  turns: new Map(),
  turn: 0,
  sequence: 10n ** 19n,
  waiters: new Set(),
});

export const wake = (queue: Queue): void => {
  for (const waiter of [...queue.waiters]) waiter();
};

/** Drops what has outlived the retention period. */
export const expire = (queue: Queue, now: number): void => {
  const retention = seconds(Number(queue.attributes.MessageRetentionPeriod));
  for (const message of queue.messages.values()) {
    if (now - message.sentAt >= retention) queue.messages.delete(message.id);
  }
};

export interface Submission {
  readonly body: string;
  readonly attributes?: MessageAttributes | undefined;
  readonly traceHeader?: string | undefined;
  readonly delaySeconds?: number | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly senderId: string;
}

export interface Accepted {
  readonly MessageId: string;
  readonly MD5OfMessageBody: string;
  readonly MD5OfMessageAttributes?: string;
  readonly MD5OfMessageSystemAttributes?: string;
  readonly SequenceNumber?: string;
}

const invalid = (reason: string) => new ServiceError('InvalidParameterValue', reason);
const token = /^[\x21-\x7e]{1,128}$/;

const deduplicationKey = (queue: Queue, entry: Submission): { id: string; key: string } => {
  const hashed = queue.attributes.ContentBasedDeduplication === 'true';
  const id = entry.deduplicationId ?? (hashed ? createHash('sha256').update(entry.body).digest('hex') : undefined);
  if (!id) {
    throw invalid(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  return { id, key: queue.attributes.DeduplicationScope === 'messageGroup' ? `${entry.groupId} ${id}` : id };
};

const check = (queue: Queue, entry: Submission): void => {
  checkContent(entry.body, entry.attributes ?? {});
  const limit = Number(queue.attributes.MaximumMessageSize);
  if (messageSize(entry.body, entry.attributes) > limit) {
    throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
  }
  if (entry.delaySeconds !== undefined && (entry.delaySeconds < 0 || entry.delaySeconds > 900)) {
    throw invalid(`Value ${entry.delaySeconds} for parameter DelaySeconds is invalid. Reason: must be 0 to 900.`);
  }
  if (entry.groupId !== undefined && !token.test(entry.groupId)) throw invalid('MessageGroupId is invalid.');
  if (queue.fifo) {
    if (!entry.groupId) {
      throw new ServiceError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
    }
    if (entry.delaySeconds) throw invalid('DelaySeconds is not valid for a message of a FIFO queue.');
  } else if (entry.deduplicationId !== undefined) {
    throw invalid('MessageDeduplicationId is not valid for this queue type.');
  }
};

/** Takes one message in. A FIFO duplicate is answered like its first and goes nowhere. Throws the service's errors. */
export const accept = (queue: Queue, now: number, entry: Submission): Accepted => {
  check(queue, entry);
  const attributes = entry.attributes ?? {};
  const digests = {
    MD5OfMessageBody: md5(entry.body),
    ...(Object.keys(attributes).length > 0 ? { MD5OfMessageAttributes: attributesMd5(attributes) } : {}),
    ...(entry.traceHeader === undefined
      ? {}
      : {
          MD5OfMessageSystemAttributes: attributesMd5({
            AWSTraceHeader: { DataType: 'String', StringValue: entry.traceHeader },
          }),
        }),
  };
  const message: Message = {
    id: randomUUID(),
    body: entry.body,
    attributes,
    senderId: entry.senderId,
    sentAt: now,
    visibleAt: now + seconds(entry.delaySeconds ?? Number(queue.attributes.DelaySeconds)),
    receiveCount: 0,
    ...(entry.traceHeader === undefined ? {} : { traceHeader: entry.traceHeader }),
    ...(entry.groupId === undefined ? {} : { groupId: entry.groupId }),
  };
  if (!queue.fifo) {
    queue.messages.set(message.id, message);
    wake(queue);
    return { MessageId: message.id, ...digests };
  }
  for (const [key, { until }] of queue.remembered) if (until <= now) queue.remembered.delete(key);
  const { id, key } = deduplicationKey(queue, entry);
  const earlier = queue.remembered.get(key);
  if (earlier) return { MessageId: earlier.messageId, SequenceNumber: earlier.sequenceNumber, ...digests };
  queue.sequence += 1n;
  const sequenceNumber = String(queue.sequence);
  queue.remembered.set(key, { messageId: message.id, sequenceNumber, until: now + deduplicationWindow });
  queue.messages.set(message.id, { ...message, deduplicationId: id, sequenceNumber });
  wake(queue);
  return { MessageId: message.id, SequenceNumber: sequenceNumber, ...digests };
};

/** How many messages are where. `oldestSentAt` is epoch ms. */
export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly oldestSentAt?: number;
}

export const depthOf = (queue: Queue, now: number): QueueDepth => {
  expire(queue, now);
  let [visible, inFlight, delayed] = [0, 0, 0];
  let oldest: number | undefined;
  for (const { visibleAt, receiveCount, sentAt } of queue.messages.values()) {
    if (visibleAt <= now) visible++;
    else if (receiveCount > 0) inFlight++;
    else delayed++;
    oldest = Math.min(oldest ?? sentAt, sentAt);
  }
  return { visible, inFlight, delayed, ...(oldest === undefined ? {} : { oldestSentAt: oldest }) };
};
