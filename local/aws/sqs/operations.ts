import { z } from 'zod';
import { type Operation, operation, page } from '../json-service.ts';
import { ServiceError } from '../service.ts';
import { inBatch } from './batch.ts';
import type { Broker } from './broker.ts';
import { attributesMd5, type Message, type MessageAttributes, md5, messageSize } from './message.ts';
import { accept, depthOf, type Queue, type Submission } from './queue.ts';
import { redrivePolicyOf } from './queue-attributes.ts';
import { changeVisibility, remove } from './receive.ts';

const texts = z.record(z.string(), z.string());
const wholeNumber = z.number().int();
const queueUrl = z.object({ QueueUrl: z.string().min(1) });
const attribute = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const outgoing = z.object({
  MessageBody: z.string(),
  DelaySeconds: wholeNumber.optional(),
  MessageAttributes: z.record(z.string(), attribute).optional(),
  MessageSystemAttributes: z.object({ AWSTraceHeader: attribute.optional() }).optional(),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
});
const held = z.object({ ReceiptHandle: z.string() });
const hidden = held.extend({ VisibilityTimeout: wholeNumber });
const withId = { Id: z.string() };

/** Names are the last segment of a queue's URL, whatever host it shows. */
const nameIn = (url: string): string => url.split('/').at(-1) ?? '';

const submission = (entry: z.output<typeof outgoing>, senderId: string): Submission => ({
  body: entry.MessageBody,
  attributes: entry.MessageAttributes,
  traceHeader: entry.MessageSystemAttributes?.AWSTraceHeader?.StringValue,
  delaySeconds: entry.DelaySeconds,
  groupId: entry.MessageGroupId,
  deduplicationId: entry.MessageDeduplicationId,
  senderId,
});

const between = (name: string, value: number | undefined, least: number, most: number): void => {
  if (value !== undefined && (value < least || value > most)) {
    throw new ServiceError(
      'InvalidParameterValue',
      `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${least} and ${most}, if provided.`,
    );
  }
};

const pick = <T>(all: Readonly<Record<string, T>>, wanted: (name: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => wanted(name)));

const systemAttributes = (message: Message): Record<string, string> => ({
  SenderId: message.senderId,
  SentTimestamp: String(message.sentAt),
  ApproximateReceiveCount: String(message.receiveCount),
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
  ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
  ...(message.sequenceNumber === undefined ? {} : { SequenceNumber: message.sequenceNumber }),
  ...(message.deduplicationId === undefined ? {} : { MessageDeduplicationId: message.deduplicationId }),
  ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
  ...(message.deadLetterSourceArn === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSourceArn }),
});

/** A message as a receiver sees it: with those attributes that it asked for. */
const shown = (message: Message, system: readonly string[], named: readonly string[]) => {
  const all = system.includes('All');
  const wantedSystem = pick(systemAttributes(message), (name) => all || system.includes(name));
  const wanted: MessageAttributes = pick(message.attributes, (name) =>
    named.some((w) => w === 'All' || w === '.*' || w === name || (w.endsWith('.*') && name.startsWith(w.slice(0, -1)))),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(Object.keys(wantedSystem).length > 0 ? { Attributes: wantedSystem } : {}),
    ...(Object.keys(wanted).length > 0
      ? { MessageAttributes: wanted, MD5OfMessageAttributes: attributesMd5(wanted) }
      : {}),
  };
};

const queueAttributesOf = (queue: Queue, now: number): Record<string, string> => {
  const { visible, inFlight, delayed } = depthOf(queue, now);
  return {
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
  };
};

const batchLimit = 1_048_576;

