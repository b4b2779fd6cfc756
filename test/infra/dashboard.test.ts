import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { metricUnits } from '../../shared/platform/measure.ts';
import { metricsNamespace } from '../../shared/platform/names.ts';
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
      'DocumentsOverdue',
      'DocumentsRejected',
      'DocumentsSendFailed',
      'DocumentsUndelivered',
    ]);
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

  it('draws only metrics that functions emit, of this stage', () => {
    const ours = body.widgets
      .flatMap((widget) => widget.properties.metrics ?? [])
      .filter(([namespace]) => namespace === metricsNamespace);
    expect(ours.length).toBeGreaterThan(20);
    for (const [, name, ...rest] of ours) {
      expect(Object.keys(metricUnits)).toContain(name);
      expect(rest.slice(0, 4)).toEqual([
        'service',
        expect.stringMatching(/^(compose|send|poll|watch)$/),
        'stage',
        'local',
      ]);
    }
  });
});
