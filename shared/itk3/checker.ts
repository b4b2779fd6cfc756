import { checkDocument } from './check-document.ts';
import { checkEnvelope, type Envelope } from './check-envelope.ts';
import { checkHeader } from './check-header.ts';
import { collectIssues, type MessageIssue } from './issues.ts';
import { messageFacts } from './message-facts.ts';
import { type MessageProfile, profiles } from './profiles.ts';
import type { XmlElement } from './xml-tree.ts';

export type { Envelope } from './check-envelope.ts';
export type { MessageIssue } from './issues.ts';

/**
 * Holds a Send Document message against what the standard asks of a sender: everything that HL7's schema lets through.
 * Returns every issue at once, in the order of the message; none means that the message is what we claim it is.
 * With an `envelope`, also that the MESH headers say what the message says.
 */
export const checkMessage = (
  root: XmlElement,
  options: { readonly profile?: MessageProfile; readonly envelope?: Envelope } = {},
): readonly MessageIssue[] => {
  const profile = options.profile ?? profiles.v1;
  const issues = collectIssues();
  const facts = messageFacts(root);
  checkHeader(root, profile, issues);
  checkDocument(root, facts, profile, issues);
  if (options.envelope) checkEnvelope(options.envelope, facts, profile, issues);
  return issues.found;
};
