import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { virtualClock } from '../../../../../local/clock.ts';
import {
  type AlarmDefinition,
  alarmDefinition,
  alarmSchema,
  type MissingData,
} from '../../../../../local/engine/cloudwatch/alarm-definition.ts';
import { judge, seriesOf } from '../../../../../local/engine/cloudwatch/evaluate.ts';
import type { Series } from '../../../../../local/engine/cloudwatch/expression.ts';
import { createMetricStore } from '../../../../../local/engine/cloudwatch/metric-store.ts';
import { startMonitor } from '../../../../../local/engine/cloudwatch/monitor.ts';
import { days, minutes } from '../../../../../shared/platform/clock.ts';

const plain = {
  AlarmName: 'a',
  Namespace: 'N',
  MetricName: 'M',
  Dimensions: [{ Name: 'stage', Value: 'local' }],
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 3,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  AlarmActions: ['topic'],
  OKActions: ['topic'],
};
const made = (over: object = {}): AlarmDefinition =>
  alarmDefinition('a', 'arn:a', alarmSchema.parse({ ...plain, ...over }));
const identity = { namespace: 'N', metricName: 'M', dimensions: { stage: 'local' } };

describe('an alarm of a template', () => {
  it.each([
    [{ Statistic: undefined }, 'names a metric'],
    [{ Period: 10 }, 'not whole minutes'],
    [{ Statistic: undefined, ExtendedStatistic: 'tm90' }, 'tm90'],
    [{ EvaluationPeriods: 24, Period: 3600 }, 'a day at most'],
    [{ Metrics: [{ Id: 'e', Expression: '1' }] }, 'same period'],
    [
      {
        Metrics: [
          { Id: 'a', MetricStat: { Metric: { Namespace: 'N', MetricName: 'M' }, Period: 60, Stat: 'Sum' } },
          { Id: 'e', Expression: 'a' },
        ],
      },
      'exactly one',
    ],
    [
      {
        Metrics: [
          {
            Id: 'a',
            ReturnData: false,
            MetricStat: { Metric: { Namespace: 'N', MetricName: 'M' }, Period: 60, Stat: 'Sum' },
          },
          { Id: 'd', Expression: 'a + 1', ReturnData: false },
          { Id: 'e', Expression: 'd' },
        ],
      },
      'not known here',
    ],
  ])('that cannot be judged here is refused: %j', (over, says) => {
    expect(() => made(over)).toThrow(says);
  });

  it('reads each period that it looks at, and two more', () => {
    const store = createMetricStore();
    const end = Date.UTC(2026, 10, 22, 12);
    store.put({ ...identity, at: end - 1, values: [7] });
    store.put({ ...identity, at: end, values: [9] });
    store.put({ ...identity, at: end - minutes(5), values: [2, 4] });
    expect(seriesOf(made(), store, end)).toEqual([4, undefined, undefined, undefined, 7]);
  });

  it('may be of an expression over several metrics', () => {
    const stat = (Id: string, MetricName: string) => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace: 'N', MetricName }, Period: 300, Stat: 'Sum' },
    });
    const definition = made({
      Namespace: undefined,
      MetricName: undefined,
      Dimensions: undefined,
      Statistic: undefined,
      Period: undefined,
      EvaluationPeriods: 1,
      Metrics: [{ Id: 'e', Expression: 'FILL(x, 0) + y' }, stat('x', 'X'), stat('y', 'Y')],
    });
    const store = createMetricStore();
    const end = Date.UTC(2026, 10, 22, 12);
    for (const at of [end - minutes(1), end - minutes(4)])
      store.put({ namespace: 'N', metricName: 'Y', dimensions: {}, at, values: [2] });
    expect(seriesOf(definition, store, end)).toEqual([undefined, undefined, 4]);
  });
});

