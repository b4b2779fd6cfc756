import type { z } from 'zod';
import { dynamoDbTable } from '../platform/aws/dynamodb-table.ts';
import { s3Objects } from '../platform/aws/s3-objects.ts';
import { secretsManager } from '../platform/aws/secrets-manager.ts';
import { snsSubscriptions } from '../platform/aws/sns-subscriptions.ts';
import { snsTopic } from '../platform/aws/sns-topic.ts';
import { sqsQueue, sqsRedelivery } from '../platform/aws/sqs-queue.ts';
import { minutes, systemClock } from '../platform/clock.ts';
import {
  composeEnvironment,
  type environments,
  parseEnvironment,
  pollEnvironment,
  sendEnvironment,
  watchEnvironment,
} from '../platform/environment.ts';
import { systemIds } from '../platform/ids.ts';
import { powertoolsLog } from '../platform/log.ts';
import { powertoolsMeasure } from '../platform/measure.ts';
import { pdfTextReader } from '../submission/pdf-text/pdf-text-reader.ts';

/** From a function's environment to what it works with: the only place where real adapters meet the library. */

type Environment = z.output<(typeof environments)['compose' | 'send' | 'poll' | 'watch']>;

const listOf = (text: string): string[] => text.split(',').filter((part) => part !== '');

const common = (environment: Environment) => ({
  table: dynamoDbTable(environment.TABLE_NAME),
  clock: systemClock,
  ids: systemIds,
  random: Math.random,
  settings: {
    doubtWait: minutes(environment.DOUBT_WAIT_MINUTES),
    giveUpAfter: minutes(environment.GIVE_UP_AFTER_MINUTES),
    bankHolidays: {
      added: listOf(environment.BANK_HOLIDAYS_ADDED),
      removed: listOf(environment.BANK_HOLIDAYS_REMOVED),
    },
  },
  drops: s3Objects(environment.INBOX_BUCKET),
  audit: s3Objects(environment.ARCHIVE_BUCKET),
  events: snsTopic(environment.EVENTS_TOPIC_ARN),
  messages: s3Objects(environment.MESSAGES_BUCKET),
  log: powertoolsLog(environment.POWERTOOLS_SERVICE_NAME),
  measure: powertoolsMeasure(
    environment.POWERTOOLS_METRICS_NAMESPACE,
    environment.POWERTOOLS_SERVICE_NAME,
    environment.STAGE,
  ),
  redelivery: sqsRedelivery(),
  connection: {
    stage: environment.STAGE,
    secrets: secretsManager(systemClock),
    clock: systemClock,
    ids: systemIds,
  },
});

export const wireCompose = (source: NodeJS.ProcessEnv) => {
  const environment = parseEnvironment(composeEnvironment, source);
  return {
    ...common(environment),
    inbox: s3Objects(environment.INBOX_BUCKET),
    outbox: sqsQueue(environment.OUTBOX_QUEUE_URL),
    readPdfText: pdfTextReader(),
    rules: {
      refusedNhsNumbers: listOf(environment.REFUSED_NHS_NUMBERS),
      allowedNhsNumbers: listOf(environment.ALLOWED_NHS_NUMBERS),
      refusedGivenNames: listOf(environment.REFUSED_GIVEN_NAMES).map((word) => new RegExp(`^(?:${word})$`, 'i')),
    },
  };
};

export const wireSend = (source: NodeJS.ProcessEnv) => {
  const environment = parseEnvironment(sendEnvironment, source);
  return { ...common(environment), archive: s3Objects(environment.ARCHIVE_BUCKET) };
};

export const wirePoll = (source: NodeJS.ProcessEnv) => {
  const environment = parseEnvironment(pollEnvironment, source);
  return { ...common(environment), archive: s3Objects(environment.ARCHIVE_BUCKET) };
};

export const wireWatch = (source: NodeJS.ProcessEnv) => {
  const environment = parseEnvironment(watchEnvironment, source);
  return {
    ...common(environment),
    inbox: s3Objects(environment.INBOX_BUCKET),
    archive: s3Objects(environment.ARCHIVE_BUCKET),
    ingest: sqsQueue(environment.INGEST_QUEUE_URL),
    outbox: sqsQueue(environment.OUTBOX_QUEUE_URL),
    polls: sqsQueue(environment.POLL_QUEUE_URL),
    queueUrls: {
      ingest: environment.INGEST_QUEUE_URL,
      outbox: environment.OUTBOX_QUEUE_URL,
      poll: environment.POLL_QUEUE_URL,
    },
    notices: snsTopic(environment.NOTICES_TOPIC_ARN),
    subscribers: snsSubscriptions(environment.NOTICES_TOPIC_ARN),
    noticesTopicArn: environment.NOTICES_TOPIC_ARN,
    ...(environment.OPERATORS_CONTACT === undefined ? {} : { operatorsContact: environment.OPERATORS_CONTACT }),
  };
};
