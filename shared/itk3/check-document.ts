import { checkEntries } from './check-header.ts';
import { structureDefinitions, systems, urnOf, verifiedNhsNumber } from './fixed-values.ts';
import { type Issues, isInstant } from './issues.ts';
import { identifierOf, type MessageFacts, resourceOf } from './message-facts.ts';
import { type MessageProfile, wordingOf131 } from './profiles.ts';
import { textOf } from './wording.ts';
import { child, childrenOf, valueAt, type XmlElement } from './xml-tree.ts';

/** File types that may be attached; TIFF and RTF under their registered names beside the published ones. */
export const approvedContentTypes: ReadonlySet<string> = new Set([
  'application/pdf',
  'application/msword',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/mswrtford',
  'application/rtf',
  'text/html',
  'text/plain',
  'text/xml',
  'image/jpg',
  'image/jpeg',
  'image/png',
  'image/tif',
  'image/tiff',
]);

/** The document bundle and its resources (reference 1.7). */
export const checkDocument = (root: XmlElement, facts: MessageFacts, profile: MessageProfile, issues: Issues): void => {
  const name = 'Bundle(document)';
  const document = resourceOf(childrenOf(root, 'entry')[2]);
  if (document?.name !== 'Bundle') {
    issues.add('GPCM-SD-103', 'Bundle.entry[2]', 'the third entry must be the document Bundle');
    return;
  }
  issues.profile(document, structureDefinitions.documentBundle, name);
  issues.expect(
    isInstant(valueAt(document, 'meta', 'lastUpdated')),
    'ITK-Document-Bundle-1',
    `${name}.meta.lastUpdated`,
    'must be an instant: the document’s date',
  );
  issues.value(document, ['type'], 'document', 'ITK-Document-Bundle-1', name);
  issues.value(document, ['identifier', 'system'], systems.uuid, 'bdl-9', name);
  issues.present(document, ['identifier', 'value'], 'bdl-9', name);
  checkEntries(document, name, 'ITK-Document-Bundle-1', issues);

  const resources = childrenOf(document, 'entry').flatMap((entry) => resourceOf(entry) ?? []);
  const kinds = ['Composition', 'Binary', 'Practitioner', 'Organization', 'Patient'];
  issues.expect(
    resources[0]?.name === 'Composition',
    'GPCM-SD-104',
    `${name}.entry[0]`,
    'the first entry must be the Composition',
  );
  for (const kind of kinds) {
    const count = resources.filter((resource) => resource.name === kind).length;
    issues.expect(
      kind === 'Binary' ? count > 0 : count === 1,
      'ITK-Document-Bundle-1',
      `${name}.entry(${kind})`,
      kind === 'Binary' ? 'there must be at least one' : 'there must be exactly one',
    );
  }
  for (const other of resources.filter((resource) => !kinds.includes(resource.name)))
    issues.add('ITK-Document-Bundle-1', `${name}.entry(${other.name})`, 'must not be there');

  const first = (kind: string) => resources.find((resource) => resource.name === kind);
  const binaries = resources.filter((resource) => resource.name === 'Binary');
  const composition = first('Composition');
  if (composition) {
    const id = (kind: string) => urnOf(valueAt(first(kind), 'id') ?? '');
    checkComposition(composition, facts, profile, issues);
    issues.value(composition, ['subject', 'reference'], id('Patient'), 'GPCM-SD-120', 'Composition');
    issues.value(composition, ['author', 'reference'], id('Practitioner'), 'GPCM-SD-121', 'Composition');
    issues.value(composition, ['custodian', 'reference'], id('Organization'), 'GPCM-SD-122', 'Composition');
    checkSections(composition, binaries, issues);
  }
  for (const [index, binary] of binaries.entries()) checkBinary(binary, `Binary[${index}]`, issues);
  checkPractitioner(first('Practitioner'), issues);
  checkOrganization(first('Organization'), issues);
  checkPatient(first('Patient'), issues);
};

