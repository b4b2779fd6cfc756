import { z } from 'zod';
import { ServiceError } from '../service.ts';

export type QueueAttributes = Readonly<Record<string, string>>;

export const defaultAttributes: QueueAttributes = {
  VisibilityTimeout: '30',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
  SqsManagedSseEnabled: 'true',
};

/** Attributes with a range, in seconds or bytes. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  VisibilityTimeout: [0, 43_200],
  MaximumMessageSize: [1024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  DelaySeconds: [0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
};
const flags = new Set(['FifoQueue', 'ContentBasedDeduplication', 'SqsManagedSseEnabled']);
const texts = new Set(['KmsMasterKeyId', 'Policy', 'RedriveAllowPolicy', 'DeduplicationScope', 'FifoThroughputLimit']);

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string().min(1),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});
export type RedrivePolicy = z.infer<typeof redrivePolicy>;

const invalidValue = (name: string, why: string) =>
  new ServiceError('InvalidAttributeValue', `Invalid value for the parameter ${name}. Reason: ${why}.`);

/** The redrive policy that a queue's attributes hold, or undefined. Throws InvalidAttributeValue for a broken one. */
export const redrivePolicyOf = (attributes: QueueAttributes): RedrivePolicy | undefined => {
  const text = attributes.RedrivePolicy;
  if (!text) return undefined;
  try {
    return redrivePolicy.parse(JSON.parse(text));
  } catch {
    throw invalidValue('RedrivePolicy', 'it must name a dead-letter target and a maxReceiveCount of 1 to 1000');
  }
};

/** Throws InvalidAttributeName or InvalidAttributeValue for attributes that SQS would not take. */
export const checkAttributes = (attributes: QueueAttributes): void => {
  for (const [name, value] of Object.entries(attributes)) {
    const range = ranges[name];
    if (range) {
      if (!/^\d+$/.test(value) || Number(value) < range[0] || Number(value) > range[1]) {
        throw invalidValue(name, `must be ${range[0]} to ${range[1]}`);
      }
    } else if (flags.has(name)) {
      if (value !== 'true' && value !== 'false') throw invalidValue(name, 'must be true or false');
    } else if (name !== 'RedrivePolicy' && !texts.has(name)) {
      throw new ServiceError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    }
  }
  redrivePolicyOf(attributes);
};
