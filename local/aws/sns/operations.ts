import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Operation, operation, page } from '../json-service.ts';
import { ServiceError, type ServiceSetting } from '../service.ts';
import { inBatch } from '../sqs/batch.ts';
import { deliverTo, type Outlets } from './publishing.ts';
import { createSubscriptions } from './subscriptions.ts';
import {
  checkPublication,
  checkSubscriptionAttribute,
  invalid,
  notFound,
  type Publication,
  type Subscription,
  sizeOf,
  type Topic,
} from './topic.ts';

/** All topics and subscriptions of one service. */
export interface Exchange {
  readonly operations: ReadonlyMap<string, Operation>;
  /** Gives a publication to all subscribers of a topic; the message id. Throws NotFound and InvalidParameter. */
  publish(topicArn: string, publication: Publication): string;
  /** Somebody followed a link of what was sent to them, unidentified: to confirm a subscription, or to end it. */
  followed(link: URLSearchParams): object;
}

const text = z.string().optional();
/** An empty list or map is an empty field in a form. */
const map = <S extends z.ZodType>(values: S) =>
  z.union([z.literal('').transform(() => ({})), z.record(z.string(), values)]).default({});
const list = <S extends z.ZodType>(items: S) =>
  z.union([z.literal('').transform((): z.output<S>[] => []), z.array(items)]).default([]);

const content = {
  Message: z.string(),
  Subject: text,
  MessageStructure: text,
  MessageAttributes: map(z.object({ DataType: z.string(), StringValue: text, BinaryValue: text })),
};
const ofTopic = z.object({ TopicArn: z.string() });
const ofSubscription = z.object({ SubscriptionArn: z.string() });
const paged = z.object({ NextToken: text });
const pageSize = 100;

const publicationOf = (input: z.output<z.ZodObject<typeof content>>): Publication => ({
  message: input.Message,
  subject: input.Subject,
  structure: input.MessageStructure,
  attributes: input.MessageAttributes,
});

const listed = (subscription: Subscription, account: string) => ({
  SubscriptionArn: subscription.token === undefined ? subscription.arn : 'PendingConfirmation',
  Owner: account,
  Protocol: subscription.protocol,
  Endpoint: subscription.endpoint,
  TopicArn: subscription.topicArn,
});