const checkComposition = (
  composition: XmlElement,
  facts: MessageFacts,
  profile: MessageProfile,
  issues: Issues,
): void => {
  const name = 'Composition';
  issues.profile(composition, structureDefinitions.composition, name);
  issues.value(composition, ['identifier', 'system'], systems.uuid, 'CareConnect-Composition-1', name);
  issues.present(composition, ['identifier', 'value'], 'CareConnect-Composition-1', name);
  issues.value(composition, ['status'], 'final', 'GPCM-SD-114', name);
  const type = child(child(composition, 'type'), 'coding');
  issues.value(type, ['system'], systems.snomed, 'GPCM-SD-115', `${name}.type.coding`);
  issues.expect(
    profile.documentTypes.some((allowed) => allowed.code === valueAt(type, 'code')),
    'GPCM-SD-115',
    `${name}.type.coding.code`,
    `must be one of ${profile.documentTypes.map((allowed) => allowed.code).join(', ')}`,
  );
  issues.expect(
    isInstant(valueAt(composition, 'date')),
    'GPCM-SD-116',
    `${name}.date`,
    'must be date and time with an offset',
  );
  if (profile.fixedTitle === undefined) issues.present(composition, ['title'], 'GPCM-SD-118', name);
  else issues.value(composition, ['title'], profile.fixedTitle, 'GPCM-SD-118', name);
  const confidentiality = valueAt(composition, 'confidentiality');
  issues.expect(
    confidentiality === 'N' || (profile.name === 'v2' && confidentiality === undefined),
    'GPCM-SD-117',
    `${name}.confidentiality`,
    'must be N: a confidential consultation is not sent',
  );
  if (profile.versionId) issues.present(composition, ['meta', 'versionId'], 'CareConnect-Composition-1', name);
  else issues.absent(child(composition, 'meta'), ['versionId'], 'CareConnect-Composition-1', `${name}.meta`);

  issues.value(composition, ['text', 'status'], 'generated', 'GPCM-SD-119', name);
  issues.expect(
    saysItsFacts(facts, profile),
    'GPCM-SD-119',
    `${name}.text`,
    'must be the sentence that the standard words, of this message’s own facts',
  );

  const relations = childrenOf(composition, 'relatesTo');
  issues.expect(relations.length <= 1, 'CareConnect-Composition-1', `${name}.relatesTo`, 'must be at most one');
  for (const relation of relations) {
    issues.value(relation, ['code'], 'replaces', 'GPCM-SD-131', `${name}.relatesTo`);
    issues.value(relation, ['targetIdentifier', 'system'], systems.uuid, 'GPCM-SD-132', `${name}.relatesTo`);
    issues.present(relation, ['targetIdentifier', 'value'], 'GPCM-SD-123', `${name}.relatesTo`);
    issues.expect(
      valueAt(relation, 'targetIdentifier', 'value') !== valueAt(composition, 'identifier', 'value'),
      'GPCM-SD-123',
      `${name}.relatesTo.targetIdentifier`,
      'must be another document',
    );
  }
};

/** The sentence in either published wording, of the facts that the message's own resources hold. */
const saysItsFacts = (facts: MessageFacts, profile: MessageProfile): boolean => {
  const { patient, organisation, version, title } = facts;
  if (version === undefined) return false;
  const wording = {
    patient: {
      nhsNumber: patient.nhsNumber ?? '',
      birthDate: patient.birthDate ?? '',
      family: patient.family ?? '',
      given: patient.given,
    },
    organisation: { odsCode: organisation.odsCode ?? '', name: organisation.name ?? '', phone: '' },
    version,
    title: title ?? '',
  };
  return [profile, { ...profile, wording: wordingOf131 }].some((one) => textOf(wording, one) === facts.text);
};

const checkSections = (composition: XmlElement, binaries: readonly XmlElement[], issues: Issues): void => {
  const sections = childrenOf(composition, 'section');
  issues.expect(
    sections.length === binaries.length,
    'GPCM-SD-109',
    'Composition.section',
    'must be one for each Binary',
  );
  for (const [index, section] of sections.entries()) {
    const path = `Composition.section[${index}].entry`;
    const entries = childrenOf(section, 'entry');
    issues.expect(entries.length === 1, 'GPCM-SD-110', path, 'must be exactly one');
    const id = valueAt(binaries[index], 'id');
    issues.expect(
      id !== undefined && valueAt(entries[0], 'reference') === urnOf(id),
      'GPCM-SD-110',
      path,
      'must refer to the Binary of the same place',
    );
  }
  issues.expect(
    valueAt(binaries[0], 'contentType') === 'application/pdf',
    'GPCM-SD-112',
    'Composition.section[0]',
    'must be the report, a PDF',
  );
};

