import { invalid, json, type Reply, type Version } from './replies.ts';
import type { Mailbox } from './routing.ts';

/** The parts of the API that no mailbox owns: only a client certificate is asked for. */
export interface DirectoryRequest {
  readonly mailboxes: readonly Mailbox[];
  readonly parameters: readonly string[];
  readonly version: Version;
}

const takes = (mailbox: Mailbox, workflowId: string): boolean =>
  mailbox.active !== false && !mailbox.internal && (mailbox.workflows?.includes(workflowId) ?? true);

const inVersion2 = (found: readonly Mailbox[]) => ({
  results: found.map((mailbox) => ({ mailbox_id: mailbox.mailboxId, mailbox_name: mailbox.name })),
});

/** Mailboxes of an organisation that take a workflow. */
export const lookup = ({ mailboxes, parameters, version }: DirectoryRequest): Reply => {
  const [odsCode = '', workflowId = ''] = parameters;
  if (odsCode.trim() === '') return invalid([{ at: ['path', 'ods_code'], msg: 'ods code missing' }]);
  if (workflowId.trim() === '') return invalid([{ at: ['path', 'workflow_id'], msg: 'workflow id missing' }]);
  const found = mailboxes.filter((mailbox) => mailbox.odsCode === odsCode && takes(mailbox, workflowId));
  if (version === 2) return json(200, inVersion2(found));
  const results = found.map((m) => ({ address: m.mailboxId, description: m.name, endpoint_type: 'MESH' }));
  return json(200, { query_id: '', results });
};

/** Mailboxes that take a workflow, in the words of v2 whatever the version. */
export const workflowSearch = ({ mailboxes, parameters }: DirectoryRequest): Reply => {
  const [workflowId = ''] = parameters;
  if (workflowId.trim() === '') return invalid([{ at: ['path', 'workflow_id'], msg: 'workflow id missing' }]);
  return json(200, inVersion2(mailboxes.filter((mailbox) => takes(mailbox, workflowId))));
};