/** The operations of SQS. A batch asks IAM for the same action as its single form. */
export const sqsOperations = (broker: Broker, account: string, now: () => number): ReadonlyMap<string, Operation> => {
  const urlOf = (host: string, name: string) => `http://${host}/${account}/${name}`;
  const find = (input: { QueueUrl: string }) => broker.named(nameIn(input.QueueUrl));
  const resource = (input: { QueueUrl: string }) => broker.arnOf(nameIn(input.QueueUrl));
  const named = (input: { QueueName: string }) => broker.arnOf(input.QueueName);
  const source = (input: { SourceArn: string }) => input.SourceArn;

  return new Map<string, Operation>([
    [
      'CreateQueue',
      operation(z.object({ QueueName: z.string(), Attributes: texts.optional(), tags: texts.optional() }), {
        resource: named,
        run: ({ QueueName, Attributes, tags }, { host }) => {
          const queue = broker.create(QueueName, Attributes ?? {});
          for (const [key, value] of Object.entries(tags ?? {})) queue.tags.set(key, value);
          return { QueueUrl: urlOf(host, QueueName) };
        },
      }),
    ],
    [
      'GetQueueUrl',
      operation(z.object({ QueueName: z.string() }), {
        resource: named,
        run: ({ QueueName }, { host }) => ({ QueueUrl: urlOf(host, broker.named(QueueName).name) }),
      }),
    ],
    [
      'ListQueues',
      operation(
        z.object({
          QueueNamePrefix: z.string().optional(),
          MaxResults: wholeNumber.optional(),
          NextToken: z.string().optional(),
        }),
        {
          resource: () => broker.arnOf('*'),
          run: ({ QueueNamePrefix = '', MaxResults = 1000, NextToken }, { host }) => {
            const names = broker.all().map((queue) => queue.name);
            const { items, next } = page(
              names.filter((name) => name.startsWith(QueueNamePrefix)),
              MaxResults,
              NextToken,
            );
            return {
              QueueUrls: items.map((name) => urlOf(host, name)),
              ...(next === undefined ? {} : { NextToken: next }),
            };
          },
        },
      ),
    ],
    [
      'GetQueueAttributes',
      operation(queueUrl.extend({ AttributeNames: z.array(z.string()).default([]) }), {
        resource,
        run: (input) => {
          const names = input.AttributeNames;
          const all = queueAttributesOf(find(input), now());
          return { Attributes: pick(all, (name) => names.includes('All') || names.includes(name)) };
        },
      }),
    ],
    [
      'SetQueueAttributes',
      operation(queueUrl.extend({ Attributes: texts }), {
        resource,
        run: (input) => {
          broker.configure(find(input), input.Attributes);
          return {};
        },
      }),
    ],
    [
      'DeleteQueue',
      operation(queueUrl, {
        resource,
        run: (input) => {
          broker.remove(find(input));
          return {};
        },
      }),
    ],
    [
      'PurgeQueue',
      operation(queueUrl, {
        resource,
        run: (input) => {
          find(input).messages.clear();
          return {};
        },
      }),
    ],
    [
      'TagQueue',
      operation(queueUrl.extend({ Tags: texts }), {
        resource,
        run: (input) => {
          const { tags } = find(input);
          for (const [key, value] of Object.entries(input.Tags)) tags.set(key, value);
          return {};
        },
      }),
    ],
    [
      'UntagQueue',
      operation(queueUrl.extend({ TagKeys: z.array(z.string()) }), {
        resource,
        run: (input) => {
          const { tags } = find(input);
          for (const key of input.TagKeys) tags.delete(key);
          return {};
        },
      }),
    ],
    [
      'ListQueueTags',
      operation(queueUrl, { resource, run: (input) => ({ Tags: Object.fromEntries(find(input).tags) }) }),
    ],
    [
      'SendMessage',
      operation(queueUrl.extend(outgoing.shape), {
        resource,
        run: (input, { caller }) => accept(find(input), now(), submission(input, caller.accessKeyId)),
      }),
    ],
    [
      'SendMessageBatch',
      operation(queueUrl.extend({ Entries: z.array(outgoing.extend(withId)) }), {
        action: 'SendMessage',
        resource,
        run: (input, { caller }) => {
          const queue = find(input);
          const total = input.Entries.reduce((n, e) => n + messageSize(e.MessageBody, e.MessageAttributes), 0);
          if (total > batchLimit) {
            throw new ServiceError('BatchRequestTooLong', `A batch cannot be longer than ${batchLimit} bytes.`);
          }
          return inBatch(input.Entries, (entry) => accept(queue, now(), submission(entry, caller.accessKeyId)));
        },
      }),
    ],
    [
      'ReceiveMessage',
      operation(
        queueUrl.extend({
          MaxNumberOfMessages: wholeNumber.default(1),
          WaitTimeSeconds: wholeNumber.optional(),
          VisibilityTimeout: wholeNumber.optional(),
          AttributeNames: z.array(z.string()).default([]),
          MessageSystemAttributeNames: z.array(z.string()).default([]),
          MessageAttributeNames: z.array(z.string()).default([]),
        }),
        {
          resource,
          run: async (input, { gone }) => {
            const queue = find(input);
            between('MaxNumberOfMessages', input.MaxNumberOfMessages, 1, 10);
            between('WaitTimeSeconds', input.WaitTimeSeconds, 0, 20);
            between('VisibilityTimeout', input.VisibilityTimeout, 0, 43_200);
            const messages = await broker.poll(queue, {
              max: input.MaxNumberOfMessages,
              waitSeconds: input.WaitTimeSeconds ?? Number(queue.attributes.ReceiveMessageWaitTimeSeconds),
              visibilityTimeoutSeconds: input.VisibilityTimeout ?? Number(queue.attributes.VisibilityTimeout),
              gone,
            });
            if (messages.length === 0) return {};
            const system = [...input.AttributeNames, ...input.MessageSystemAttributeNames];
            return { Messages: messages.map((message) => shown(message, system, input.MessageAttributeNames)) };
          },
        },
      ),
    ],
    [
      'DeleteMessage',
      operation(queueUrl.extend(held.shape), {
        resource,
        run: (input) => {
          remove(find(input), now(), input.ReceiptHandle);
          return {};
        },
      }),
    ],
    [
      'DeleteMessageBatch',
      operation(queueUrl.extend({ Entries: z.array(held.extend(withId)) }), {
        action: 'DeleteMessage',
        resource,
        run: (input) => {
          const queue = find(input);
          return inBatch(input.Entries, ({ ReceiptHandle }) => {
            remove(queue, now(), ReceiptHandle);
            return {};
          });
        },
      }),
    ],
    [
      'ChangeMessageVisibility',
      operation(queueUrl.extend(hidden.shape), {
        resource,
        run: (input) => {
          changeVisibility(find(input), now(), input.ReceiptHandle, input.VisibilityTimeout);
          return {};
        },
      }),
    ],
    [
      'ChangeMessageVisibilityBatch',
      operation(queueUrl.extend({ Entries: z.array(hidden.extend(withId)) }), {
        action: 'ChangeMessageVisibility',
        resource,
        run: (input) => {
          const queue = find(input);
          return inBatch(input.Entries, ({ ReceiptHandle, VisibilityTimeout }) => {
            changeVisibility(queue, now(), ReceiptHandle, VisibilityTimeout);
            return {};
          });
        },
      }),
    ],
    [
      'ListDeadLetterSourceQueues',
      operation(queueUrl, {
        resource,
        run: (input, { host }) => {
          const { arn } = find(input);
          const feeding = broker.all().filter((q) => redrivePolicyOf(q.attributes)?.deadLetterTargetArn === arn);
          return { queueUrls: feeding.map((queue) => urlOf(host, queue.name)) };
        },
      }),
    ],
    [
      'StartMessageMoveTask',
      operation(z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() }), {
        resource: source,
        run: ({ SourceArn, DestinationArn }) => ({
          TaskHandle: broker.startMove(SourceArn, DestinationArn).TaskHandle,
        }),
      }),
    ],
    [
      'ListMessageMoveTasks',
      operation(z.object({ SourceArn: z.string(), MaxResults: wholeNumber.default(1) }), {
        resource: source,
        run: ({ SourceArn, MaxResults }) => ({
          // A handle is shown only while its task runs, and here every task is done when it starts.
          Results: broker
            .moves(SourceArn)
            .slice(0, MaxResults)
            .map(({ TaskHandle, ...task }) => task),
        }),
      }),
    ],
  ]);
};