describe('the state of an alarm of three periods, all of which must breach', () => {
  const nothing: Series = [undefined, undefined, undefined, undefined, undefined];
  // CloudWatch's own table: what each way to treat missing data makes of what is there.
  it.each<[string, Series, Record<MissingData, string>]>([
    ['all there, not all breaching', [0, undefined, 1, undefined, 1], same('OK')],
    ['the latest three breaching, whatever is missing', [0, 1, 1, undefined, 1], same('ALARM')],
    [
      'one good point',
      [0, undefined, undefined, undefined, undefined],
      { missing: 'OK', ignore: 'OK', breaching: 'OK', notBreaching: 'OK' },
    ],
    [
      'one breaching point',
      [undefined, undefined, 1, undefined, undefined],
      { missing: 'ALARM', ignore: 'previous', breaching: 'ALARM', notBreaching: 'OK' },
    ],
    ['nothing', nothing, { missing: 'INSUFFICIENT_DATA', ignore: 'previous', breaching: 'ALARM', notBreaching: 'OK' }],
  ])('with %s', (_, series, expected) => {
    for (const [treatment, state] of Object.entries(expected)) {
      for (const previous of ['OK', 'ALARM'] as const) {
        const judged = judge(made({ TreatMissingData: treatment }), series, previous, days(1));
        expect(judged.state, `${treatment}, was ${previous}`).toBe(state === 'previous' ? previous : state);
      }
    }
  });

  it('takes nothing for missing that was before the alarm', () => {
    const definition = made({ TreatMissingData: 'breaching' });
    expect(judge(definition, nothing, 'INSUFFICIENT_DATA', minutes(4)).state).toBe('INSUFFICIENT_DATA');
    expect(judge(definition, nothing, 'INSUFFICIENT_DATA', minutes(5)).state).toBe('ALARM');
  });

  it.each([
    ['GreaterThanOrEqualToThreshold', [true, true, false]],
    ['GreaterThanThreshold', [true, false, false]],
    ['LessThanOrEqualToThreshold', [false, true, true]],
    ['LessThanThreshold', [false, false, true]],
  ])('compares by %s', (ComparisonOperator, expected) => {
    const definition = made({ ComparisonOperator, EvaluationPeriods: 1 });
    const states = [2, 1, 0].map((value) => judge(definition, [value], 'OK', days(1)).state === 'ALARM');
    expect(states).toEqual(expected);
  });

  it('needs only as many points to breach as it says', () => {
    const two = made({ DatapointsToAlarm: 2 });
    expect(judge(two, [0, 0, 1, 0, 1], 'OK', days(1)).state).toBe('ALARM');
    expect(judge(two, [0, 0, 0, 0, 1], 'OK', days(1)).state).toBe('OK');
  });
});

const same = (state: string): Record<MissingData, string> => ({
  missing: state,
  ignore: state,
  breaching: state,
  notBreaching: state,
});

describe('the monitor', () => {
  const dir = mkdtempSync(join(tmpdir(), 'alarms-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('looks once a minute, tells each change to the topics of its state, and writes it down', async () => {
    const clock = virtualClock(Date.UTC(2026, 10, 22, 12, 0, 30));
    const store = createMetricStore();
    const logFile = join(dir, 'alarms.log');
    const published: { topic: string; subject: string; message: Record<string, unknown> }[] = [];
    let depth = 0;
    const monitor = startMonitor({
      definitions: [made({ EvaluationPeriods: 1, AlarmDescription: 'HIGH. It is.' })],
      store,
      clock,
      region: 'eu-west-2',
      account: '1',
      sample: (end) => [{ ...identity, at: end - 1, values: [depth] }],
      publish(topic, { subject, message }) {
        published.push({ topic, subject, message: JSON.parse(message) });
        return true;
      },
      logFile,
      warn: () => undefined,
    });
    expect(monitor.stateOf('a')).toBe('INSUFFICIENT_DATA');
    await clock.advance(minutes(1));
    expect(monitor.stateOf('a')).toBe('OK');
    depth = 3;
    await clock.advance(minutes(1));
    expect(monitor.stateOf('a')).toBe('ALARM');
    await clock.advance(minutes(3));
    depth = 0;
    await clock.advance(minutes(1));
    expect(monitor.changes.map(({ was, state }) => [was, state])).toEqual([
      ['INSUFFICIENT_DATA', 'OK'],
      ['OK', 'ALARM'],
      ['ALARM', 'OK'],
    ]);
    expect(published.map(({ topic }) => topic)).toEqual(['topic', 'topic', 'topic']);
    expect(published[1]).toMatchObject({
      subject: 'ALARM: "a" in eu-west-2',
      message: { AlarmName: 'a', AlarmDescription: 'HIGH. It is.', NewStateValue: 'ALARM', OldStateValue: 'OK' },
    });
    const lines = readFileSync(logFile, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))[1]).toMatchObject({ alarm: 'a', from: 'OK', to: 'ALARM' });
    expect(() => monitor.stateOf('b')).toThrow('b');
    monitor.close();
    depth = 9;
    await clock.advance(minutes(5));
    expect(monitor.changes).toHaveLength(3);
  });

  it('says so where a topic is not there', async () => {
    const clock = virtualClock(Date.UTC(2026, 10, 22, 12));
    const warnings: string[] = [];
    const monitor = startMonitor({
      definitions: [made({ EvaluationPeriods: 1 })],
      store: createMetricStore(),
      clock,
      region: 'eu-west-2',
      account: '1',
      sample: (end) => [{ ...identity, at: end - 1, values: [1] }],
      publish: () => false,
      logFile: join(dir, 'other.log'),
      warn: (sentence) => void warnings.push(sentence),
    });
    await clock.advance(minutes(2));
    expect(warnings).toEqual(['The alarm a could not be told to topic']);
    monitor.close();
  });
});
