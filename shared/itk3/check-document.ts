import { isNhsNumber } from '../submission/nhs-number.ts';
import { attachmentTypeOf } from './attachment-types.ts';
import { checkComposition } from './check-composition.ts';
import { checkEntries } from './check-header.ts';
import { checkProfile } from './check-profile.ts';
import { structureDefinitions, systems, verifiedNhsNumber } from './fixed-values.ts';
import { type Issues, isCalendarDate, isInstant, isUuid } from './issues.ts';
import { identifierOf, type MessageFacts, resourceOf } from './message-facts.ts';
import type { MessageProfile } from './profiles.ts';
import { child, childrenOf, valueAt, type XmlElement } from './xml-tree.ts';

/** What the document bundle holds, and how many of each at least and at most; version 2 names a clinician if known. */
const cardinalities = (profile: MessageProfile): readonly (readonly [kind: string, min: number, max: number])[] => [
  ['Composition', 1, 1],
  ['Binary', 1, Number.POSITIVE_INFINITY],
  ['Practitioner', profile.sdsUserIdRequired ? 1 : 0, 1],
  ['Organization', 1, 1],
  ['Patient', 1, 1],
];

/** Who else may be the author where no clinician is named (CareConnect-Composition-1). */
const otherAuthors = ['Device', 'RelatedPerson'];

/** The document bundle and its resources (reference 1.7). */
export const checkDocument = (
  root: XmlElement,
  facts: MessageFacts,
  profile: MessageProfile,
  issues: Issues,
  options: { readonly skeleton?: boolean } = {},
): void => {
  const name = 'Bundle(document)';
  const itk = 'ITK-Document-Bundle-1';
  const document = resourceOf(childrenOf(root, 'entry')[2]);
  if (document?.name !== 'Bundle') {
    issues.add('GPCM-SD-103', 'Bundle.entry[2]', 'the third entry must be the document Bundle', 'structure');
    return;
  }
  issues.profile(document, structureDefinitions.documentBundle, name);
  issues.expect(
    isInstant(valueAt(document, 'meta', 'lastUpdated')),
    itk,
    `${name}.meta.lastUpdated`,
    'must be an instant: the document’s date',
  );
  issues.value(document, ['type'], 'document', itk, name);
  issues.value(document, ['identifier', 'system'], systems.uuid, 'bdl-9', name);
  issues.expect(
    isUuid(valueAt(document, 'identifier', 'value')),
    ['bdl-9', 'FHIR-VER-01'],
    `${name}.identifier.value`,
    'must be a UUID',
  );
  checkEntries(document, name, itk, issues);

  const resources = childrenOf(document, 'entry').map(resourceOf);
  issues.expect(
    resources[0]?.name === 'Composition',
    ['GPCM-SD-104', 'GPCM-SD-113'],
    `${name}.entry[0]`,
    'the first entry must be the Composition',
    'structure',
  );
  const all = (kind: string) => resources.filter((resource) => resource !== undefined && resource.name === kind);
  for (const [kind, min, max] of cardinalities(profile)) {
    const count = all(kind).length;
    const message =
      max > 1 ? 'there must be at least one' : min === 1 ? 'there must be exactly one' : 'there must be at most one';
    issues.expect(count >= min && count <= max, itk, `${name}.entry(${kind})`, message, 'required');
  }
  const kinds = [...cardinalities(profile).map(([kind]) => kind), ...(profile.sdsUserIdRequired ? [] : otherAuthors)];
  for (const [index, resource] of resources.entries())
    if (resource && !kinds.includes(resource.name))
      issues.add(itk, `${name}.entry[${index}].resource`, 'has no place in this document', 'structure');
  checkProfile(document, itk, name, issues);

  const binaries = all('Binary').flatMap((binary) => binary ?? []);
  const [composition] = all('Composition');
  const [practitioner] = all('Practitioner');
  const [organization] = all('Organization');
  const [patient] = all('Patient');
  if (composition)
    checkComposition({ composition, binaries, practitioner, organization, patient }, facts, profile, issues);
  for (const [index, binary] of binaries.entries()) checkBinary(binary, `Binary[${index}]`, issues, options);
  checkPractitioner(practitioner, profile, issues);
  checkOrganization(organization, facts, issues);
  checkPatient(patient, issues);
};

// By a search for what does not belong, because a match of the whole of a large file would exhaust the engine's stack.
const isBase64 = (content: string): boolean => {
  const text = /\s/.test(content) ? content.replace(/\s/g, '') : content;
  return text.length > 0 && text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.replace(/={1,2}$/, ''));
};

const checkBinary = (
  binary: XmlElement,
  name: string,
  issues: Issues,
  options: { readonly skeleton?: boolean },
): void => {
  issues.profile(binary, structureDefinitions.binary, name);
  issues.expect(
    attachmentTypeOf(valueAt(binary, 'contentType') ?? '') !== undefined,
    ['ITK-Attachment-Binary-1', 'GPCM-SD-111'],
    `${name}.contentType`,
    'must be an approved file type',
  );
  const content = child(binary, 'content')?.attributes.get('value');
  const isOpen = options.skeleton === true && content === '';
  issues.expect(
    content !== undefined && (isOpen || isBase64(content)),
    'GPCM-SD-111',
    `${name}.content`,
    'must be base64, and not empty',
    content === undefined ? 'required' : 'value',
  );
  checkProfile(binary, 'ITK-Attachment-Binary-1', name, issues, options);
};

