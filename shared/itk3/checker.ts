import type { OperationOutcome } from 'fhir/r3.js';
import { checkDocument } from './check-document.ts';
import { checkEnvelope, type Envelope } from './check-envelope.ts';
import { checkHeader } from './check-header.ts';
import { fhirNamespace, xhtmlNamespace } from './fixed-values.ts';
import { collectIssues, type Issues, type MessageIssue } from './issues.ts';
import { documentBundleOf, type MessageFacts, messageFacts } from './message-facts.ts';
import { type MessageProfile, profiles } from './profiles.ts';
import { descendants, readXml, valueAt, type XmlElement } from './xml-tree.ts';

export type { Envelope } from './check-envelope.ts';
export type { MessageIssue } from './issues.ts';

export interface CheckOptions {
  readonly profile?: MessageProfile | undefined;
  readonly envelope?: Envelope | undefined;
}

/** Bytes of the largest message that is looked at: more than any practice’s system takes. */
export const largestMessage = 400_000_000;

/**
 * Holds a Send Document message against what the standard asks of a sender: the profiles (`check-profile.ts`), and the
 * requirements by their ids, since schema and profiles let the loss of confidentiality, text, NHS number, birth date,
 * organisation and SDS id through. Returns every issue at once; none means that the message is what we claim it is.
 * With an `envelope`, also that the MESH headers say what the message says.
 */
export const checkMessage = (root: XmlElement, options: CheckOptions = {}): readonly MessageIssue[] =>
  check(root, options, {});

const check = (
  root: XmlElement,
  options: CheckOptions,
  how: { readonly skeleton?: boolean },
): readonly MessageIssue[] => {
  const profile = options.profile ?? profiles.v1;
  const issues = collectIssues();
  const facts = messageFacts(root);
  checkNamespace(root, issues);
  checkHeader(root, profile, issues);
  checkDocument(root, facts, profile, issues, how);
  if (options.envelope) {
    const source = valueAt(descendants(root, 'MessageHeader')[0], 'source', 'endpoint');
    checkEnvelope(options.envelope, { facts, source, isRestricted: isRestricted(root) }, profile, issues);
  }
  return issues.found;
};

const isRestricted = (root: XmlElement): boolean => {
  const document = documentBundleOf(root);
  const composition = document && descendants(document, 'Composition')[0];
  return valueAt(composition, 'confidentiality') === 'R';
};

/** Whatever its prefixes, every element is FHIR's, and a narrative XHTML's. */
const checkNamespace = (root: XmlElement, issues: Issues): void => {
  const isForeign = (element: XmlElement, inNarrative: boolean): boolean => {
    const narrative = inNarrative || element.name === 'div';
    return (
      element.namespace !== (narrative ? xhtmlNamespace : fhirNamespace) ||
      element.children.some((inner) => isForeign(inner, narrative))
    );
  };
  issues.expect(
    !isForeign(root, false),
    'FHIR-STU3',
    'Bundle',
    'every element must be in the namespace of FHIR, and the narrative in that of XHTML',
    'structure',
  );
};

export type MessageCheck =
  | { readonly kind: 'unreadable'; readonly issues: readonly MessageIssue[] }
  | { readonly kind: 'checked'; readonly issues: readonly MessageIssue[]; readonly facts: MessageFacts };

/**
 * Reads and checks a message. Document type declarations and entities of its own are refused, and more than 400 MB is
 * not looked at. Never throws for what the bytes are.
 */
export const checkMessageBytes = (bytes: Uint8Array, options: CheckOptions = {}): MessageCheck => {
  const reading = readXml(bytes, { maxBytes: largestMessage, strictEncoding: true });
  if (reading.kind === 'unreadable') {
    const issues = collectIssues();
    issues.add(['GPCM-C-02', 'FHIR-V&V-01'], 'Bundle', `the message is ${reading.reason}`, 'structure');
    return { kind: 'unreadable', issues: issues.found };
  }
  return { kind: 'checked', issues: checkMessage(reading.root, options), facts: messageFacts(reading.root) };
};

/**
 * Checks a message before its files are in it, as `composeMessage` gives it: file n belongs between `pieces[n]` and
 * `pieces[n + 1]`. An issue is a fault of this system, not of the sender (FHIR-V&V-01).
 */
export const checkSkeleton = (
  pieces: readonly string[],
  profile: MessageProfile,
  envelope: Envelope,
): readonly MessageIssue[] => {
  const reading = readXml(Buffer.from(pieces.join(''), 'utf8'), { maxBytes: largestMessage });
  const issues = collectIssues();
  if (reading.kind === 'unreadable') {
    issues.add('FHIR-V&V-01', 'Bundle', `the message is ${reading.reason}`, 'structure');
    return issues.found;
  }
  const files = messageFacts(reading.root).files;
  issues.expect(
    files.length === pieces.length - 1 && files.every(({ content }) => content === ''),
    'GPCM-SD-111',
    'Binary.content',
    'must have one place for each file',
    'structure',
  );
  issues.expect(
    !isRestricted(reading.root) || profile.confidentialNotification,
    'GPCM-SD-117',
    'Composition.confidentiality',
    'must be N: this sender does not notify of confidential consultations',
    'business-rule',
  );
  return [...issues.found, ...check(reading.root, { profile, envelope }, { skeleton: true })];
};

/** Warnings leave a message conformant. */
export const isConformant = (issues: readonly MessageIssue[]): boolean =>
  issues.every(({ severity }) => severity !== 'error');

/** The issues as FHIR's own resource; without any, the one that says so. */
export const operationOutcome = (issues: readonly MessageIssue[]): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue:
    issues.length === 0
      ? [{ severity: 'information', code: 'informational', diagnostics: 'No issues.' }]
      : issues.map(({ severity, code, requirements, path, message }) => ({
          severity,
          code,
          details: { coding: requirements.map((requirement) => ({ code: requirement })), text: message },
          expression: [path],
        })),
});
