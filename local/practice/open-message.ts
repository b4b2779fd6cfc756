import { checkMessageBytes, type MessageIssue } from '../../shared/itk3/checker.ts';
import { profileOfWorkflow, profiles } from '../../shared/itk3/profiles.ts';
import type { Opened } from './decide.ts';
import { faultCode } from './fault-code.ts';
import type { FhirSchema } from './schema.ts';

/** What the practice knows of a message beside its bytes. */
export interface Delivered {
  readonly workflowId: string;
  readonly subject: string | undefined;
  readonly localId: string | undefined;
  /** The mailbox that it came from. */
  readonly from: string | undefined;
}

const problemText = ({ requirements: [requirement], path, message }: MessageIssue): string =>
  `${requirement}: ${path} ${message}`;

/** Opens a message as a practice's system does: is it XML, does HL7's schema take it, is it what the standard asks. */
export const openMessage = (xml: Uint8Array, delivered: Delivered, schema: FhirSchema): Opened => {
  const { workflowId, subject, localId, from } = delivered;
  const checked = checkMessageBytes(xml, {
    profile: profileOfWorkflow(workflowId) ?? profiles.v1,
    envelope: { subject, workflowId, localId, from },
  });
  const errors = checked.issues.filter(({ severity }) => severity === 'error');
  // Only then the schema: our reading refuses the declarations that could make another parser work without end.
  if (checked.kind === 'unreadable') return { facts: undefined, problems: errors.map(problemText) };
  return {
    facts: checked.facts,
    problems: [...schema.validate(xml), ...errors.map(problemText)],
    faultCode: faultCode(checked.issues),
  };
};