export const createExchange = (setting: ServiceSetting, outlets: Outlets): Exchange => {
  const { clock, region, account } = setting;
  const topics = new Map<string, Topic>();

  const arnOf = (name: string) => `arn:aws:sns:${region}:${account}:${name}`;
  const topicOf = (arn: string): Topic => {
    const topic = topics.get(arn);
    if (!topic) throw notFound('Topic');
    return topic;
  };
  const subscriptions = createSubscriptions(clock, outlets, topicOf);
  const { of: subscriptionOf, ofTopic: subscribers, subscribe, confirm, followed } = subscriptions;

  const publish = (topicArn: string, publication: Publication): string => {
    topicOf(topicArn);
    checkPublication(publication);
    const messageId = randomUUID();
    for (const subscription of subscribers(topicArn)) {
      if (subscription.token === undefined) deliverTo(subscription, publication, messageId, clock.now(), outlets);
    }
    return messageId;
  };

  const byTopic = ({ TopicArn }: { TopicArn: string }) => TopicArn;
  /** A subscription's ARN is its topic's and one part more. */
  const topicOfSubscription = ({ SubscriptionArn }: { SubscriptionArn: string }) =>
    SubscriptionArn.split(':').slice(0, 6).join(':');

  const subscriptionPage = (all: readonly Subscription[], token: string | undefined) => {
    const { items, next } = page(all, pageSize, token);
    return { Subscriptions: items.map((subscription) => listed(subscription, account)), NextToken: next };
  };

  const operations = new Map<string, Operation>([
    [
      'CreateTopic',
      operation(z.object({ Name: z.string(), Attributes: map(z.string()) }), {
        resource: ({ Name }) => arnOf(Name),
        run: ({ Name, Attributes }) => {
          if (!/^[A-Za-z0-9_-]{1,256}$/.test(Name)) throw invalid('Topic Name (FIFO topics are not served here)');
          const arn = arnOf(Name);
          const old = topics.get(arn);
          if (old && Object.entries(Attributes).some(([name, value]) => old.attributes.get(name) !== value)) {
            throw invalid('Attributes Reason: Topic already exists with different attributes');
          }
          if (!old) topics.set(arn, { arn, name: Name, attributes: new Map(Object.entries(Attributes)) });
          return { TopicArn: arn };
        },
      }),
    ],
    [
      'DeleteTopic',
      operation(ofTopic, {
        resource: byTopic,
        run: ({ TopicArn }) => {
          topics.delete(TopicArn);
          for (const { arn } of subscribers(TopicArn)) subscriptions.remove(arn);
          return {};
        },
      }),
    ],
    [
      'ListTopics',
      operation(paged, {
        resource: () => arnOf('*'),
        run: ({ NextToken }) => {
          const { items, next } = page([...topics.keys()], pageSize, NextToken);
          return { Topics: items.map((TopicArn) => ({ TopicArn })), NextToken: next };
        },
      }),
    ],
    [
      'GetTopicAttributes',
      operation(ofTopic, {
        resource: byTopic,
        run: ({ TopicArn }) => {
          const { attributes, arn } = topicOf(TopicArn);
          const pending = subscribers(arn).filter(({ token }) => token !== undefined).length;
          const counted = {
            TopicArn: arn,
            Owner: account,
            SubscriptionsPending: String(pending),
            SubscriptionsConfirmed: String(subscribers(arn).length - pending),
            SubscriptionsDeleted: '0',
          };
          return { Attributes: new Map([...attributes, ...Object.entries(counted)]) };
        },
      }),
    ],
    [
      'SetTopicAttributes',
      operation(ofTopic.extend({ AttributeName: z.string(), AttributeValue: z.string().default('') }), {
        resource: byTopic,
        run: ({ TopicArn, AttributeName, AttributeValue }) => {
          topicOf(TopicArn).attributes.set(AttributeName, AttributeValue);
          return {};
        },
      }),
    ],
    [
      'Subscribe',
      operation(
        ofTopic.extend({
          Protocol: z.string(),
          Endpoint: z.string(),
          Attributes: map(z.string()),
          ReturnSubscriptionArn: z.stringbool().default(false),
        }),
        {
          resource: byTopic,
          run: ({ TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn }) => {
            const { arn, token } = subscribe(TopicArn, Protocol, Endpoint, Attributes);
            const known = token === undefined || ReturnSubscriptionArn;
            return { SubscriptionArn: known ? arn : 'pending confirmation' };
          },
        },
      ),
    ],
    [
      'ConfirmSubscription',
      operation(ofTopic.extend({ Token: z.string(), AuthenticateOnUnsubscribe: z.stringbool().default(false) }), {
        resource: byTopic,
        run: ({ TopicArn, Token, AuthenticateOnUnsubscribe }) => ({
          SubscriptionArn: confirm(TopicArn, Token, AuthenticateOnUnsubscribe),
        }),
      }),
    ],
    [
      'Unsubscribe',
      operation(ofSubscription, {
        resource: topicOfSubscription,
        run: ({ SubscriptionArn }) => {
          subscriptions.remove(SubscriptionArn);
          return {};
        },
      }),
    ],
    [
      'GetSubscriptionAttributes',
      operation(ofSubscription, {
        resource: topicOfSubscription,
        run: ({ SubscriptionArn }) => {
          const subscription = subscriptionOf(SubscriptionArn);
          const { arn, topicArn, protocol, endpoint, token, authenticated, attributes } = subscription;
          const about = {
            SubscriptionArn: arn,
            TopicArn: topicArn,
            Owner: account,
            Protocol: protocol,
            Endpoint: endpoint,
            PendingConfirmation: String(token !== undefined),
            ConfirmationWasAuthenticated: String(authenticated),
          };
          return { Attributes: new Map([...attributes, ...Object.entries(about)]) };
        },
      }),
    ],
    [
      'SetSubscriptionAttributes',
      operation(ofSubscription.extend({ AttributeName: z.string(), AttributeValue: z.string().default('') }), {
        resource: topicOfSubscription,
        run: ({ SubscriptionArn, AttributeName, AttributeValue }) => {
          const { attributes } = subscriptionOf(SubscriptionArn);
          checkSubscriptionAttribute(AttributeName, AttributeValue);
          attributes.set(AttributeName, AttributeValue);
          return {};
        },
      }),
    ],
    [
      'ListSubscriptions',
      operation(paged, {
        resource: () => arnOf('*'),
        run: ({ NextToken }) => subscriptionPage(subscriptions.all(), NextToken),
      }),
    ],
    [
      'ListSubscriptionsByTopic',
      operation(ofTopic.extend(paged.shape), {
        resource: byTopic,
        run: ({ TopicArn, NextToken }) => subscriptionPage(subscribers(topicOf(TopicArn).arn), NextToken),
      }),
    ],
    [
      'Publish',
      operation(z.object({ TopicArn: text, TargetArn: text, ...content }), {
        resource: ({ TopicArn, TargetArn }) => TopicArn ?? TargetArn ?? arnOf('*'),
        run: (input) => {
          const arn = input.TopicArn ?? input.TargetArn;
          if (arn === undefined) throw invalid('TopicArn or TargetArn Reason: no value for required parameter');
          return { MessageId: publish(arn, publicationOf(input)) };
        },
      }),
    ],
    [
      'PublishBatch',
      operation(ofTopic.extend({ PublishBatchRequestEntries: list(z.object({ Id: z.string(), ...content })) }), {
        action: 'Publish',
        resource: byTopic,
        run: ({ TopicArn, PublishBatchRequestEntries: entries }) => {
          topicOf(TopicArn);
          if (entries.reduce((total, entry) => total + sizeOf(publicationOf(entry)), 0) > 262_144) {
            throw new ServiceError(
              'BatchRequestTooLong',
              'The length of all messages together is more than the limit.',
            );
          }
          const { Successful, Failed = [] } = inBatch(entries, (entry) => ({
            MessageId: publish(TopicArn, publicationOf(entry)),
          }));
          const failed = Failed.map((failure) => ({ ...failure, SenderFault: String(failure.SenderFault) }));
          return { Successful, Failed: failed };
        },
      }),
    ],
  ]);

  return { operations, publish, followed };
};
