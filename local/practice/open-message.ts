import { checkMessage } from '../../shared/itk3/checker.ts';
import { messageFacts } from '../../shared/itk3/message-facts.ts';
import { profileOfWorkflow, profiles } from '../../shared/itk3/profiles.ts';
import { readXml } from '../../shared/itk3/xml-tree.ts';
import type { Opened } from './decide.ts';
import type { FhirSchema } from './schema.ts';

/** More than any practice's system takes: what a sender may send is its own concern. */
const maxBytes = 400_000_000;

/** What the practice knows of a message beside its bytes. */
export interface Delivered {
  readonly workflowId: string;
  readonly subject: string | undefined;
  readonly localId: string | undefined;
}

/** Opens a message as a practice's system does: is it XML, does HL7's schema take it, is it what the standard asks. */
export const openMessage = (xml: Uint8Array, delivered: Delivered, schema: FhirSchema): Opened => {
  const reading = readXml(xml, { maxBytes });
  // Only then the schema: this reading refuses the declarations that could make another parser work without end.
  if (reading.kind === 'unreadable') return { facts: undefined, problems: [`The message is ${reading.reason}.`] };
  const issues = checkMessage(reading.root, {
    profile: profileOfWorkflow(delivered.workflowId) ?? profiles.v1,
    envelope: { subject: delivered.subject, workflowId: delivered.workflowId, localId: delivered.localId },
  });
  return {
    facts: messageFacts(reading.root),
    problems: [
      ...schema.validate(xml),
      ...issues.map((issue) => `${issue.requirement}: ${issue.path} ${issue.message}`),
    ],
  };
};
