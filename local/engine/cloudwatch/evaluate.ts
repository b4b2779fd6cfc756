import {
  type AlarmDefinition,
  type AlarmStateName,
  type Comparison,
  type Reading,
  rangeMs,
  rangePeriods,
} from './alarm-definition.ts';
import { evaluateExpression, type Series } from './expression.ts';
import type { MetricStore } from './metric-store.ts';

export interface Judgement {
  readonly state: AlarmStateName;
  /** A sentence of what was seen: figures, never a name. */
  readonly reason: string;
}

const breaches: Readonly<Record<Comparison, (value: number, threshold: number) => boolean>> = {
  'at-or-above': (value, threshold) => value >= threshold,
  above: (value, threshold) => value > threshold,
  'at-or-below': (value, threshold) => value <= threshold,
  below: (value, threshold) => value < threshold,
};

/** What the alarm watches, for each period of its range that ends at `end`, oldest first. */
export const seriesOf = (definition: AlarmDefinition, store: MetricStore, end: number): Series => {
  const { watches, periodMs } = definition;
  const periods = rangePeriods(definition);
  const read = ({ metric, statistic }: Reading): Series =>
    Array.from({ length: periods }, (_, at) => {
      const from = end - (periods - at) * periodMs;
      return store.read(metric, statistic, from, from + periodMs);
    });
  if (watches.kind === 'reading') return read(watches.reading);
  const series = new Map([...watches.readings].map(([id, reading]) => [id, read(reading)]));
  return evaluateExpression(watches.expression, series, periods);
};

/**
 * The state of an alarm, as CloudWatch comes to it: of the range, the latest points that are there; where they are too
 * few, missing ones are put beside them as the alarm says. `age` is how long the alarm has been there, ms: of what was
 * before it nothing is said.
 */
export const judge = (
  definition: AlarmDefinition,
  series: Series,
  previous: AlarmStateName,
  age: number,
): Judgement => {
  const { evaluationPeriods, datapointsToAlarm, threshold, comparison, treatMissingData } = definition;
  const real = series.filter((point) => point !== undefined).slice(-evaluationPeriods);
  const breaching = real.filter((point) => breaches[comparison](point, threshold)).length;
  const missing = evaluationPeriods - real.length;
  const seen = `${breaching} of ${real.length} points ${comparison} ${threshold}${missing > 0 ? `, ${missing} missing` : ''}; latest ${real.at(-1) ?? 'none'}`;
  const say = (state: AlarmStateName): Judgement => ({ state, reason: seen });

  if (breaching >= datapointsToAlarm) return say('ALARM');
  if (missing === 0) return say('OK');
  const young = age < rangeMs(definition);
  switch (treatMissingData) {
    case 'breaching':
      if (young) return say(real.length === 0 ? previous : 'OK');
      return say(breaching + missing >= datapointsToAlarm ? 'ALARM' : 'OK');
    case 'notBreaching':
      return say('OK');
    case 'ignore':
      return say(real.length > 0 && breaching === 0 ? 'OK' : previous);
    case 'missing':
      if (real.length === 0) return say('INSUFFICIENT_DATA');
      return say(breaching === real.length ? 'ALARM' : 'OK');
  }
};
