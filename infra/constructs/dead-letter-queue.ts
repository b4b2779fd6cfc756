import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Monitoring, runbookSections } from './monitoring.ts';

/** The longest that SQS keeps a message. A message moved to a dead-letter queue keeps its first sending time. */
export const retention = Duration.days(14);

export interface DeadLetterQueueProps {
  readonly feature: string;
  readonly key: IKey;
  readonly monitoring: Monitoring;
  readonly fifo?: boolean;
  readonly whatHappened: string;
  readonly runbook: keyof typeof runbookSections;
}

/** A queue of what could not be handled, which nobody looks at by themselves: so it comes with its alarm. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: DeadLetterQueueProps) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      ...(props.fifo ? { fifo: true } : {}),
      retentionPeriod: retention,
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.key,
      enforceSSL: true,
    });
    props.monitoring.addHighSeverityAlarm(this, 'NotEmpty', {
      feature: props.feature,
      condition: 'DeadLetterQueueNotEmpty',
      metric: this.queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      threshold: 1,
      whatHappened: props.whatHappened,
      runbook: props.runbook,
      // SQS stops reporting a queue that nobody has used for hours: silence means empty.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