const checkOfficialName = (resource: XmlElement, requirement: string, name: string, issues: Issues): void => {
  const names = childrenOf(resource, 'name');
  issues.expect(
    names.length === 1 && valueAt(names[0], 'use') === 'official',
    requirement,
    `${name}.name`,
    'must be exactly one, with use official',
    names.length === 0 ? 'required' : 'value',
  );
  issues.present(names[0], ['family'], requirement, `${name}.name`);
};

const checkPractitioner = (practitioner: XmlElement | undefined, profile: MessageProfile, issues: Issues): void => {
  if (!practitioner) return;
  const name = 'Practitioner';
  issues.profile(practitioner, structureDefinitions.practitioner, name);
  if (profile.sdsUserIdRequired)
    issues.expect(
      identifierOf(practitioner, systems.sdsUserId) !== undefined,
      'GPCM-SD-032',
      `${name}.identifier:sdsUserID`,
      'must hold the SDS user id',
      'required',
    );
  checkOfficialName(practitioner, 'GPCM-SD-033', name, issues);
  for (const [index, telecom] of childrenOf(practitioner, 'telecom').entries())
    issues.expect(
      valueAt(telecom, 'value') !== undefined && valueAt(telecom, 'system') !== undefined,
      'GPCM-SD-034',
      `${name}.telecom[${index}]`,
      'must have a system and a value',
      'required',
    );
  checkProfile(practitioner, 'CareConnect-Practitioner-1', name, issues);
};

const checkOrganization = (organization: XmlElement | undefined, facts: MessageFacts, issues: Issues): void => {
  if (!organization) return;
  const name = 'Organization';
  issues.profile(organization, structureDefinitions.organization, name);
  const ods = identifierOf(organization, systems.odsCode);
  issues.expect(
    ods !== undefined && ods === facts.senderOds,
    ['GPCM-SD-029', 'GPCM-SD-028'],
    `${name}.identifier:odsOrganisationCode`,
    'must hold the ODS code, that of the header’s Organization',
    ods === undefined ? 'required' : 'invariant',
  );
  issues.present(organization, ['name'], ['GPCM-SD-030', 'GPCM-SD-028'], name);
  issues.expect(
    childrenOf(organization, 'telecom').some(
      (telecom) => valueAt(telecom, 'system') === 'phone' && valueAt(telecom, 'value') !== undefined,
    ),
    ['GPCM-SD-031', 'GPCM-SD-028'],
    `${name}.telecom`,
    'must hold a phone number',
    'required',
  );
  checkProfile(organization, 'CareConnect-Organization-1', name, issues);
};

const checkPatient = (patient: XmlElement | undefined, issues: Issues): void => {
  if (!patient) return;
  const name = 'Patient';
  issues.profile(patient, structureDefinitions.patient, name);
  const identifier = childrenOf(patient, 'identifier').find((one) => valueAt(one, 'system') === systems.nhsNumber);
  const nhsNumber = valueAt(identifier, 'value');
  issues.expect(
    isNhsNumber(nhsNumber ?? ''),
    ['GPCM-SD-035', 'FHIR-PDS-05'],
    `${name}.identifier:nhsNumber`,
    'must hold the NHS number, ten digits with a valid check digit',
    nhsNumber === undefined ? 'required' : 'value',
  );
  checkVerification(identifier, issues);
  checkOfficialName(patient, 'GPCM-SD-036', name, issues);
  issues.expect(
    isCalendarDate(valueAt(patient, 'birthDate')),
    'GPCM-SD-037',
    `${name}.birthDate`,
    'must be a day written YYYY-MM-DD',
    child(patient, 'birthDate') === undefined ? 'required' : 'value',
  );
  checkProfile(patient, 'CareConnect-Patient-1', name, issues);
};

/** Only a number that is present and verified: any other would need demographics that no message of ours carries. */
const checkVerification = (identifier: XmlElement | undefined, issues: Issues): void => {
  const path = 'Patient.identifier:nhsNumber.extension:nhsNumberVerificationStatus';
  const found = childrenOf(identifier, 'extension').find(
    (extension) => extension.attributes.get('url') === structureDefinitions.nhsNumberVerification,
  );
  issues.expect(found !== undefined, 'FHIR-PDS-10', path, 'must be there', 'required');
  if (!found) return;
  const coding = child(child(found, 'valueCodeableConcept'), 'coding');
  const below = `${path}.valueCodeableConcept.coding`;
  issues.value(coding, ['system'], systems.nhsNumberVerification, 'FHIR-PDS-10', below);
  issues.value(coding, ['code'], verifiedNhsNumber.code, ['FHIR-PDS-10', 'FHIR-PDS-02'], below);
  issues.value(coding, ['display'], verifiedNhsNumber.display, 'FHIR-PDS-10', below);
};
