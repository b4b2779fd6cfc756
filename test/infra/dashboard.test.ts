import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { countersOf } from '../../shared/platform/measure.ts';
import { metricsNamespace } from '../../shared/platform/names.ts';
import { isEmitted } from './emitted.ts';
import { synthesise } from './support.ts';

const system = synthesise();
const { properties } = system.one('AWS::CloudWatch::Dashboard', 'Dashboard');
const body = z
  .object({
    widgets: z.array(
      z.object({
        type: z.string(),
        properties: z.looseObject({ title: z.string().optional(), metrics: z.array(z.array(z.unknown())).optional() }),
      }),
    ),
  })
  .parse(JSON.parse(z.string().parse(properties.DashboardBody)));
const titled = (title: string) => {
  const found = body.widgets.find((widget) => widget.properties.title === title);
  if (!found) throw new Error(`there is no widget ${title}`);
  return found.properties.metrics ?? [];
};
/** Names of the metrics that a widget draws; those that expressions are made of too. */
const drawn = (title: string) =>
  titled(title).flatMap(([namespace, name]) => (typeof namespace === 'string' ? [String(name)] : []));

describe('the dashboard', () => {
  it('is one for each stage', () => {
    expect(properties.DashboardName).toBe('send-document-local');
    expect(system.of('AWS::CloudWatch::Dashboard')).toHaveLength(1);
  });

  it('shows documents by state', () => {
    expect(drawn('Documents by state')).toEqual(
      expect.arrayContaining([
        'DocumentsReceived',
        'DocumentsComposed',
        'DocumentsSent',
        'DocumentsInfrastructureAcknowledged',
        'DocumentsAccepted',
        'DocumentsNeedingAttention',
      ]),
    );
  });

  it('shows failures by cause: every end that needs a person, held and overdue', () => {
    expect([...new Set(drawn('Failures by cause'))].sort()).toEqual([
      'DocumentsBusinessRejected',
      'DocumentsContradicted',
      'DocumentsHeld',
      'DocumentsInfrastructureRejected',
      'DocumentsNullAndVoid',
      'DocumentsOverdue',
      'DocumentsRejected',
      'DocumentsSendFailed',
      'DocumentsUndelivered',
    ]);
  });

  it.each([
    // A PDF that names another patient, a doubtful attempt that cannot go on, one that nobody answers.
    ['Failures by cause', 'DocumentsHeld', ['compose', 'send', 'watch']],
    // Found out before composing, or when sending.
    ['Documents by state', 'DocumentsSuperseded', ['compose', 'send']],
  ])('shows in “%s” %s of every function that counts it', (title, metric, services) => {
    const counting = Object.entries<readonly string[]>(countersOf).filter(([, counters]) => counters.includes(metric));
    expect(counting.map(([service]) => service).sort()).toEqual(services);
    const asked = titled(title).filter(([, name]) => name === metric);
    expect(asked.map((each) => each[each.indexOf('service') + 1]).sort()).toEqual(services);
  });

  it('shows the times to sent and to accepted, the middle and the slow', () => {
    const statistics = titled('Time to sent and to accepted').map((metric) => [
      metric[1],
      z.object({ stat: z.string() }).parse(metric.at(-1)).stat,
    ]);
    expect(statistics).toEqual([
      ['TimeToSent', 'p50'],
      ['TimeToSent', 'p90'],
      ['TimeToAccepted', 'p50'],
      ['TimeToAccepted', 'p90'],
    ]);
  });

  it('shows what waits, polls, certificates, and every dead-letter queue', () => {
    expect(drawn('Oldest waiting')).toEqual(['OldestUnsentMinutes', 'ApproximateAgeOfOldestMessage']);
    expect(drawn('Polls')).toEqual(expect.arrayContaining(['PollsSucceeded', 'PollsFailed']));
    expect(drawn('Certificate days')).toEqual(['CertificateDaysLeft']);
    const read = system.of('AWS::Lambda::EventSourceMapping').map((each) => each.properties.EventSourceArn);
    const deadLetters = system.of('AWS::SQS::Queue').filter((queue) => !read.includes(system.arn(queue)));
    expect(titled('Dead-letter queues').map((metric) => metric[3])).toEqual(
      expect.arrayContaining(deadLetters.map(({ id }) => `${id}.QueueName`)),
    );
  });

  it('shows calls of the API by their outcome, their latency, and every function’s errors and throttles', () => {
    expect(drawn('API: calls')).toEqual(['Count', '4XXError', '5XXError']);
    expect(
      titled('API: latency').map((metric) => [metric[1], z.object({ stat: z.string() }).parse(metric.at(-1)).stat]),
    ).toEqual([
      ['Latency', 'p50'],
      ['Latency', 'p99'],
    ]);
    const functions = system.of('AWS::Lambda::Function').map((each) => each.properties.FunctionName);
    for (const [title, metric] of [
      ['Functions: unexpected errors', 'Errors'],
      ['Functions: throttles', 'Throttles'],
    ] as const) {
      const asked = titled(title).filter(([namespace, name]) => namespace === 'AWS/Lambda' && name === metric);
      expect(asked.map((each) => each[3]).sort()).toEqual(functions.sort());
    }
  });

  it('names the API and its stage as they are deployed', () => {
    const [gateway] = system.of('AWS::ApiGateway::RestApi');
    const [stage] = system.of('AWS::ApiGateway::Stage');
    for (const [, , ...dimensions] of [...titled('API: calls'), ...titled('API: latency')]) {
      expect(dimensions.slice(0, 4)).toEqual([
        'ApiName',
        gateway?.properties.Name,
        'Stage',
        stage?.properties.StageName,
      ]);
    }
  });

  it('shows what callers of the API hand over', () => {
    expect(drawn('API: submissions')).toEqual(['SubmissionsTaken', 'SubmissionsRepeated', 'SubmissionsRefused']);
  });

  it.each([
    ['Intervals since each mailbox was polled', 'watch', 'IntervalsSincePoll', 'mailbox', 'Maximum'],
    ['API: refusals by code', 'api', 'RequestsRefused', 'code', 'Sum'],
  ])('shows “%s”, a line for each that there is', (title, service, metric, dimension, statistic) => {
    const [[search] = []] = titled(title);
    const { expression, label } = z.object({ expression: z.string(), label: z.string() }).parse(search);
    expect(expression).toBe(
      `SEARCH('{${metricsNamespace},${dimension},service,stage} MetricName="${metric}" stage="local"', '${statistic}', 300)`,
    );
    expect(label).toBe(`\${PROP('Dim.${dimension}')}`);
    const dimensions = { service, stage: 'local', [dimension]: 'any' };
    expect(isEmitted({ namespace: metricsNamespace, metricName: metric, dimensions })).toBe(true);
  });

  it('draws only metrics that are emitted, of this stage', () => {
    const asked = body.widgets
      .flatMap((widget) => widget.properties.metrics ?? [])
      .filter(([namespace]) => typeof namespace === 'string')
      .map((metric) => {
        const [namespace, metricName, ...dimensions] = metric.filter((part) => typeof part === 'string');
        const pairs = dimensions.flatMap((name, at) => (at % 2 === 0 ? [[name, dimensions[at + 1] ?? '']] : []));
        return {
          namespace: namespace ?? '',
          metricName: metricName ?? '',
          dimensions: z.record(z.string(), z.string()).parse(Object.fromEntries(pairs)),
        };
      });
    expect(asked.length).toBeGreaterThan(40);
    expect(asked.filter((metric) => !isEmitted(metric))).toEqual([]);
  });

  it('would not pass with a metric that nobody emits', () => {
    const dimensions = { service: 'watch', stage: 'local' };
    const asked = { namespace: 'SendDocument', metricName: 'CircuitsOpen', dimensions };
    expect(isEmitted(asked)).toBe(true);
    expect(isEmitted({ ...asked, metricName: 'CircuitOpen' })).toBe(false);
    expect(isEmitted({ ...asked, dimensions: { ...dimensions, service: 'send' } })).toBe(false);
    expect(isEmitted({ ...asked, dimensions: { ...dimensions, stage: 'production' } })).toBe(false);
    expect(isEmitted({ ...asked, namespace: 'SendDocuments' })).toBe(false);
    expect(isEmitted({ namespace: 'AWS/SQS', metricName: 'Depth', dimensions: { QueueName: 'any' } })).toBe(false);
  });
});
