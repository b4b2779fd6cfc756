import { describe, expect, it } from 'vitest';
import { metricsIn } from '../../../../../local/engine/cloudwatch/emf.ts';
import { createMetricStore, kept } from '../../../../../local/engine/cloudwatch/metric-store.ts';
import {
  callMetrics,
  invocationMetrics,
  queueMetrics,
  withinMinute,
} from '../../../../../local/engine/cloudwatch/service-metrics.ts';
import { minutes } from '../../../../../shared/platform/clock.ts';

const start = Date.UTC(2026, 10, 22, 12);
const identity = { namespace: 'N', metricName: 'M', dimensions: { service: 'send', stage: 'local' } };

describe('metrics that were put', () => {
  it('are read by each statistic over whole minutes, the end left out', () => {
    const store = createMetricStore();
    store.put({ ...identity, at: start + 1, values: [3, 1] });
    store.put({ ...identity, at: start + 59_999, values: [8] });
    store.put({ ...identity, at: start + minutes(1), values: [100] });
    const read = (statistic: string, to = start + minutes(1)) => store.read(identity, statistic, start, to);
    expect(read('Sum')).toBe(12);
    expect(read('Average')).toBe(4);
    expect(read('Minimum')).toBe(1);
    expect(read('Maximum')).toBe(8);
    expect(read('SampleCount')).toBe(3);
    expect(read('p50')).toBe(3);
    expect(read('p90')).toBe(8);
    expect(read('Sum', start + minutes(2))).toBe(112);
  });

  it('are of all their dimensions, in any order; where there is nothing, nothing is read', () => {
    const store = createMetricStore();
    store.put({ ...identity, at: start, values: [0] });
    const read = (dimensions: Record<string, string>) =>
      store.read({ ...identity, dimensions }, 'Sum', start, start + minutes(1));
    expect(read({ stage: 'local', service: 'send' })).toBe(0);
    expect(read({ service: 'send' })).toBeUndefined();
    expect(read({ service: 'send', stage: 'production' })).toBeUndefined();
    expect(store.read(identity, 'Sum', start + minutes(1), start + minutes(2))).toBeUndefined();
  });

  it('are forgotten after a day, and a statistic that is not known is refused', () => {
    const store = createMetricStore();
    store.put({ ...identity, at: start, values: [1] });
    store.put({ ...identity, at: start + kept + minutes(1), values: [1] });
    expect(store.read(identity, 'Sum', start, start + minutes(1))).toBeUndefined();
    expect(() => store.read(identity, 'tm90', start, start + minutes(1))).toThrow('tm90');
  });
});

describe('a line of a function’s log', () => {
  const line = (over: object = {}) =>
    JSON.stringify({
      _aws: {
        Timestamp: start,
        CloudWatchMetrics: [
          {
            Namespace: 'N',
            Dimensions: [['service', 'stage']],
            Metrics: [{ Name: 'M', Unit: 'Count' }, { Name: 'T' }],
          },
        ],
      },
      service: 'send',
      stage: 'local',
      M: 0,
      T: [1, 2.5],
      ...over,
    });

  it('in the embedded format carries its metrics, zeros and lists too', () => {
    expect(metricsIn(line())).toEqual([
      { ...identity, at: start, values: [0] },
      { ...identity, metricName: 'T', at: start, values: [1, 2.5] },
    ]);
  });

  it.each([
    ['of the logger', '{"level":"INFO","message":"M"}'],
    ['that is no JSON', 'START RequestId: "_aws"'],
    ['without its metadata', '{"_aws":{"Timestamp":1}}'],
    ['whose dimension is not there', line({ stage: undefined })],
    ['whose values are text', line({ M: '1', T: 'x' })],
  ])('%s carries none', (_, text) => {
    expect(metricsIn(text)).toEqual([]);
  });
});

describe('what AWS’s own services report', () => {
  const names = (data: readonly { metricName: string; values: readonly number[] }[]) =>
    Object.fromEntries(data.map(({ metricName, values }) => [metricName, values[0]]));

  it('of a queue is how much lies there and how old the oldest is, in seconds', () => {
    const end = start + minutes(1);
    const depth = { visible: 2, inFlight: 1, delayed: 0, oldestSentAt: withinMinute(end) - minutes(3) };
    const data = queueMetrics('q', depth, withinMinute(end));
    expect(names(data)).toEqual({
      ApproximateNumberOfMessagesVisible: 2,
      ApproximateNumberOfMessagesNotVisible: 1,
      ApproximateNumberOfMessagesDelayed: 0,
      ApproximateAgeOfOldestMessage: 180,
    });
    expect(data.every(({ at }) => at >= start && at < end)).toBe(true);
    expect(names(queueMetrics('q', { visible: 0, inFlight: 0, delayed: 0 }, start))).toMatchObject({
      ApproximateAgeOfOldestMessage: 0,
    });
  });

  it('of an invocation is an error or none; one that was refused is a throttle and no invocation', () => {
    const of = (outcome: Parameters<typeof invocationMetrics>[1]) =>
      names(invocationMetrics('f', outcome, start, start + 5));
    expect(of({ kind: 'answered', payload: null })).toEqual({ Invocations: 1, Errors: 0, Throttles: 0, Duration: 5 });
    expect(of({ kind: 'failed', errorType: 'E', errorMessage: 'm' })).toMatchObject({ Invocations: 1, Errors: 1 });
    expect(of({ kind: 'dropped', reason: 'throttled' })).toEqual({ Throttles: 1 });
    expect(of({ kind: 'dropped', reason: 'closing' })).toEqual({});
  });

  it('of a call to the API is whose fault its status says it was', () => {
    const of = (status: number) => names(callMetrics({ apiName: 'a', stageName: 's', status, latencyMs: 7 }, start));
    expect(of(202)).toEqual({ Count: 1, '4XXError': 0, '5XXError': 0, Latency: 7 });
    expect(of(404)).toMatchObject({ '4XXError': 1, '5XXError': 0 });
    expect(of(503)).toMatchObject({ '4XXError': 0, '5XXError': 1 });
  });
});
