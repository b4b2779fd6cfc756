import { z } from 'zod';
import { parseJson } from '../events/pattern.ts';

/** How often, and after how many seconds, SNS tries a webhook again: `DeliveryPolicy` of a subscription. */
const whole = (most: number) => z.int().min(0).max(most);
const deliveryPolicy = z.looseObject({
  healthyRetryPolicy: z
    .object({
      numRetries: whole(100).default(3),
      numNoDelayRetries: whole(100).default(0),
      minDelayTarget: z.int().min(1).max(3600).default(20),
      maxDelayTarget: z.int().min(1).max(3600).default(20),
      numMinDelayRetries: whole(100).default(0),
      numMaxDelayRetries: whole(100).default(0),
      backoffFunction: z.enum(['linear', 'arithmetic', 'geometric', 'exponential']).default('linear'),
    })
    .prefault({}),
});

/** SNS takes no policy that tries for longer. */
const longestSeconds = 3600;

/** Seconds before each further try: at once, the shortest, growing, the longest; `undefined` where SNS takes no such policy. */
export const retryDelays = (policy: string | undefined): readonly number[] | undefined => {
  let json: unknown;
  try {
    json = policy === undefined || policy === '' ? {} : parseJson(policy);
  } catch {
    return undefined;
  }
  const read = deliveryPolicy.safeParse(json);
  if (!read.success) return undefined;
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries, ...delays } =
    read.data.healthyRetryPolicy;
  const { minDelayTarget: least, maxDelayTarget: most, backoffFunction } = delays;
  const growing = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries;
  if (growing < 0 || least > most) return undefined;
  const grown = (step: number): number =>
    backoffFunction === 'linear' || backoffFunction === 'arithmetic'
      ? least + ((most - least) * step) / growing
      : least * (most / least) ** (step / growing);
  const all = [
    ...Array<number>(numNoDelayRetries).fill(0),
    ...Array<number>(numMinDelayRetries).fill(least),
    ...Array.from({ length: growing }, (_, index) => grown(index + 1)),
    ...Array<number>(numMaxDelayRetries).fill(most),
  ];
  return all.reduce((sum, delay) => sum + delay, 0) <= longestSeconds ? all : undefined;
};
