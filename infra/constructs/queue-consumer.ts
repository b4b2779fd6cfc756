import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StageSettings } from '../config/stage-settings.ts';
import { DeadLetterQueue, retention } from './dead-letter-queue.ts';
import type { Monitoring } from './monitoring.ts';

export interface QueueConsumerProps {
  /** As an operator calls it; part of the alarm's name. */
  readonly feature: string;
  readonly consumer: LambdaFunction;
  readonly consumerTimeout: Duration;
  readonly setting: StageSettings['queues'][keyof StageSettings['queues']];
  readonly key: IKey;
  readonly monitoring: Monitoring;
  readonly fifo?: boolean;
  /** What a message on the dead-letter queue means for documents. */
  readonly deadLettersMean: string;
}

/**
 * A queue and the function that reads it. A queue never exists alone: with it come its dead-letter queue, the alarm on
 * that, and the event source that lets the function answer for each message of a batch.
 */
export class QueueConsumer extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, props: QueueConsumerProps) {
    super(scope, id);
    const { setting, fifo = false } = props;
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', {
      feature: props.feature,
      key: props.key,
      monitoring: props.monitoring,
      fifo,
      whatHappened: `A message of the ${props.feature} queue came back ${setting.maxReceiveCount} times, which is a bug: the record decides when to give up, not the queue. ${props.deadLettersMean}`,
      runbook: 'deadLetters',
    }).queue;
    this.queue = new Queue(this, 'Queue', {
      ...(fifo ? { fifo: true } : {}),
      retentionPeriod: retention,
      // Six times the timeout, so that a batch that the event source holds back while the function is throttled does
      // not come to another copy of it meanwhile. In a queue that keeps an order, a message that its function died with
      // keeps the ones behind it waiting for so long: there it is but a minute longer than the function lives.
      visibilityTimeout: props.fifo
        ? props.consumerTimeout.plus(Duration.minutes(1))
        : Duration.seconds(6 * props.consumerTimeout.toSeconds()),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.key,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: setting.maxReceiveCount },
    });
    props.consumer.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: setting.batchSize,
        maxConcurrency: setting.maxConcurrency,
        reportBatchItemFailures: true,
      }),
    );
  }
}
