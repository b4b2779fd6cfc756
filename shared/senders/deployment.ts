import { deploymentKey } from '../delivery/keys.ts';
import { change, type Table } from '../platform/table.ts';

/** `DEPLOYMENT`: what an operator's command, which has only the table, must know of the stage. */
interface Deployment {
  readonly stage: string;
}

/** Undefined until `watch` has run once. */
export const readStage = async (table: Table): Promise<string | undefined> =>
  (await table.read<Deployment>(deploymentKey))?.stage;

export const declareStage = (table: Table, stage: string): Promise<undefined> =>
  change<Deployment, undefined>(table, deploymentKey, (stored) =>
    stored?.stage === stage ? { kind: 'keep', result: undefined } : { kind: 'put', item: { stage }, result: undefined },
  );
