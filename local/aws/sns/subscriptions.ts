import { randomUUID } from 'node:crypto';
import type { LocalClock } from '../../clock.ts';
import { ServiceError } from '../service.ts';
import { askToConfirm, type Outlets } from './publishing.ts';
import { checkSubscriber, checkSubscriptionAttribute, invalid, notFound, type Subscription } from './topic.ts';

/** The subscriptions of all topics, and how they come to be confirmed. `checkTopic` throws NotFound. */
export const createSubscriptions = (clock: LocalClock, outlets: Outlets, checkTopic: (topicArn: string) => unknown) => {
  const all = new Map<string, Subscription>();

  const of = (arn: string): Subscription => {
    const subscription = all.get(arn);
    if (!subscription) throw notFound('Subscription');
    return subscription;
  };
  const ofTopic = (topicArn: string) => [...all.values()].filter((one) => one.topicArn === topicArn);

  const subscribe = (topicArn: string, wanted: string, endpoint: string, given: Record<string, string>) => {
    checkTopic(topicArn);
    const protocol = checkSubscriber(wanted, endpoint);
    for (const [name, value] of Object.entries(given)) checkSubscriptionAttribute(name, value);
    const old = ofTopic(topicArn).find((s) => s.protocol === protocol && s.endpoint === endpoint);
    const subscription: Subscription = old ?? {
      arn: `${topicArn}:${randomUUID()}`,
      topicArn,
      protocol,
      endpoint,
      attributes: new Map(Object.entries(given)),
      // A queue of the same account is confirmed by whoever subscribes it.
      authenticated: protocol === 'sqs',
      token: protocol === 'sqs' ? undefined : randomUUID().replaceAll('-', ''),
    };
    all.set(subscription.arn, subscription);
    if (subscription.token !== undefined) askToConfirm(subscription, subscription.token, clock.now(), outlets);
    return subscription;
  };

  const confirm = (topicArn: string, token: string, authenticated: boolean): string => {
    checkTopic(topicArn);
    const pending = ofTopic(topicArn).find((one) => one.token === token);
    if (!pending) throw invalid('Token');
    pending.token = undefined;
    pending.authenticated = authenticated;
    return pending.arn;
  };

  const followed = (link: URLSearchParams): object => {
    const named = (name: string): string => link.get(name) ?? '';
    switch (named('Action')) {
      case 'ConfirmSubscription':
        return { SubscriptionArn: confirm(named('TopicArn'), named('Token'), false) };
      case 'Unsubscribe': {
        const subscription = of(named('SubscriptionArn'));
        if (subscription.authenticated) throw new ServiceError('AuthorizationError', 'Not by a link.', 403);
        all.delete(subscription.arn);
        return {};
      }
      default:
        throw new ServiceError('InvalidAction', 'No link asks for that.');
    }
  };

  return {
    all: () => [...all.values()],
    of,
    ofTopic,
    subscribe,
    confirm,
    followed,
    remove: (arn: string) => all.delete(arn),
  };
};
