import { seconds } from '../../../shared/platform/clock.ts';
import type { QueueDepth } from '../../aws/sqs/queue.ts';
import type { InvocationOutcome } from '../invocation.ts';
import type { Datum } from './metric-store.ts';

/** What AWS's own services report, as far as it can be seen on one machine. */

const of =
  (namespace: string, dimensions: Readonly<Record<string, string>>, at: number) =>
  (metricName: string, ...values: number[]): Datum => ({ namespace, metricName, dimensions, at, values });

/** SQS reports each minute how much lies in a queue; the last look of a minute counts for it. */
export const queueMetrics = (queueName: string, depth: QueueDepth, at: number): readonly Datum[] => {
  const datum = of('AWS/SQS', { QueueName: queueName }, at);
  return [
    datum('ApproximateNumberOfMessagesVisible', depth.visible),
    datum('ApproximateNumberOfMessagesNotVisible', depth.inFlight),
    datum('ApproximateNumberOfMessagesDelayed', depth.delayed),
    datum('ApproximateAgeOfOldestMessage', depth.oldestSentAt === undefined ? 0 : (at - depth.oldestSentAt) / 1000),
  ];
};

/** Lambda reports with each invocation, 0 too; one that it refuses to start is a throttle and no invocation. */
export const invocationMetrics = (
  functionName: string,
  outcome: InvocationOutcome,
  startedAt: number,
  endedAt: number,
): readonly Datum[] => {
  const datum = of('AWS/Lambda', { FunctionName: functionName }, startedAt);
  if (outcome.kind === 'dropped') return outcome.reason === 'throttled' ? [datum('Throttles', 1)] : [];
  return [
    datum('Invocations', 1),
    datum('Errors', outcome.kind === 'failed' ? 1 : 0),
    datum('Throttles', 0),
    datum('Duration', endedAt - startedAt),
  ];
};

/** API Gateway reports each call by the status that it answered. `latencyMs` as the caller saw it. */
export const callMetrics = (
  call: { readonly apiName: string; readonly stageName: string; readonly status: number; readonly latencyMs: number },
  at: number,
): readonly Datum[] => {
  const datum = of('AWS/ApiGateway', { ApiName: call.apiName, Stage: call.stageName }, at);
  return [
    datum('Count', 1),
    datum('4XXError', call.status >= 400 && call.status < 500 ? 1 : 0),
    datum('5XXError', call.status >= 500 ? 1 : 0),
    datum('Latency', call.latencyMs),
  ];
};

/** A look at the end of a minute belongs to that minute. */
export const withinMinute = (end: number): number => end - seconds(1);
