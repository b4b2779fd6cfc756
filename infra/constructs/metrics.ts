import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { countersOf, MetricName } from '../../shared/platform/measure.ts';
import { metricsNamespace } from '../../shared/platform/names.ts';

export type CountingFunction = keyof typeof countersOf;

export interface MetricProps {
  readonly stage: string;
  readonly statistic: 'Sum' | 'Maximum' | 'Minimum' | 'p50' | 'p90';
  /** Minutes. */
  readonly period: number;
  readonly label?: string;
}

/** A metric that one function emits. */
export const metricOf = (
  service: string,
  metricName: MetricName,
  { stage, statistic, period, label }: MetricProps,
): Metric =>
  new Metric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap: { service, stage },
    statistic,
    period: Duration.minutes(period),
    ...(label === undefined ? {} : { label }),
  });

/** A count that several functions emit, as one: nothing of one of them is 0. */
export const sumOver = (
  services: readonly CountingFunction[],
  metricName: MetricName,
  { stage, period, label }: Omit<MetricProps, 'statistic'>,
): MathExpression => {
  // One name for one series, in all of a graph.
  const idOf = (service: CountingFunction) => `${service}${metricName}`;
  return new MathExpression({
    expression: services.map((service) => `FILL(${idOf(service)}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(
      services.map((service) => [idOf(service), metricOf(service, metricName, { stage, statistic: 'Sum', period })]),
    ),
    period: Duration.minutes(period),
    label: label ?? metricName,
  });
};
