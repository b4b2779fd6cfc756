import { z } from 'zod';
import { minutes, seconds } from '../../../shared/platform/clock.ts';
import { flag, number } from '../families/family.ts';
import { kept, type MetricIdentity, type Statistic, statisticOf } from './metric-store.ts';

export type Comparison = 'at-or-above' | 'above' | 'at-or-below' | 'below';
export type MissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

/** A metric with its statistic. */
export interface Reading {
  readonly metric: MetricIdentity;
  readonly statistic: Statistic;
}

/** An alarm as its template has it. */
export interface AlarmDefinition {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly periodMs: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly treatMissingData: MissingData;
  /** What is compared: one reading, or an expression over several by their ids. */
  readonly watches:
    | { readonly kind: 'reading'; readonly reading: Reading }
    | { readonly kind: 'expression'; readonly expression: string; readonly readings: ReadonlyMap<string, Reading> };
  /** ARNs that hear of a change into the state. */
  readonly actions: Readonly<Record<AlarmStateName, readonly string[]>>;
}

export type AlarmStateName = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

const dimensions = z
  .array(z.object({ Name: z.string(), Value: z.string() }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));

const comparisons = {
  GreaterThanOrEqualToThreshold: 'at-or-above',
  GreaterThanThreshold: 'above',
  LessThanOrEqualToThreshold: 'at-or-below',
  LessThanThreshold: 'below',
} as const;

const arns = z.array(z.string()).default([]);

/** Properties of AWS::CloudWatch::Alarm that are acted on. */
export const alarmSchema = z.object({
  AlarmName: z.string().optional(),
  AlarmDescription: z.string().default(''),
  ActionsEnabled: flag.default(true),
  AlarmActions: arns,
  OKActions: arns,
  InsufficientDataActions: arns,
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensions,
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Period: number.optional(),
  Metrics: z
    .array(
      z.strictObject({
        Id: z.string(),
        Expression: z.string().optional(),
        Label: z.string().optional(),
        Period: number.optional(),
        ReturnData: flag.default(true),
        MetricStat: z
          .strictObject({
            Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions }),
            Period: number,
            Stat: z.string(),
            Unit: z.string().optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  EvaluationPeriods: number,
  DatapointsToAlarm: number.optional(),
  Threshold: number,
  ComparisonOperator: z.enum(Object.keys(comparisons) as [keyof typeof comparisons, ...(keyof typeof comparisons)[]]),
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).default('missing'),
});
type Properties = z.output<typeof alarmSchema>;

const readingOf = (metric: MetricIdentity, statistic: string): Reading => {
  if (!statisticOf(statistic)) throw new Error(`the statistic ${statistic} is not known here`);
  return { metric, statistic };
};

const watchesOf = (properties: Properties): { watches: AlarmDefinition['watches']; periodSeconds: number } => {
  const { Metrics, Namespace, MetricName, Dimensions, Statistic, ExtendedStatistic, Period } = properties;
  if (Metrics === undefined) {
    const statistic = Statistic ?? ExtendedStatistic;
    if (Namespace === undefined || MetricName === undefined || statistic === undefined || Period === undefined) {
      throw new Error('an alarm names a metric, its statistic and a period, or has Metrics');
    }
    const metric = { namespace: Namespace, metricName: MetricName, dimensions: Dimensions };
    return { watches: { kind: 'reading', reading: readingOf(metric, statistic) }, periodSeconds: Period };
  }
  const returned = Metrics.filter(({ ReturnData }) => ReturnData);
  const [result] = returned;
  if (!result || returned.length > 1) throw new Error('exactly one of Metrics returns data');
  const periods = new Set(Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? []));
  const [periodSeconds] = periods;
  if (periodSeconds === undefined || periods.size > 1) throw new Error('all of Metrics have the same period');
  const readings = new Map(
    Metrics.flatMap(({ Id, MetricStat }): [string, Reading][] => {
      if (!MetricStat) return [];
      const { Metric, Stat } = MetricStat;
      const metric = { namespace: Metric.Namespace, metricName: Metric.MetricName, dimensions: Metric.Dimensions };
      return [[Id, readingOf(metric, Stat)]];
    }),
  );
  if (Metrics.some(({ Id, Expression }) => Expression !== undefined && Id !== result.Id)) {
    throw new Error('expressions that use expressions are not known here');
  }
  const expression = result.Expression ?? result.Id;
  return { watches: { kind: 'expression', expression, readings }, periodSeconds };
};

/** Throws a sentence for what is not known here. */
export const alarmDefinition = (name: string, arn: string, properties: Properties): AlarmDefinition => {
  const { watches, periodSeconds } = watchesOf(properties);
  const periodMs = seconds(periodSeconds);
  if (periodMs % minutes(1) !== 0) throw new Error(`a period of ${periodSeconds} seconds is not whole minutes`);
  const definition: AlarmDefinition = {
    name,
    arn,
    description: properties.AlarmDescription,
    periodMs,
    evaluationPeriods: properties.EvaluationPeriods,
    datapointsToAlarm: properties.DatapointsToAlarm ?? properties.EvaluationPeriods,
    threshold: properties.Threshold,
    comparison: comparisons[properties.ComparisonOperator],
    treatMissingData: properties.TreatMissingData,
    watches,
    actions: properties.ActionsEnabled
      ? {
          ALARM: properties.AlarmActions,
          OK: properties.OKActions,
          INSUFFICIENT_DATA: properties.InsufficientDataActions,
        }
      : { ALARM: [], OK: [], INSUFFICIENT_DATA: [] },
  };
  if (rangeMs(definition) > kept) throw new Error('an alarm here looks back for a day at most');
  return definition;
};

/** CloudWatch looks at a few more periods than an alarm names, so that one that is late is not taken for missing. */
const further = 2;
export const rangePeriods = ({ evaluationPeriods }: AlarmDefinition): number => evaluationPeriods + further;
export const rangeMs = (definition: AlarmDefinition): number => rangePeriods(definition) * definition.periodMs;
