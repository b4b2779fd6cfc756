import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { FunctionName } from '../../shared/platform/environment.ts';
import type { countersOf, MetricName } from '../../shared/platform/measure.ts';
import { metricsNamespace } from '../../shared/platform/names.ts';

export type CountingFunction = keyof typeof countersOf;

export interface MetricProps {
  readonly stage: string;
  readonly statistic: 'Sum' | 'Maximum' | 'Minimum' | 'p50' | 'p90';
  /** Minutes. */
  readonly period: number;
  readonly label?: string;
  /** Of this mailbox alone: the metric is one of `mailboxReadings`. */
  readonly mailbox?: string;
}

/** A metric that one function emits. */
export const metricOf = (
  service: string,
  metricName: MetricName,
  { stage, statistic, period, label, mailbox }: MetricProps,
): Metric =>
  new Metric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap: { service, stage, ...(mailbox === undefined ? {} : { mailbox }) },
    statistic,
    period: Duration.minutes(period),
    ...(label === undefined ? {} : { label }),
  });

/** A count that several functions emit, as one: nothing of one of them is 0. */
export const sumOver = (
  services: readonly CountingFunction[],
  metricName: MetricName,
  { stage, period, label }: Omit<MetricProps, 'statistic' | 'mailbox'>,
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

/** What has a further dimension, a line for each value that there is: mailboxes are registered while running. */
export const ofEach = (
  dimension: 'mailbox' | 'code',
  metricName: MetricName,
  { stage, statistic, period }: Omit<MetricProps, 'label' | 'mailbox'>,
): MathExpression =>
  new MathExpression({
    expression: `SEARCH('{${metricsNamespace},${dimension},service,stage} MetricName="${metricName}" stage="${stage}"', '${statistic}', ${period * 60})`,
    label: `\${PROP('Dim.${dimension}')}`,
    period: Duration.minutes(period),
  });

export interface ServiceMetricProps {
  readonly stage: string;
  readonly statistic: 'Sum' | 'p50' | 'p99';
  /** Minutes. */
  readonly period: number;
  readonly label?: string;
}

const ofService =
  (namespace: string, dimensionsMap: Readonly<Record<string, string>>) =>
  (metricName: string, { statistic, period, label }: Omit<ServiceMetricProps, 'stage'>): Metric =>
    new Metric({
      namespace,
      metricName,
      dimensionsMap: { ...dimensionsMap },
      statistic,
      period: Duration.minutes(period),
      ...(label === undefined ? {} : { label }),
    });

/** What API Gateway calls the API, and its stage: the first part of the address that callers have. */
export const gatewayNames = (stage: string) => ({ apiName: `send-document-${stage}`, stageName: 'api' }) as const;

/** A metric that API Gateway reports of the API. */
export const gatewayMetric = (
  metricName: 'Count' | '4XXError' | '5XXError' | 'Latency',
  { stage, ...props }: ServiceMetricProps,
): Metric => {
  const { apiName, stageName } = gatewayNames(stage);
  return ofService('AWS/ApiGateway', { ApiName: apiName, Stage: stageName })(metricName, props);
};

/** A metric that Lambda reports of one function, named as in lambdas/. */
export const lambdaMetric = (
  name: FunctionName,
  metricName: 'Errors' | 'Throttles',
  { stage, ...props }: ServiceMetricProps,
): Metric => ofService('AWS/Lambda', { FunctionName: `send-document-${stage}-${name}` })(metricName, props);
