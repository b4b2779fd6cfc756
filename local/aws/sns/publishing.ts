import { randomUUID } from 'node:crypto';
import { isoTime } from '../../../shared/platform/clock.ts';
import { isJsonObject, parseJson } from '../events/pattern.ts';
import type { MessageAttributes } from '../sqs/message.ts';
import { type Publication, passes, type Subscription, textFor } from './topic.ts';
import type { Webhooks } from './webhooks.ts';

/** Where published messages go. */
export interface Outlets {
  /** Puts a body on a queue; false where there is no such queue. */
  deliverToQueue(queueArn: string, body: string, options?: { attributes?: MessageAttributes }): boolean;
  /** Posts to a webhook; absent where there are none. */
  readonly webhooks?: Webhooks;
  /** Where this service is, for the links in what it posts. */
  readonly ownEndpoint?: () => string;
  /** Hands an e-mail over: subscription confirmations and notices alike. */
  onEmail?: (to: string, subject: string, message: string) => void;
}

/** The envelope that a queue or a webhook gets without raw delivery. Nothing here is signed: there is no certificate to check by. */
const notification = (
  subscription: Subscription,
  publication: Publication,
  messageId: string,
  now: number,
  outlets: Outlets,
): string =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: subscription.topicArn,
    ...(publication.subject === undefined ? {} : { Subject: publication.subject }),
    Message: textFor(publication, subscription.protocol),
    Timestamp: isoTime(now),
    ...(publication.attributes && Object.keys(publication.attributes).length > 0
      ? {
          MessageAttributes: Object.fromEntries(
            Object.entries(publication.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
              name,
              { Type: DataType, Value: StringValue ?? BinaryValue },
            ]),
          ),
        }
      : {}),
    ...(subscription.protocol === 'sqs'
      ? {}
      : { UnsubscribeURL: unsubscribeUrl(subscription, outlets.ownEndpoint?.() ?? '') }),
  });

/** What follows in an envelope for a webhook: the link that ends the subscription. */
const unsubscribeUrl = (subscription: Subscription, endpoint: string): string =>
  `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscription.arn)}`;

const deadLetterArn = (subscription: Subscription): string | undefined => {
  const policy = subscription.attributes.get('RedrivePolicy');
  const parsed = policy ? parseJson(policy) : undefined;
  return isJsonObject(parsed) && typeof parsed.deadLetterTargetArn === 'string'
    ? parsed.deadLetterTargetArn
    : undefined;
};

/** Gives one publication to one confirmed subscriber, unless its filter policy says otherwise. */
export const deliverTo = (
  subscription: Subscription,
  publication: Publication,
  messageId: string,
  now: number,
  outlets: Outlets,
): void => {
  if (!passes(subscription, publication)) return;
  if (subscription.protocol === 'email') {
    const subject = publication.subject ?? 'AWS Notification Message';
    outlets.onEmail?.(subscription.endpoint, subject, textFor(publication, 'email'));
    return;
  }
  const { protocol } = subscription;
  const raw = /^true$/i.test(subscription.attributes.get('RawMessageDelivery') ?? '');
  const body = raw ? textFor(publication, protocol) : notification(subscription, publication, messageId, now, outlets);
  const bury = () => {
    const deadLetters = deadLetterArn(subscription);
    if (deadLetters !== undefined) outlets.deliverToQueue(deadLetters, body, options);
  };
  const options = raw && publication.attributes ? { attributes: publication.attributes } : {};
  if (protocol === 'sqs') {
    if (!outlets.deliverToQueue(subscription.endpoint, body, options)) bury();
    return;
  }
  // Raw, a webhook gets no attributes.
  outlets.webhooks?.post(subscription, { type: 'Notification', messageId, body, raw }, bury);
};

/** Asks whoever is behind an address or a webhook to confirm. */
export const askToConfirm = (subscription: Subscription, token: string, now: number, outlets: Outlets): void => {
  const { topicArn, endpoint, protocol } = subscription;
  if (protocol === 'email') {
    outlets.onEmail?.(
      endpoint,
      'AWS Notification - Subscription Confirmation',
      `To confirm the subscription to the topic ${topicArn}, send back this token: ${token}`,
    );
    return;
  }
  const messageId = randomUUID();
  const query = `Action=ConfirmSubscription&TopicArn=${encodeURIComponent(topicArn)}&Token=${token}`;
  const body = JSON.stringify({
    Type: 'SubscriptionConfirmation',
    MessageId: messageId,
    Token: token,
    TopicArn: topicArn,
    Message: `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: `${outlets.ownEndpoint?.() ?? ''}/?${query}`,
    Timestamp: isoTime(now),
  });
  outlets.webhooks?.post(subscription, { type: 'SubscriptionConfirmation', messageId, body }, () => undefined);
};
