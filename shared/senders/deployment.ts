import { deploymentKey } from '../delivery/keys.ts';
import { change, type Table } from '../platform/table.ts';

/** Queues that a function reads, by the name that operators call them. */
export const queueNames = ['ingest', 'outbox', 'poll'] as const;
export type QueueName = (typeof queueNames)[number];
export type QueueUrls = Readonly<Record<QueueName, string>>;

/** `DEPLOYMENT`: what an operator's command, which has only the table, must know of the stage. */
interface Deployment {
  readonly stage: string;
  readonly queues?: QueueUrls;
}

const readDeployment = (table: Table) => table.read<Deployment>(deploymentKey);

/** Undefined until `watch` has run once. */
export const readStage = async (table: Table): Promise<string | undefined> => (await readDeployment(table))?.stage;
export const readQueueUrls = async (table: Table): Promise<QueueUrls | undefined> =>
  (await readDeployment(table))?.queues;

const isDeclared = (stored: Deployment | undefined, stage: string, queues: QueueUrls | undefined): boolean =>
  stored?.stage === stage && queueNames.every((name) => queues === undefined || stored.queues?.[name] === queues[name]);

export const declareStage = (table: Table, stage: string, queues?: QueueUrls): Promise<undefined> =>
  change<Deployment, undefined>(table, deploymentKey, (stored) =>
    isDeclared(stored, stage, queues)
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: { ...stored, stage, ...(queues ? { queues } : {}) }, result: undefined },
  );
