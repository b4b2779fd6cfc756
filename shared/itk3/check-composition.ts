import { checkProfile } from './check-profile.ts';
import { structureDefinitions, systems, urnOf } from './fixed-values.ts';
import { type Issues, isInstant, isUuid } from './issues.ts';
import type { MessageFacts } from './message-facts.ts';
import type { MessageProfile } from './profiles.ts';
import { isItsSentence } from './sentence.ts';
import { child, childrenOf, valueAt, type XmlElement } from './xml-tree.ts';

/** The resources of the document bundle, as far as there are any. */
export interface DocumentResources {
  readonly composition: XmlElement;
  readonly binaries: readonly XmlElement[];
  readonly practitioner: XmlElement | undefined;
  readonly organization: XmlElement | undefined;
  readonly patient: XmlElement | undefined;
}

/** Confidentiality of a redacted notification, which 1.3.x allows (GPCM-SD-117). */
const restricted = 'R';

const name = 'Composition';

export const checkComposition = (
  resources: DocumentResources,
  facts: MessageFacts,
  profile: MessageProfile,
  issues: Issues,
): void => {
  const { composition } = resources;
  issues.profile(composition, structureDefinitions.composition, name);
  checkIdentity(composition, facts, profile, issues);
  checkKind(composition, profile, issues);
  checkConfidentiality(resources, profile, issues);
  checkText(composition, facts, profile, issues);
  checkPeople(resources, issues);
  checkReplacement(composition, issues);
  checkSections(composition, resources.binaries, issues);
  checkProfile(composition, 'CareConnect-Composition-1', name, issues);
};

const checkIdentity = (composition: XmlElement, facts: MessageFacts, profile: MessageProfile, issues: Issues): void => {
  const careConnect = 'CareConnect-Composition-1';
  issues.value(composition, ['identifier', 'system'], systems.uuid, careConnect, name);
  issues.expect(
    isUuid(valueAt(composition, 'identifier', 'value')),
    careConnect,
    `${name}.identifier.value`,
    'must be a UUID',
  );
  const versionId = valueAt(composition, 'meta', 'versionId');
  const path = `${name}.meta.versionId`;
  if (!profile.versionId) issues.absent(child(composition, 'meta'), ['versionId'], careConnect, `${name}.meta`);
  else if (versionId === undefined) issues.warn('GPCM-SD-098', path, 'should be the document’s version');
  else
    issues.expect(
      versionId === String(facts.version),
      'GPCM-SD-098',
      path,
      'must be the version that the document’s text names',
    );
};

/** GPCM-SD-114: 1.3.x fixes the status but of a replacement; 2.0.x takes every one that FHIR has. */
const statusesOf = (profile: MessageProfile, isReplacement: boolean): readonly string[] =>
  profile.name === 'v2'
    ? ['preliminary', 'final', 'amended', 'entered-in-error']
    : isReplacement
      ? ['final', 'amended']
      : ['final'];

const checkKind = (composition: XmlElement, profile: MessageProfile, issues: Issues): void => {
  const statuses = statusesOf(profile, child(composition, 'relatesTo') !== undefined);
  const status = valueAt(composition, 'status');
  issues.expect(
    status !== undefined && statuses.includes(status),
    'GPCM-SD-114',
    `${name}.status`,
    `must be ${statuses.join(' or ')}`,
    status === undefined ? 'required' : 'value',
  );
  const type = child(child(composition, 'type'), 'coding');
  const typePath = `${name}.type.coding`;
  const requirements = ['GPCM-SD-115', 'FHIR-DOC-05'];
  issues.value(type, ['system'], systems.snomed, requirements, typePath);
  const known = profile.documentTypes.find(({ code }) => code === valueAt(type, 'code'));
  issues.expect(
    known !== undefined,
    requirements,
    `${typePath}.code`,
    `must be one of ${profile.documentTypes.map(({ code }) => code).join(', ')}`,
  );
  if (known) issues.value(type, ['display'], known.display, requirements, typePath);
  issues.expect(
    isInstant(valueAt(composition, 'date')),
    'GPCM-SD-116',
    `${name}.date`,
    'must be date and time with an offset',
  );
  if (profile.fixedTitle === undefined) issues.present(composition, ['title'], 'GPCM-SD-118', name);
  else issues.value(composition, ['title'], profile.fixedTitle, 'GPCM-SD-118', name);
};

