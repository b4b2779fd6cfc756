import { profiles } from '../../itk3/profiles.ts';

const sent = new Set(Object.values(profiles).map(({ workflowId }) => workflowId));
const answers = new Set(Object.values(profiles).map(({ ackWorkflowId }) => ackWorkflowId));

/** What a message's headers say about whose it is (DESIGN 4, "not ours"). */
export type Whose =
  | { readonly kind: 'report' }
  | { readonly kind: 'acknowledgement' }
  /** A report about a message that may be ours: its linked id decides. */
  | { readonly kind: 'report-if-known' }
  /** Only the body can tell: an ITK response that answers one of ours, on somebody else's workflow. */
  | { readonly kind: 'body-decides' };

/** Pure: from the HEAD alone. Names are compared without case, as MESH writes them both ways. */
export const whoseIs = (messageType: string | undefined, workflowId: string | undefined): Whose => {
  const workflow = (workflowId ?? '').toUpperCase();
  if (messageType?.toUpperCase() === 'REPORT') {
    return sent.has(workflow) ? { kind: 'report' } : { kind: 'report-if-known' };
  }
  return answers.has(workflow) ? { kind: 'acknowledgement' } : { kind: 'body-decides' };
};
