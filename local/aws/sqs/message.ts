import { createHash } from 'node:crypto';
import { ServiceError } from '../service.ts';

/** A message attribute as it travels: binary values are base64. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: string | undefined;
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** A message in a queue. All times are epoch milliseconds. */
export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly traceHeader?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly sequenceNumber?: string;
  readonly senderId: string;
  /** The queue that gave up on it, where this one is a dead-letter queue. */
  readonly deadLetterSourceArn?: string;
  readonly sentAt: number;
  /** Hidden until then, by delay or because somebody holds it. */
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  lastReceivedAt?: number;
  receiptHandle?: string;
}

export const md5 = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');

/** The digest that receivers check: name, type and value of each attribute in order of name, each with its length. */
export const attributesMd5 = (attributes: MessageAttributes): string => {
  const parts: Buffer[] = [];
  const add = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  };
  for (const [name, attribute] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const binary = attribute.DataType.startsWith('Binary');
    add(name);
    add(attribute.DataType);
    parts.push(Buffer.from([binary ? 2 : 1]));
    add(binary ? Buffer.from(attribute.BinaryValue ?? '', 'base64') : (attribute.StringValue ?? ''));
  }
  return md5(Buffer.concat(parts));
};

/** Bytes that count towards the size limit: the body and each attribute's name, type and value. */
export const messageSize = (body: string, attributes: MessageAttributes = {}): number =>
  Object.entries(attributes).reduce(
    (total, [name, { DataType, StringValue, BinaryValue }]) =>
      total +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue ?? '') +
      Buffer.byteLength(BinaryValue ?? '', 'base64'),
    Buffer.byteLength(body),
  );

// What XML 1.0 allows: tab, line feed, carriage return and everything from space on, without surrogates and non-characters.
const forbidden = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const attributeName = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/;
const attributeType = /^(String|Number|Binary)(\.[^\s]+)?$/;

/** Throws the service's error for a body or attribute that SQS would not take. */
export const checkContent = (body: string, attributes: MessageAttributes): void => {
  if (body === '') throw new ServiceError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (forbidden.test(body)) throw new ServiceError('InvalidMessageContents', 'The message holds invalid characters.');
  const invalid = (name: string, why: string) =>
    new ServiceError('InvalidParameterValue', `The message attribute '${name}' ${why}.`);
  const entries = Object.entries(attributes);
  if (entries.length > 10) throw new ServiceError('InvalidParameterValue', 'A message has at most 10 attributes.');
  for (const [name, { DataType, StringValue, BinaryValue }] of entries) {
    if (!attributeName.test(name) || /^(aws|amazon)\./i.test(name)) throw invalid(name, 'has an invalid name');
    if (!attributeType.test(DataType)) throw invalid(name, 'has an invalid type');
    const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
    if (!value) throw invalid(name, 'must have a value that is not empty');
    if (DataType.startsWith('Number') && !Number.isFinite(Number(value))) throw invalid(name, 'is not a number');
    if (forbidden.test(StringValue ?? ''))
      throw new ServiceError('InvalidMessageContents', 'Invalid characters found.');
  }
};
