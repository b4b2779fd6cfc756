import { isoTime } from '../../../shared/platform/clock.ts';
import { isJsonObject, parseJson } from '../events/pattern.ts';
import type { MessageAttributes } from '../sqs/message.ts';
import { type Publication, passes, type Subscription, textFor } from './topic.ts';

/** Where published messages go. */
export interface Outlets {
  /** Puts a body on a queue; false where there is no such queue. */
  deliverToQueue(queueArn: string, body: string, options?: { attributes?: MessageAttributes }): boolean;
  /** Hands an e-mail over: subscription confirmations and notices alike. */
  onEmail?: (to: string, subject: string, message: string) => void;
}

/** The envelope that a queue gets without raw delivery. Nothing here is signed: there is no certificate to check by. */
const notification = (subscription: Subscription, publication: Publication, messageId: string, now: number): string =>
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
  });

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
  const raw = /^true$/i.test(subscription.attributes.get('RawMessageDelivery') ?? '');
  const body = raw ? textFor(publication, 'sqs') : notification(subscription, publication, messageId, now);
  const options = raw && publication.attributes ? { attributes: publication.attributes } : {};
  if (outlets.deliverToQueue(subscription.endpoint, body, options)) return;
  const deadLetters = deadLetterArn(subscription);
  if (deadLetters !== undefined) outlets.deliverToQueue(deadLetters, body, options);
};