// By a search for what does not belong, because a match of the whole of a large file would exhaust the engine's stack.
const isBase64 = (content: string): boolean =>
  content.length > 0 && content.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(content.replace(/={1,2}$/, ''));

const checkBinary = (binary: XmlElement, name: string, issues: Issues): void => {
  issues.profile(binary, structureDefinitions.binary, name);
  issues.expect(
    approvedContentTypes.has(valueAt(binary, 'contentType') ?? ''),
    'ITK-Attachment-Binary-1',
    `${name}.contentType`,
    'must be an approved file type',
  );
  const content = child(binary, 'content')?.attributes.get('value') ?? '';
  issues.expect(isBase64(content), 'GPCM-SD-111', `${name}.content`, 'must be base64, and not empty');
  issues.absent(binary, ['securityContext'], 'ITK-Attachment-Binary-1', name);
};

const checkOfficialName = (resource: XmlElement, requirement: string, name: string, issues: Issues): void => {
  const names = childrenOf(resource, 'name').filter((one) => valueAt(one, 'use') === 'official');
  issues.expect(names.length === 1, requirement, `${name}.name`, 'must be exactly one with use official');
  issues.present(names[0], ['family'], requirement, `${name}.name`);
};

const checkPractitioner = (practitioner: XmlElement | undefined, issues: Issues): void => {
  if (!practitioner) return;
  issues.profile(practitioner, structureDefinitions.practitioner, 'Practitioner');
  issues.expect(
    identifierOf(practitioner, systems.sdsUserId) !== undefined,
    'GPCM-SD-032',
    'Practitioner.identifier',
    'must hold the SDS user id',
  );
  checkOfficialName(practitioner, 'GPCM-SD-033', 'Practitioner', issues);
  issues.absent(practitioner, ['communication'], 'CareConnect-Practitioner-1', 'Practitioner');
};

const checkOrganization = (organization: XmlElement | undefined, issues: Issues): void => {
  if (!organization) return;
  issues.profile(organization, structureDefinitions.organization, 'Organization');
  issues.expect(
    identifierOf(organization, systems.odsCode) !== undefined,
    'GPCM-SD-029',
    'Organization.identifier',
    'must hold the ODS code',
  );
  issues.present(organization, ['name'], 'GPCM-SD-030', 'Organization');
  issues.expect(
    childrenOf(organization, 'telecom').some(
      (telecom) => valueAt(telecom, 'system') === 'phone' && valueAt(telecom, 'value') !== undefined,
    ),
    'GPCM-SD-031',
    'Organization.telecom',
    'must hold a phone number',
  );
};

const checkPatient = (patient: XmlElement | undefined, issues: Issues): void => {
  if (!patient) return;
  issues.profile(patient, structureDefinitions.patient, 'Patient');
  const identifier = childrenOf(patient, 'identifier').find((one) => valueAt(one, 'system') === systems.nhsNumber);
  issues.expect(
    /^\d{10}$/.test(valueAt(identifier, 'value') ?? ''),
    'GPCM-SD-035',
    'Patient.identifier',
    'must hold the NHS number, ten digits',
  );
  const status = child(
    child(
      childrenOf(identifier, 'extension').find(
        (extension) => extension.attributes.get('url') === structureDefinitions.nhsNumberVerification,
      ),
      'valueCodeableConcept',
    ),
    'coding',
  );
  issues.value(status, ['system'], systems.nhsNumberVerification, 'FHIR-PDS-10', 'Patient.identifier.extension');
  issues.value(status, ['code'], verifiedNhsNumber.code, 'FHIR-PDS-10', 'Patient.identifier.extension');
  checkOfficialName(patient, 'GPCM-SD-036', 'Patient', issues);
  issues.expect(
    /^\d{4}-\d{2}-\d{2}$/.test(valueAt(patient, 'birthDate') ?? ''),
    'GPCM-SD-037',
    'Patient.birthDate',
    'must be YYYY-MM-DD',
  );
  issues.absent(patient, ['animal', 'communication'], 'CareConnect-Patient-1', 'Patient');
};
