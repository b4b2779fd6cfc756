import { seconds } from '../../../shared/platform/clock.ts';
import type { LocalClock } from '../../clock.ts';
import { retryDelays } from './delivery-policy.ts';
import type { Subscription } from './topic.ts';

/** One POST of SNS. */
export interface Posting {
  readonly type: 'SubscriptionConfirmation' | 'Notification';
  readonly messageId: string;
  readonly body: string;
  readonly raw?: boolean;
}

export interface Webhooks {
  /** Posts until the webhook takes it, it says no for good, or the subscription's patience is over: then `undelivered`. */
  post(subscription: Subscription, posting: Posting, undelivered: () => void): void;
  /** Ends what is under way. */
  close(): void;
}

const answerWithin = seconds(15);
/** Any other answer than these and 2xx is for good: SNS tries no more. */
const isPassing = (status: number): boolean => status === 429 || status >= 500;

const headersOf = ({ topicArn, arn }: Subscription, { type, messageId, raw }: Posting): Record<string, string> => ({
  'content-type': 'text/plain; charset=UTF-8',
  'user-agent': 'Amazon Simple Notification Service Agent',
  'x-amz-sns-message-type': type,
  'x-amz-sns-message-id': messageId,
  'x-amz-sns-topic-arn': topicArn,
  ...(type === 'Notification' ? { 'x-amz-sns-subscription-arn': arn } : {}),
  ...(raw ? { 'x-amz-sns-rawdelivery': 'true' } : {}),
});

/** HTTP and HTTPS subscribers. Nothing is signed: there is no certificate of SNS to check by. */
export const createWebhooks = (clock: LocalClock): Webhooks => {
  const closing = new AbortController();

  const once = async (subscription: Subscription, posting: Posting): Promise<'taken' | 'again' | 'never'> => {
    const late = new AbortController();
    const disarm = clock.at(clock.now() + answerWithin, () => late.abort());
    try {
      const answer = await fetch(subscription.endpoint, {
        method: 'POST',
        headers: headersOf(subscription, posting),
        body: posting.body,
        redirect: 'manual',
        signal: AbortSignal.any([late.signal, closing.signal]),
      });
      await answer.body?.cancel();
      return answer.ok ? 'taken' : isPassing(answer.status) ? 'again' : 'never';
    } catch {
      return 'again';
    } finally {
      disarm();
    }
  };

  const deliver = async (subscription: Subscription, posting: Posting): Promise<boolean> => {
    const delays = retryDelays(subscription.attributes.get('DeliveryPolicy')) ?? [];
    for (const delay of [0, ...delays]) {
      if (delay > 0) await clock.sleep(seconds(delay), closing.signal);
      if (closing.signal.aborted) return true;
      const outcome = await once(subscription, posting);
      if (outcome !== 'again') return outcome === 'taken';
    }
    return closing.signal.aborted;
  };

  return {
    post: (subscription, posting, undelivered) =>
      void deliver(subscription, posting).then((taken) => (taken ? undefined : undelivered())),
    close: () => closing.abort(),
  };
};
