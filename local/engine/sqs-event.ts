import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { isJsonObject, type Json } from '../aws/events/pattern.ts';
import type { InvocationOutcome } from './invocation.ts';

const attribute = (value: MessageAttributeValue): Json => ({
  ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
  ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
  stringListValues: [],
  binaryListValues: [],
  dataType: value.DataType ?? 'String',
});

/** The event a function gets for messages of a queue. */
export const sqsEvent = (messages: readonly Message[], queueArn: string, region: string): Json => ({
  Records: messages.map((message) => ({
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: { ...message.Attributes },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value)]),
    ),
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  })),
});

/** Message ids that a partial batch response names; undefined where the response makes the whole batch a failure. */
const reportedFailures = (payload: Json, ids: ReadonlySet<string>): Set<string> | undefined => {
  // Nothing at all, or no list: Lambda takes that for complete success.
  if (payload === null) return new Set();
  if (!isJsonObject(payload)) return undefined;
  const failures = payload.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const named = new Set<string>();
  for (const failure of failures) {
    const id = isJsonObject(failure) ? failure.itemIdentifier : undefined;
    if (typeof id !== 'string' || !ids.has(id)) return undefined;
    named.add(id);
  }
  return named;
};

export interface Batch {
  readonly messages: readonly Message[];
  /** The function answers for each message (ReportBatchItemFailures). */
  readonly reportsItemFailures: boolean;
  readonly fifo: boolean;
}

/**
 * Which messages are done with after an invocation, and so deleted; the others come back when their visibility runs
 * out. Of a FIFO queue none that follows a failed one of its group is deleted, or the order would be lost.
 */
export const doneWith = ({ messages, reportsItemFailures, fifo }: Batch, outcome: InvocationOutcome): Message[] => {
  if (outcome.kind !== 'answered') return [];
  if (!reportsItemFailures) return [...messages];
  const failed = reportedFailures(outcome.payload, new Set(messages.map(({ MessageId = '' }) => MessageId)));
  if (!failed) return [];
  const stoppedGroups = new Set<string>();
  return messages.filter(({ MessageId = '', Attributes }) => {
    const group = fifo ? Attributes?.MessageGroupId : undefined;
    if (failed.has(MessageId) && group !== undefined) stoppedGroups.add(group);
    return !failed.has(MessageId) && !(group !== undefined && stoppedGroups.has(group));
  });
};
