import { z } from 'zod';
import { readJson } from './answers.ts';
import { type MeshCall, meshPath, operation } from './calls.ts';
import type { Outcome } from './outcomes.ts';
import type { Session } from './session.ts';

/** A mailbox that takes a workflow. */
export interface Endpoint {
  readonly mailboxId: string;
  readonly name?: string;
}

const name = z.string().nullish().catch(undefined);
const endpoint = z.union([
  z.object({ mailbox_id: z.string().min(1), mailbox_name: name }).transform((row) => ({
    mailboxId: row.mailbox_id,
    ...(row.mailbox_name ? { name: row.mailbox_name } : {}),
  })),
  z.object({ address: z.string().min(1), description: name }).transform((row) => ({
    mailboxId: row.address,
    ...(row.description ? { name: row.description } : {}),
  })),
]);
const found = z.object({ results: z.array(endpoint) });

const ask = (session: Session, path: string): Promise<Outcome<readonly Endpoint[]>> => {
  const call: MeshCall = { method: 'GET', path, headers: [], anonymous: true };
  return operation(session, call, async ({ response }) => {
    const parsed = found.safeParse(await readJson(response));
    return parsed.success ? { value: parsed.data.results } : undefined;
  });
};

export const lookup = (session: Session, odsCode: string, workflowId: string): Promise<Outcome<readonly Endpoint[]>> =>
  ask(session, meshPath('endpointlookup', odsCode, workflowId));

export const searchWorkflow = (session: Session, workflowId: string): Promise<Outcome<readonly Endpoint[]>> =>
  ask(session, meshPath('workflowsearch', workflowId));
