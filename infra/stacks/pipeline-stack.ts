import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget, SqsQueue as QueueTarget } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { inboxPrefix, metricsNamespace } from '../../shared/platform/names.ts';
import type { IngestMessage } from '../../shared/platform/queue-messages.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import type { Monitoring } from '../constructs/monitoring.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import { QueueConsumer } from '../constructs/queue-consumer.ts';
import { accept } from '../nag.ts';
import { FunctionAlarms, OutcomeAlarms } from './alarms.ts';
import { OperationsDashboard } from './dashboard.ts';
import type { DataStack } from './data-stack.ts';
import { operatorPolicy } from './people-grants.ts';
import { grantCompose, grantPoll, grantSend, grantWatch } from './pipeline-grants.ts';

export interface PipelineStackProps extends StackProps {
  readonly data: DataStack;
  readonly monitoring: Monitoring;
  readonly events: ITopic;
}

/**
 * The way of a document: storage event → ingest → compose → outbox → send, and back by poll; watch finishes what a
 * crash left. Nothing here is worth keeping: what is on a queue can be found again in the table and the buckets.
 */
export class PipelineStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { data, monitoring, events, ...props }: PipelineStackProps,
  ) {
    super(scope, id, props);
    const { messagingKey: key } = data;
    const house = { settings, logKey: key };
    const common = <N extends string>(name: N) => ({
      STAGE: settings.stage,
      TABLE_NAME: data.table.tableName,
      INBOX_BUCKET: data.drops.bucketName,
      MESSAGES_BUCKET: data.messages.bucketName,
      ARCHIVE_BUCKET: data.archive.bucketName,
      EVENTS_TOPIC_ARN: events.topicArn,
      DOUBT_WAIT_MINUTES: String(settings.doubtWaitMinutes),
      GIVE_UP_AFTER_MINUTES: String(settings.giveUpAfterMinutes),
      BANK_HOLIDAYS_ADDED: settings.bankHolidays.added.join(','),
      BANK_HOLIDAYS_REMOVED: settings.bankHolidays.removed.join(','),
      POWERTOOLS_SERVICE_NAME: name,
      POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
      POWERTOOLS_LOG_LEVEL: settings.logLevel,
    });

    const send = new NodeFunction(this, 'Send', {
      ...house,
      name: 'send',
      description: 'Hands composed messages to MESH',
      memorySize: 1024,
      timeout: Duration.minutes(5),
      environment: common('send'),
    });
    const outbox = new QueueConsumer(this, 'Outbox', {
      feature: 'Outbox',
      consumer: send.function,
      consumerTimeout: send.timeout,
      setting: settings.queues.outbox,
      key,
      monitoring,
      deadLettersMean: 'The document it names is not being sent until watch hands it over again.',
    });

    const compose = new NodeFunction(this, 'Compose', {
      ...house,
      name: 'compose',
      description: 'Turns a PDF and its manifest into a message, or says what is wrong with them',
      threads: ['shared/submission/pdf-text/pdf-text-worker.mjs'],
      memorySize: 1024,
      timeout: Duration.minutes(5),
      environment: {
        ...common('compose'),
        OUTBOX_QUEUE_URL: outbox.queue.queueUrl,
        REFUSED_NHS_NUMBERS: settings.refusedNhsNumbers.join(','),
        ALLOWED_NHS_NUMBERS: settings.allowedNhsNumbers.join(','),
        REFUSED_GIVEN_NAMES: settings.refusedGivenNames.join(','),
      },
    });
    const ingest = new QueueConsumer(this, 'Ingest', {
      feature: 'Ingest',
      consumer: compose.function,
      consumerTimeout: compose.timeout,
      setting: settings.queues.ingest,
      key,
      monitoring,
      deadLettersMean: 'A drop is not being taken; its files still lie under inbox/.',
    });

    const poll = new NodeFunction(this, 'Poll', {
      ...house,
      name: 'poll',
      description: 'Fetches acknowledgements and reports from a MESH mailbox',
      memorySize: 1024,
      timeout: Duration.minutes(5),
      environment: common('poll'),
    });
    const pollQueue = new QueueConsumer(this, 'PollQueue', {
      feature: 'Poll',
      consumer: poll.function,
      consumerTimeout: poll.timeout,
      setting: settings.queues.poll,
      key,
      monitoring,
      // Polls of one mailbox follow each other, and each slot is polled once.
      fifo: true,
      deadLettersMean: 'A mailbox was not polled in one slot; the next slot asks again.',
    });

    const watch = new NodeFunction(this, 'Watch', {
      ...house,
      name: 'watch',
      description: 'Each minute: starts due polls, finishes unfinished work, notices what is overdue',
      memorySize: 512,
      timeout: Duration.minutes(3),
      // Two at a time would only do each other's work again.
      reservedConcurrentExecutions: 1,
      environment: {
        ...common('watch'),
        INGEST_QUEUE_URL: ingest.queue.queueUrl,
        OUTBOX_QUEUE_URL: outbox.queue.queueUrl,
        POLL_QUEUE_URL: pollQueue.queue.queueUrl,
        NOTICES_TOPIC_ARN: data.notices.topicArn,
        ...(settings.operatorsContact === undefined ? {} : { OPERATORS_CONTACT: settings.operatorsContact }),
      },
    });
    // The next minute is the retry: one that waits for a busy watch longer than that has nothing to add.
    watch.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new Rule(this, 'EachMinute', {
      description: 'Starts watch',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new FunctionTarget(watch.function)],
    });

    const undelivered = this.#ruleForStorageEvents(data, ingest.queue, monitoring);

    grantCompose(compose.role, { settings, data, events, outbox: outbox.queue });
    grantSend(send.role, { settings, data, events });
    grantPoll(poll.role, { settings, data, events });
    grantWatch(watch.role, {
      settings,
      data,
      events,
      ingest: ingest.queue,
      outbox: outbox.queue,
      poll: pollQueue.queue,
    });

    operatorPolicy(this, settings, data, [ingest, outbox, pollQueue]);

    new OutcomeAlarms(this, 'Outcomes', monitoring, { ingest: ingest.queue, mailboxes: settings.mailboxes });
    const functions = { compose, send, poll, watch } as const;
    for (const [name, { function: alarmed }] of Object.entries(functions)) {
      const feature = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      new FunctionAlarms(this, `${feature}Alarms`, monitoring, { feature, name, function: alarmed });
    }
    new OperationsDashboard(this, 'Dashboard', {
      stage: settings.stage,
      ingest: ingest.queue,
      deadLetterQueues: {
        ingest: ingest.deadLetterQueue,
        'storage events': undelivered,
        outbox: outbox.deadLetterQueue,
        poll: pollQueue.deadLetterQueue,
      },
    });

    const queues: Record<string, IQueue> = {
      IngestQueue: ingest.queue,
      IngestDeadLetterQueue: ingest.deadLetterQueue,
      IngestUndeliveredQueue: undelivered,
      OutboxQueue: outbox.queue,
      OutboxDeadLetterQueue: outbox.deadLetterQueue,
      PollQueue: pollQueue.queue,
      PollDeadLetterQueue: pollQueue.deadLetterQueue,
    };
    for (const [name, queue] of Object.entries(queues)) {
      new CfnOutput(this, `${name}Url`, { value: queue.queueUrl });
      new CfnOutput(this, `${name}Arn`, { value: queue.queueArn });
    }
  }

  /** Every object that is made under `inbox/` becomes one ingest message. Returns where undeliverable ones go. */
  #ruleForStorageEvents(data: DataStack, ingest: IQueue, monitoring: Monitoring): IQueue {
    const { queue: undelivered } = new DeadLetterQueue(this, 'IngestUndelivered', {
      feature: 'StorageEvents',
      key: data.messagingKey,
      monitoring,
      whatHappened:
        'EventBridge could not put a storage event on the ingest queue. The drop it tells of is taken up by watch within 15 minutes, but the cause stays.',
      runbook: 'undeliveredStorageEvents',
    });
    accept(undelivered, 'AwsSolutions-SQS3 dead-letters-of-a-rule');
    const message: Record<keyof IngestMessage, string> = {
      bucket: EventField.fromPath('$.detail.bucket.name'),
      key: EventField.fromPath('$.detail.object.key'),
      versionId: EventField.fromPath('$.detail.object.version-id'),
      sequencer: EventField.fromPath('$.detail.object.sequencer'),
      size: EventField.fromPath('$.detail.object.size'),
    };
    new Rule(this, 'Dropped', {
      description: 'Hands each object made under inbox/ to the ingest queue',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [data.drops.bucketName] }, object: { key: [{ prefix: inboxPrefix }] } },
      },
      targets: [
        new QueueTarget(ingest, {
          message: RuleTargetInput.fromObject(message),
          deadLetterQueue: undelivered,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
    return undelivered;
  }
}
