import { isJsonObject, type Json, type JsonObject, matchesPattern, parseJson } from '../events/pattern.ts';
import { ServiceError } from '../service.ts';
import { type MessageAttributes, messageSize } from '../sqs/message.ts';
import { retryDelays } from './delivery-policy.ts';

export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly attributes: Map<string, string>;
}

/** Those that are served here. */
export const protocols = ['sqs', 'email', 'http', 'https'] as const;
export type Protocol = (typeof protocols)[number];

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: Protocol;
  /** A queue's ARN, an e-mail address, or the address of a webhook. */
  readonly endpoint: string;
  readonly attributes: Map<string, string>;
  /** What the person behind the address must send back; undefined once that was done. */
  token: string | undefined;
  /** Whoever confirmed it was identified, so that only such a one ends it. */
  authenticated: boolean;
}

/** What is published. */
export interface Publication {
  readonly message: string;
  readonly subject?: string | undefined;
  readonly attributes?: MessageAttributes | undefined;
  /** `json`: the message is an object with a text for each protocol, and `default`. */
  readonly structure?: string | undefined;
}

export const invalid = (why: string): ServiceError => new ServiceError('InvalidParameter', `Invalid parameter: ${why}`);
export const notFound = (what: string): ServiceError => new ServiceError('NotFound', `${what} does not exist`, 404);

const limit = 262_144;

const textsByProtocol = (message: string): JsonObject => {
  let texts: Json;
  try {
    texts = parseJson(message);
  } catch {
    texts = null;
  }
  if (!isJsonObject(texts) || typeof texts.default !== 'string') {
    throw invalid('Message Structure - JSON message body must be an object with a default text');
  }
  return texts;
};

export const sizeOf = ({ message, attributes }: Publication): number => messageSize(message, attributes);

/** Throws InvalidParameter for what SNS would not publish. */
export const checkPublication = (publication: Publication): void => {
  const { message, subject, structure } = publication;
  if (message === '') throw invalid('Empty message');
  if (sizeOf(publication) > limit) throw invalid('Message too long');
  if (subject !== undefined && !/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject)) throw invalid('Subject');
  if (structure !== undefined && structure !== 'json') throw invalid('MessageStructure');
  if (structure === 'json') textsByProtocol(message);
};

/** The text that subscribers of one protocol get. */
export const textFor = (publication: Publication, protocol: Protocol): string => {
  if (publication.structure !== 'json') return publication.message;
  const texts = textsByProtocol(publication.message);
  return String(texts[protocol] ?? texts.default);
};

/** Message attributes as a filter policy sees them. */
const asJson = (attributes: MessageAttributes): JsonObject =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue = '' }]) => {
      if (DataType === 'String.Array') return [name, parseJson(StringValue)];
      if (DataType.startsWith('Number')) return [name, Number(StringValue)];
      return [name, DataType.startsWith('Binary') ? undefined : StringValue];
    }),
  );

const bodyAsJson = (message: string): JsonObject => {
  try {
    const body = parseJson(message);
    return isJsonObject(body) ? body : {};
  } catch {
    return {};
  }
};

const policyOf = (text: string): JsonObject => {
  try {
    const policy = parseJson(text);
    if (!isJsonObject(policy)) throw invalid('FilterPolicy: it is not an object');
    matchesPattern(policy, {});
    return policy;
  } catch (error) {
    throw error instanceof ServiceError ? error : invalid('FilterPolicy');
  }
};

/** Whether a subscription's filter policy lets a publication through; without a policy everything goes through. */
export const passes = (subscription: Subscription, publication: Publication): boolean => {
  const policy = subscription.attributes.get('FilterPolicy');
  if (!policy) return true;
  const byBody = subscription.attributes.get('FilterPolicyScope') === 'MessageBody';
  return matchesPattern(
    policyOf(policy),
    byBody ? bodyAsJson(publication.message) : asJson(publication.attributes ?? {}),
  );
};

const known = new Set(['RawMessageDelivery', 'FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy', 'DeliveryPolicy']);

/** Throws InvalidParameter for a subscription attribute that SNS would not take. */
export const checkSubscriptionAttribute = (name: string, value: string): void => {
  if (!known.has(name)) throw invalid('AttributeName');
  if (name === 'RawMessageDelivery' && !/^(true|false)$/i.test(value)) throw invalid('RawMessageDelivery');
  if (name === 'FilterPolicyScope' && !/^(MessageAttributes|MessageBody)$/.test(value)) {
    throw invalid('FilterPolicyScope');
  }
  if (name === 'FilterPolicy' && value !== '') policyOf(value);
  if (name === 'DeliveryPolicy' && !retryDelays(value))
    throw invalid('DeliveryPolicy: of another form, or longer than an hour');
};

const forms: Readonly<Record<Protocol, RegExp>> = {
  sqs: /^arn:aws:sqs:/,
  email: /^[^@\s]+@[^@\s]+$/,
  // A webhook is on this machine: a run tells nobody outside.
  http: /^http:\/\/127\.0\.0\.1(:\d+)?(\/|$)/,
  https: /^https:\/\/127\.0\.0\.1(:\d+)?(\/|$)/,
};

/** Throws InvalidParameter for a subscriber that is not served here. */
export const checkSubscriber = (protocol: string, endpoint: string): Protocol => {
  const known = protocols.find((one) => one === protocol);
  if (!known) throw invalid(`Protocol ${protocol} is not served here`);
  if (!forms[known].test(endpoint)) throw invalid('Endpoint');
  return known;
};
