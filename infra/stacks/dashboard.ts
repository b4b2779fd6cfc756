import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, SingleValueWidget, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { MetricName } from '../../shared/platform/measure.ts';
import { type CountingFunction, metricOf, sumOver } from '../constructs/metrics.ts';
import { movers } from './alarms.ts';

export interface OperationsDashboardProps {
  readonly stage: string;
  /** By what an operator calls them. */
  readonly deadLetterQueues: Readonly<Record<string, IQueue>>;
  readonly ingest: IQueue;
}

const period = 5;

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
              counted('DocumentsSuperseded', ['send'], 'superseded'),
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
              counted('DocumentsHeld', ['watch'], 'held'),
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
            'Functions',
            movers.map((service) => counted('ItemsFailed', [service], `${service}: unexpected errors`)),
            'in five minutes',
          ),
        ],
      ],
    });
  }
}
