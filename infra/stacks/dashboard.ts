import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, SingleValueWidget, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../shared/platform/environment.ts';
import type { MetricName } from '../../shared/platform/measure.ts';
import {
  type CountingFunction,
  gatewayMetric,
  lambdaMetric,
  metricOf,
  ofEach,
  sumOver,
} from '../constructs/metrics.ts';
import { movers } from './alarms.ts';

export interface OperationsDashboardProps {
  readonly stage: string;
  /** By what an operator calls them. */
  readonly deadLetterQueues: Readonly<Record<string, IQueue>>;
  readonly ingest: IQueue;
}

const period = 5;

const functions: readonly FunctionName[] = ['compose', 'send', 'poll', 'watch', 'api', 'authorise'];

/**
 * One page for whoever is on call: are documents moving, how long does it take, what goes wrong and why. Counts are
 * of documents that came into a state in each five minutes.
 */
export class OperationsDashboard extends Dashboard {
  constructor(scope: Construct, id: string, { stage, deadLetterQueues, ingest }: OperationsDashboardProps) {
    const counted = (metric: MetricName, services: readonly CountingFunction[] = movers, label: string = metric) =>
      sumOver(services, metric, { stage, period, label });
    const read = (
      service: CountingFunction,
      metric: MetricName,
      statistic: 'Maximum' | 'Minimum' | 'p50' | 'p90',
      label: string = metric,
    ) => metricOf(service, metric, { stage, statistic, period, label });
    const graph = (title: string, left: IMetric[], unit: string, width = 12) =>
      new GraphWidget({ title, left, width, height: 6, leftYAxis: { min: 0, label: unit, showUnits: false } });
    const figure = (title: string, metric: IMetric) =>
      new SingleValueWidget({ title, metrics: [metric], width: 6, height: 4 });

    const gateway = (
      metric: 'Count' | '4XXError' | '5XXError' | 'Latency',
      statistic: 'Sum' | 'p50' | 'p99',
      label: string,
    ) => gatewayMetric(metric, { stage, statistic, period, label });
    const lambda = (name: FunctionName, metric: 'Errors' | 'Throttles') =>
      lambdaMetric(name, metric, { stage, statistic: 'Sum', period, label: name });

    super(scope, id, {
      dashboardName: `send-document-${stage}`,
      defaultInterval: Duration.hours(24),
      widgets: [
        [
          new TextWidget({
            markdown: `**Send Document, ${stage}.** What an alarm means and what to do stands in docs/runbook.md; where to look further, in docs/operating.md.`,
            width: 24,
            height: 1,
          }),
        ],
        [
          figure('Oldest unsent, minutes', read('watch', 'OldestUnsentMinutes', 'Maximum')),
          figure('Needing a person', read('watch', 'AttentionOpen', 'Maximum')),
          figure('Circuits open', read('watch', 'CircuitsOpen', 'Maximum')),
          figure('Mailboxes without a poll', read('watch', 'MailboxesWithoutPoll', 'Maximum')),
          figure('Days that certificates last', read('watch', 'CertificateDaysLeft', 'Minimum')),
        ],
        [
          graph(
            'Documents by state',
            [
              counted('DocumentsReceived', ['compose', 'watch'], 'received'),
              counted('DocumentsComposed', ['compose'], 'composed'),
              counted('DocumentsSent', ['send', 'poll'], 'sent'),
              counted('DocumentsInfrastructureAcknowledged', ['poll'], 'infrastructure acknowledged'),
              counted('DocumentsAccepted', ['poll'], 'accepted'),
              counted('DocumentsReplaced', ['poll'], 'replaced by a later version'),
              counted('DocumentsSuperseded', ['compose', 'send'], 'superseded'),
              counted('DocumentsSuppressed', ['compose'], 'suppressed'),
              counted('DocumentsNeedingAttention', movers, 'needing attention'),
            ],
            'documents',
          ),
          graph(
            'Failures by cause',
            [
              counted('DocumentsRejected', ['compose', 'watch'], 'rejected here'),
              counted('DocumentsSendFailed', ['send'], 'could not be sent'),
              counted('DocumentsUndelivered', ['send', 'poll', 'watch'], 'undelivered by MESH'),
              counted('DocumentsInfrastructureRejected', ['poll'], 'refused by the practice’s system'),
              counted('DocumentsBusinessRejected', ['poll'], 'refused for this patient'),
              counted('DocumentsContradicted', ['poll'], 'contradicted'),
              counted('DocumentsNullAndVoid', ['poll'], 'null and void'),
              counted('DocumentsHeld', ['compose', 'send', 'watch'], 'held'),
              counted('DocumentsOverdue', ['watch'], 'overdue'),
            ],
            'documents',
          ),
        ],
        [
          graph(
            'Time to sent and to accepted',
            [
              read('send', 'TimeToSent', 'p50', 'sent, half of them'),
              read('send', 'TimeToSent', 'p90', 'sent, nine of ten'),
              read('poll', 'TimeToAccepted', 'p50', 'accepted, half of them'),
              read('poll', 'TimeToAccepted', 'p90', 'accepted, nine of ten'),
            ],
            'seconds',
          ),
          graph(
            'Oldest waiting',
            [
              read('watch', 'OldestUnsentMinutes', 'Maximum', 'document, minutes'),
              ingest.metricApproximateAgeOfOldestMessage({
                period: Duration.minutes(period),
                statistic: 'Maximum',
                label: 'message on the ingest queue, seconds',
              }),
            ],
            'minutes, seconds',
          ),
        ],
        [
          graph(
            'Polls',
            [
              counted('PollsSucceeded', ['poll'], 'succeeded'),
              counted('PollsFailed', ['poll'], 'failed'),
              counted('InboxMessages', ['poll'], 'messages found'),
              counted('QuarantinedMessages', ['poll'], 'quarantined'),
            ],
            'in five minutes',
          ),
          graph(
            'Dead-letter queues',
            Object.entries(deadLetterQueues).map(([label, queue]) =>
              queue.metricApproximateNumberOfMessagesVisible({
                period: Duration.minutes(period),
                statistic: 'Maximum',
                label,
              }),
            ),
            'messages',
          ),
        ],
        [
          graph('Certificate days', [read('watch', 'CertificateDaysLeft', 'Minimum', 'the first to end')], 'days'),
          graph(
            'Intervals since each mailbox was polled',
            [ofEach('mailbox', 'IntervalsSincePoll', { stage, statistic: 'Maximum', period })],
            'of its own intervals',
          ),
        ],
        [
          graph(
            'API: calls',
            [
              gateway('Count', 'Sum', 'calls'),
              gateway('4XXError', 'Sum', '4xx: the caller’s'),
              gateway('5XXError', 'Sum', '5xx: ours'),
            ],
            'in five minutes',
          ),
          graph(
            'API: latency',
            [gateway('Latency', 'p50', 'half of them'), gateway('Latency', 'p99', '99 of 100')],
            'milliseconds',
          ),
        ],
        [
          graph(
            'API: submissions',
            [
              counted('SubmissionsTaken', ['api'], 'taken'),
              counted('SubmissionsRepeated', ['api'], 'taken before'),
              counted('SubmissionsRefused', ['api'], 'refused'),
            ],
            'documents',
          ),
          graph(
            'API: refusals by code',
            [ofEach('code', 'RequestsRefused', { stage, statistic: 'Sum', period })],
            'in five minutes',
          ),
        ],
        [
          graph(
            'Functions: unexpected errors',
            [
              ...movers.map((service) => counted('ItemsFailed', [service], `${service}: items`)),
              ...functions.map((name) => lambda(name, 'Errors')),
            ],
            'in five minutes',
          ),
          graph(
            'Functions: throttles',
            functions.map((name) => lambda(name, 'Throttles')),
            'in five minutes',
          ),
        ],
      ],
    });
  }
}
