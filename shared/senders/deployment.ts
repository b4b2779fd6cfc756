import { deploymentKey } from '../delivery/keys.ts';
import { change, type Table } from '../platform/table.ts';

/** Queues that a function reads, by the name that operators call them. */
export const queueNames = ['ingest', 'outbox', 'poll'] as const;
export type QueueName = (typeof queueNames)[number];
export type QueueUrls = Readonly<Record<QueueName, string>>;

/** `DEPLOYMENT`: what an operator's command, which has only the table, must know of the stage. */
export interface Deployment {
  readonly stage: string;
  readonly queues?: QueueUrls;
  /** Where the archive is. */
  readonly archiveBucket?: string;
  /** The topic of notices to people; absent until a `watch` has run that knows it. */
  readonly noticesTopicArn?: string;
}

/** Undefined until `watch` has run once. */
export const readDeployment = (table: Table): Promise<Deployment | undefined> => table.read<Deployment>(deploymentKey);
export const readStage = async (table: Table): Promise<string | undefined> => (await readDeployment(table))?.stage;
export const readQueueUrls = async (table: Table): Promise<QueueUrls | undefined> =>
  (await readDeployment(table))?.queues;

const isDeclared = (
  stored: Deployment | undefined,
  { stage, queues, archiveBucket, noticesTopicArn }: Deployment,
): boolean =>
  stored?.stage === stage &&
  (noticesTopicArn === undefined || stored.noticesTopicArn === noticesTopicArn) &&
  (archiveBucket === undefined || stored.archiveBucket === archiveBucket) &&
  queueNames.every((name) => queues === undefined || stored.queues?.[name] === queues[name]);

/** What is told is kept; what is left out stays as it was told before. */
export const declareDeployment = (table: Table, deployment: Deployment): Promise<undefined> =>
  change<Deployment, undefined>(table, deploymentKey, (stored) =>
    isDeclared(stored, deployment)
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { ...stored, ...deployment }, result: undefined },
  );

export const readNoticesTopic = async (table: Table): Promise<string | undefined> =>
  (await readDeployment(table))?.noticesTopicArn;
