import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { dynamoDbTable } from '../platform/aws/dynamodb-table.ts';
import { s3At, s3Objects } from '../platform/aws/s3-objects.ts';
import { snsSubscriptions } from '../platform/aws/sns-subscriptions.ts';
import { sqsDeadLetters } from '../platform/aws/sqs-dead-letters.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Objects } from '../platform/objects.ts';
import type { DeadLetters } from '../platform/queue.ts';
import type { Subscriptions } from '../platform/subscriptions.ts';
import type { AttentionIndex, MailboxIndex, SenderIndex, Table } from '../platform/table.ts';
import { readNoticesTopic } from '../senders/deployment.ts';

/** The part of a local run's `run.json` that a command needs. */
const runFile = z.object({
  dynamodbEndpoint: z.url(),
  sqsEndpoint: z.url(),
  s3Endpoint: z.url(),
  snsEndpoint: z.url(),
  noticesTopicArn: z.string(),
  archiveBucket: z.string(),
  region: z.string(),
  tableName: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  timeScale: z.number().positive(),
  clock: z.object({ origin: z.number(), realOrigin: z.number() }),
});

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** Where `npm start` keeps its state unless told otherwise. */
const defaultDir = '.local';

export type Target =
  | {
      readonly kind: 'target';
      readonly table: Table & SenderIndex & AttentionIndex & MailboxIndex;
      readonly objects: (bucket: string) => Objects;
      /** Of a local run. */
      readonly archiveBucket?: string;
      /** The time there: a local run's is its own. */
      readonly clock: Clock;
      readonly subscriptions?: () => Promise<Subscriptions | undefined>;
      readonly name: string;
      readonly deadLettersOf?: (queueUrl: string) => DeadLetters;
    }
  | { readonly kind: 'problem'; readonly sentence: string };

export interface TargetOptions {
  readonly dir?: string;
  readonly table?: string;
  /** A deployment's archive, for a command that asks nothing else. */
  readonly archive?: string;
}

/**
 * Which deployment a command speaks to: `--dir FOLDER` is the local run with its state there, `--table NAME` a table in
 * AWS under the caller's own credentials. With neither it is the local run in `.local`, if one is up: a deployment is
 * never guessed.
 */
export const targetOf = (options: TargetOptions): Target => {
  if (options.dir !== undefined && options.table !== undefined) {
    return { kind: 'problem', sentence: 'Give either --dir (a local run) or --table (a deployment), not both.' };
  }
  if (options.table !== undefined || (options.archive !== undefined && options.dir === undefined)) {
    const table = dynamoDbTable(options.table ?? 'no table was named');
    return {
      kind: 'target',
      table,
      objects: (bucket) => s3Objects(bucket),
      clock: systemClock,
      subscriptions: async () => {
        const topicArn = await readNoticesTopic(table);
        return topicArn === undefined ? undefined : snsSubscriptions(topicArn);
      },
      name: options.table === undefined ? `archive ${options.archive}` : `table ${options.table}`,
      deadLettersOf: (queueUrl) => sqsDeadLetters(queueUrl),
    };
  }
  const dir = options.dir ?? (existsSync(join(defaultDir, 'run.json')) ? defaultDir : undefined);
  if (dir === undefined) {
    return {
      kind: 'problem',
      sentence:
        'Say where: --dir .local for the local run, or --table NAME for a deployment (the TableName output of its data stack).',
    };
  }
  const file = join(dir, 'run.json');
  if (!existsSync(file)) {
    return { kind: 'problem', sentence: `No local run has its state in ${dir}: start one with npm start.` };
  }
  const run = runFile.safeParse(jsonOf(readFileSync(file, 'utf8')));
  if (!run.success) return { kind: 'problem', sentence: `${file} is not a local run’s file.` };
  const {
    tableName,
    s3Endpoint,
    dynamodbEndpoint: endpoint,
    sqsEndpoint,
    snsEndpoint,
    noticesTopicArn,
    archiveBucket,
    region,
    credentials,
    timeScale,
  } = run.data;
  const { origin, realOrigin } = run.data.clock;
  return {
    kind: 'target',
    table: dynamoDbTable(tableName, { endpoint, region, credentials }),
    objects: (bucket) => s3Objects(bucket, s3At({ endpoint: s3Endpoint, region, credentials })),
    archiveBucket,
    clock: {
      now: () => Math.round(origin + (systemClock.now() - realOrigin) * timeScale),
      sleep: (ms, signal) => systemClock.sleep(ms / timeScale, signal),
    },
    subscriptions: async () =>
      snsSubscriptions(noticesTopicArn, { endpoint: snsEndpoint, region, credentials: { ...credentials } }),
    name: `the local run in ${dir}`,
    deadLettersOf: (queueUrl) => sqsDeadLetters(queueUrl, { endpoint: sqsEndpoint, region, credentials }),
  };
};