const checkConfidentiality = (
  { composition, binaries }: DocumentResources,
  profile: MessageProfile,
  issues: Issues,
): void => {
  const path = `${name}.confidentiality`;
  const confidentiality = valueAt(composition, 'confidentiality');
  const isOptional = profile.name === 'v2';
  const mayBe = profile.mayNotifyConfidential ? ['N', restricted] : ['N'];
  issues.expect(
    confidentiality === undefined ? isOptional : mayBe.includes(confidentiality),
    'GPCM-SD-117',
    path,
    profile.mayNotifyConfidential ? 'must be N or R' : 'must be N: a confidential consultation is not sent',
    confidentiality === undefined ? 'required' : 'value',
  );
  if (confidentiality === restricted)
    issues.expect(
      binaries.length === 1,
      'GPCM-SD-102',
      `${name}.section`,
      'of a confidential consultation must be the redacted report alone',
      'business-rule',
    );
};

const checkText = (composition: XmlElement, facts: MessageFacts, profile: MessageProfile, issues: Issues): void => {
  issues.value(composition, ['text', 'status'], 'generated', 'GPCM-SD-119', name);
  const isRestricted = valueAt(composition, 'confidentiality') === restricted;
  issues.expect(
    isItsSentence(facts.text, facts, profile, isRestricted),
    'GPCM-SD-119',
    `${name}.text.div`,
    isRestricted
      ? 'must be the sentence that the standard words, without practice and ODS code'
      : 'must be the sentence that the standard words, of this message’s own facts',
  );
};

const checkPeople = ({ composition, practitioner, organization, patient }: DocumentResources, issues: Issues): void => {
  const to = (element: string, resource: XmlElement | undefined, requirements: readonly string[], kind: string) =>
    issues.leads(
      child(composition, element),
      `${name}.${element}.reference`,
      valueAt(resource, 'id'),
      requirements,
      `must lead to the ${kind}`,
    );
  to('subject', patient, ['GPCM-SD-120', 'GPCM-SD-106'], 'Patient');
  to('custodian', organization, ['GPCM-SD-122', 'GPCM-SD-105'], 'Organization');
  // Version 2 may name no clinician; whom it names then stands in the bundle, which the references show.
  if (practitioner) to('author', practitioner, ['GPCM-SD-121', 'GPCM-SD-107'], 'Practitioner');
  issues.expect(
    childrenOf(composition, 'author').length === 1,
    ['GPCM-SD-121', 'GPCM-SD-107'],
    `${name}.author`,
    'must be exactly one',
    'required',
  );
};

const checkReplacement = (composition: XmlElement, issues: Issues): void => {
  const path = `${name}.relatesTo`;
  for (const relation of childrenOf(composition, 'relatesTo')) {
    issues.value(relation, ['code'], 'replaces', 'GPCM-SD-131', path);
    issues.value(relation, ['targetIdentifier', 'system'], systems.uuid, 'GPCM-SD-132', path);
    const target = valueAt(relation, 'targetIdentifier', 'value');
    const value = `${path}.targetIdentifier.value`;
    const requirements = ['GPCM-SD-123', 'GPCM-SD-132'];
    issues.expect(isUuid(target), requirements, value, 'must be the UUID of the document that is replaced');
    issues.expect(
      target !== valueAt(composition, 'identifier', 'value'),
      requirements,
      value,
      'must be another document',
      'invariant',
    );
  }
};

/** One section for each file, each file once, the report first (reference 1.7). */
const checkSections = (composition: XmlElement, binaries: readonly XmlElement[], issues: Issues): void => {
  const sections = childrenOf(composition, 'section');
  const byUrl = new Map(binaries.map((binary) => [urnOf(valueAt(binary, 'id') ?? ''), binary]));
  issues.expect(
    sections.length === binaries.length,
    'GPCM-SD-109',
    `${name}.section`,
    'must be one for each Binary',
    'structure',
  );
  const shown = new Set<string>();
  for (const [index, section] of sections.entries()) {
    const path = `${name}.section[${index}].entry`;
    const entries = childrenOf(section, 'entry');
    issues.expect(entries.length === 1, 'GPCM-SD-110', path, 'must be exactly one', 'structure');
    const url = valueAt(entries[0], 'reference') ?? '';
    issues.expect(
      byUrl.has(url) && !shown.has(url),
      'GPCM-SD-110',
      path,
      'must refer to a Binary that no section before it shows',
      'not-found',
    );
    shown.add(url);
  }
  const [first] = sections;
  issues.expect(
    valueAt(byUrl.get(valueAt(first, 'entry', 'reference') ?? ''), 'contentType') === 'application/pdf',
    ['GPCM-SD-112', 'GPCM-SD-124'],
    `${name}.section[0]`,
    'must be the report, a PDF',
  );
};
