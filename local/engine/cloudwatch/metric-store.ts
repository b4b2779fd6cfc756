import { hours, minutes } from '../../../shared/platform/clock.ts';

/** A metric of CloudWatch: its name, namespace and all of its dimensions. */
export interface MetricIdentity {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Values that a metric had within one minute. `at` is epoch ms. */
export interface Datum extends MetricIdentity {
  readonly at: number;
  readonly values: readonly number[];
}

/** One of `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile as `p90`. */
export type Statistic = string;

export interface MetricStore {
  put(datum: Datum): void;
  /** The statistic of what came in [from, to), whole minutes; `undefined` where nothing did. */
  read(metric: MetricIdentity, statistic: Statistic, from: number, to: number): number | undefined;
}

const minute = minutes(1);
/** Longer than any alarm looks back. */
export const kept = hours(24);

const seriesKey = ({ namespace, metricName, dimensions }: MetricIdentity): string =>
  JSON.stringify([namespace, metricName, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))]);

const percentile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((part / 100) * sorted.length) - 1)] ?? Number.NaN;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const simple: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: sum,
  Average: (values) => sum(values) / values.length,
  Minimum: (values) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  Maximum: (values) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  SampleCount: (values) => values.length,
};

/** The function behind a statistic's name; `undefined` for one that is not known here. */
export const statisticOf = (name: Statistic): ((values: readonly number[]) => number) | undefined => {
  const known = simple[name];
  if (known) return known;
  const [, part] = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(name) ?? [];
  return part === undefined ? undefined : (values) => percentile(values, Number(part));
};

/** What functions, queues and the API have reported, minute by minute, for a day. */
export const createMetricStore = (): MetricStore => {
  const series = new Map<string, Map<number, number[]>>();
  return {
    put(datum) {
      const key = seriesKey(datum);
      const points = series.get(key) ?? new Map<number, number[]>();
      series.set(key, points);
      const slot = Math.floor(datum.at / minute) * minute;
      const there = points.get(slot);
      if (there) {
        there.push(...datum.values);
        return;
      }
      points.set(slot, [...datum.values]);
      for (const old of points.keys()) if (old < slot - kept) points.delete(old);
    },
    read(metric, statistic, from, to) {
      const compute = statisticOf(statistic);
      if (!compute) throw new Error(`CloudWatch's statistic ${statistic} is not known here`);
      const points = series.get(seriesKey(metric));
      if (!points) return undefined;
      const values: number[] = [];
      for (let slot = from; slot < to; slot += minute) values.push(...(points.get(slot) ?? []));
      return values.length === 0 ? undefined : compute(values);
    },
  };
};
