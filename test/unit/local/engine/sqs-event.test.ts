import type { Message } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/aws/events/pattern.ts';
import { doneWith, sqsEvent } from '../../../../local/engine/sqs-event.ts';

const message = (id: string, group?: string): Message => ({
  MessageId: id,
  ReceiptHandle: `handle-${id}`,
  Body: `{"id":"${id}"}`,
  MD5OfBody: 'md5',
  Attributes: { ApproximateReceiveCount: '1', ...(group === undefined ? {} : { MessageGroupId: group }) },
});
const messages = [message('a'), message('b'), message('c')];
const ids = (done: readonly Message[]) => done.map(({ MessageId }) => MessageId);
const deletedAfter = (payload: Json, reportsItemFailures = true) =>
  ids(doneWith({ messages, reportsItemFailures, fifo: false }, { kind: 'answered', payload }));
const failing = (...names: Json[]): Json => ({
  batchItemFailures: names.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('which messages are deleted after an invocation', () => {
  it('all but those reported as failed', () => {
    expect(deletedAfter(failing('b'))).toEqual(['a', 'c']);
  });

  it.each<[string, Json]>([
    ['an empty list', { batchItemFailures: [] }],
    ['a null list', { batchItemFailures: null }],
    ['an empty response', {}],
    ['no response', null],
  ])('all of them for %s', (_, payload) => {
    expect(deletedAfter(payload)).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, Json]>([
    ['an id that was not in the batch', failing('z')],
    ['an empty id', failing('')],
    ['a null id', failing(null)],
    ['an entry without an id', { batchItemFailures: [{ id: 'a' }] }],
    ['a list that is none', { batchItemFailures: 'a' }],
    ['a response that is no object', 'failed'],
  ])('none for %s', (_, payload) => {
    expect(deletedAfter(payload)).toEqual([]);
  });

  it('all of them, whatever is reported, where the mapping does not ask for item failures', () => {
    expect(deletedAfter(failing('b'), false)).toEqual(['a', 'b', 'c']);
  });

  it('none when the invocation failed or never started', () => {
    const batch = { messages, reportsItemFailures: true, fifo: false };
    expect(doneWith(batch, { kind: 'failed', errorType: 'Error', errorMessage: 'no' })).toEqual([]);
    expect(doneWith(batch, { kind: 'dropped', reason: 'closing' })).toEqual([]);
  });

  it('none of a FIFO group after one that failed, whatever other groups do', () => {
    const fifo = [message('a1', 'a'), message('b1', 'b'), message('a2', 'a'), message('b2', 'b'), message('a3', 'a')];
    const outcome = { kind: 'answered', payload: failing('a2') } as const;
    expect(ids(doneWith({ messages: fifo, reportsItemFailures: true, fifo: true }, outcome))).toEqual([
      'a1',
      'b1',
      'b2',
    ]);
  });
});

it('hands messages over in the shape of an SQS event', () => {
  const queueArn = 'arn:aws:sqs:eu-west-2:1:outbox';
  const sent: Message = {
    ...message('a'),
    MD5OfMessageAttributes: 'attributes-md5',
    MessageAttributes: {
      text: { DataType: 'String', StringValue: 'x' },
      bytes: { DataType: 'Binary', BinaryValue: Buffer.from('y') },
    },
  };
  expect(sqsEvent([sent], queueArn, 'eu-west-2')).toEqual({
    Records: [
      {
        messageId: 'a',
        receiptHandle: 'handle-a',
        body: '{"id":"a"}',
        attributes: { ApproximateReceiveCount: '1' },
        messageAttributes: {
          text: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
          bytes: { binaryValue: 'eQ==', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
        },
        md5OfMessageAttributes: 'attributes-md5',
        md5OfBody: 'md5',
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn,
        awsRegion: 'eu-west-2',
      },
    ],
  });
});
