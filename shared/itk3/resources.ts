import type {
  Binary,
  Bundle,
  BundleEntry,
  CodeableConcept,
  Composition,
  Extension,
  FhirResource,
  HumanName,
  Identifier,
  MessageHeader,
  Organization,
  Patient,
  Practitioner,
  Reference,
} from 'fhir/r3.js';
import { type DocumentToCompose, type PractitionerFacts, surnameOf } from './document.ts';
import {
  events,
  messageDefinitions,
  structureDefinitions,
  systems,
  urnOf,
  verifiedNhsNumber,
  xhtmlNamespace,
} from './fixed-values.ts';
import { fhirInstant } from './instant.ts';
import type { CodedType, MessageProfile } from './profiles.ts';
import { textOf } from './wording.ts';
import { escapeXml } from './xml-text.ts';

/** The resources of one message (reference 1.1 to 1.7). Every one names its profile (GPCM-SD-108). */

const referTo = (id: string): Reference => ({ reference: urnOf(id) });
const uuidIdentifier = (value: string): Identifier => ({ system: systems.uuid, value });

/** An entry whose fullUrl is its resource's id. */
export const entryOf = (id: string, resource: FhirResource): BundleEntry => ({ fullUrl: urnOf(id), resource });

export interface HandlingFacts {
  readonly businessAck: boolean;
  readonly infrastructureAck: boolean;
  readonly recipientType: { readonly code: string; readonly display: string };
  readonly messageDefinition: string;
  readonly senderReference: string;
  readonly localExtension: string;
}

/** Extension-ITK-MessageHandling-2 with its six parts, each exactly once. */
export const messageHandling = (facts: HandlingFacts): Extension => ({
  url: structureDefinitions.messageHandling,
  extension: [
    { url: 'BusAckRequested', valueBoolean: facts.businessAck },
    { url: 'InfAckRequested', valueBoolean: facts.infrastructureAck },
    { url: 'RecipientType', valueCoding: { system: systems.recipientType, ...facts.recipientType } },
    { url: 'MessageDefinition', valueReference: { reference: facts.messageDefinition } },
    { url: 'SenderReference', valueString: facts.senderReference },
    { url: 'LocalExtension', valueString: facts.localExtension },
  ],
});

/** The header's Organization: id, profile and ODS code, and by its profile nothing else. */
export const headerOrganization = (id: string, odsCode: string): Organization => ({
  resourceType: 'Organization',
  id,
  meta: { profile: [structureDefinitions.headerOrganization] },
  identifier: [{ system: systems.odsCode, value: odsCode }],
});

const messageHeader = (input: DocumentToCompose, profile: MessageProfile): MessageHeader => ({
  resourceType: 'MessageHeader',
  id: input.ids.messageHeaderId,
  meta: { profile: [structureDefinitions.messageHeader] },
  extension: [
    messageHandling({
      businessAck: true,
      infrastructureAck: true,
      recipientType: profile.recipientType,
      messageDefinition: messageDefinitions.sendDocument,
      senderReference: input.encounterId,
      localExtension: profile.localExtension,
    }),
  ],
  event: { system: systems.messageEvent, ...events.sendDocument },
  sender: referTo(input.ids.headerOrganizationId),
  timestamp: fhirInstant(input.composedAt),
  source: { endpoint: input.mailboxId },
  focus: [referTo(input.ids.documentBundleId)],
});

const snomedConcept = ({ code, display }: CodedType): CodeableConcept => ({
  coding: [{ system: systems.snomed, code, display }],
});

const instantIfGiven = (epochMs: number | undefined): string | undefined =>
  epochMs === undefined ? undefined : fhirInstant(epochMs);

const composition = (input: DocumentToCompose, profile: MessageProfile): Composition => ({
  resourceType: 'Composition',
  id: input.ids.compositionId,
  meta: {
    ...(profile.versionId ? { versionId: String(input.version) } : {}),
    profile: [structureDefinitions.composition],
  },
  text: {
    status: 'generated',
    div: `<div xmlns="${xhtmlNamespace}"><p>${escapeXml(textOf(input, profile))}</p></div>`,
  },
  extension:
    input.careSetting === undefined
      ? undefined
      : [{ url: structureDefinitions.careSetting, valueCodeableConcept: snomedConcept(input.careSetting) }],
  identifier: uuidIdentifier(input.ids.documentBundleId),
  status: input.replaces === undefined ? 'final' : profile.replacementStatus,
  type: snomedConcept(input.documentType),
  subject: referTo(input.ids.patientId),
  date: fhirInstant(input.composedAt),
  author: [referTo(input.ids.practitionerId)],
  title: input.title,
  confidentiality: input.confidential ? 'R' : 'N',
  custodian: referTo(input.ids.organizationId),
  relatesTo:
    input.replaces === undefined ? undefined : [{ code: 'replaces', targetIdentifier: uuidIdentifier(input.replaces) }],
  event: input.events?.map((one) => ({
    code: [snomedConcept(one)],
    period:
      one.startedAt === undefined && one.endedAt === undefined
        ? undefined
        : { start: instantIfGiven(one.startedAt), end: instantIfGiven(one.endedAt) },
  })),
  section: input.files.map((file, index) => ({ title: file.title, entry: [referTo(binaryIdOf(input, index))] })),
});

const binaryIdOf = (input: DocumentToCompose, index: number): string => {
  const id = input.ids.binaryIds[index];
  if (id === undefined) throw new Error('There are more files than ids for them.');
  return id;
};

/** Its content is empty here: the place where the file is streamed in. */
const binary = (id: string, contentType: string): Binary => ({
  resourceType: 'Binary',
  id,
  meta: { profile: [structureDefinitions.binary] },
  contentType,
  content: '',
});

const officialName = (facts: Pick<PractitionerFacts, 'given' | 'prefix'>, family: string): HumanName => ({
  use: 'official',
  family,
  given: facts.given.length > 0 ? [...facts.given] : undefined,
  prefix: facts.prefix === undefined ? undefined : [facts.prefix],
});

const identifierIfGiven = (system: string, value: string | undefined): Identifier[] =>
  value === undefined ? [] : [{ system, value }];

const practitioner = (input: DocumentToCompose): Practitioner => ({
  resourceType: 'Practitioner',
  id: input.ids.practitionerId,
  meta: { profile: [structureDefinitions.practitioner] },
  identifier: [
    ...identifierIfGiven(systems.sdsUserId, input.practitioner.sdsUserId),
    ...identifierIfGiven(systems.sdsRoleProfileId, input.practitioner.roleProfileId),
  ],
  name: [officialName(input.practitioner, input.practitioner.family)],
  telecom:
    input.practitioner.phone === undefined
      ? undefined
      : [{ system: 'phone', value: input.practitioner.phone, use: 'work' }],
});

const organization = (input: DocumentToCompose): Organization => ({
  resourceType: 'Organization',
  id: input.ids.organizationId,
  meta: { profile: [structureDefinitions.organization] },
  identifier: [{ system: systems.odsCode, value: input.organisation.odsCode }],
  name: input.organisation.name,
  telecom: [{ system: 'phone', value: input.organisation.phone, use: 'work' }],
});

const patient = (input: DocumentToCompose): Patient => ({
  resourceType: 'Patient',
  id: input.ids.patientId,
  meta: { profile: [structureDefinitions.patient] },
  identifier: [
    {
      extension: [
        {
          url: structureDefinitions.nhsNumberVerification,
          valueCodeableConcept: { coding: [{ system: systems.nhsNumberVerification, ...verifiedNhsNumber }] },
        },
      ],
      system: systems.nhsNumber,
      value: input.patient.nhsNumber,
    },
  ],
  name: [officialName(input.patient, surnameOf(input.patient))],
  birthDate: input.patient.birthDate,
});

const documentBundle = (input: DocumentToCompose, profile: MessageProfile): Bundle => ({
  resourceType: 'Bundle',
  id: input.ids.documentBundleId,
  meta: { lastUpdated: fhirInstant(input.composedAt), profile: [structureDefinitions.documentBundle] },
  identifier: uuidIdentifier(input.ids.documentBundleId),
  type: 'document',
  entry: [
    entryOf(input.ids.compositionId, composition(input, profile)),
    ...input.files.map((file, index) => {
      const id = binaryIdOf(input, index);
      return entryOf(id, binary(id, file.contentType));
    }),
    entryOf(input.ids.practitionerId, practitioner(input)),
    entryOf(input.ids.organizationId, organization(input)),
    entryOf(input.ids.patientId, patient(input)),
  ],
});

/**
 * The whole message, its files left open. The outer identifier is D too, as in the only published v1 example, or by
 * setting an id of its own (2.0 has it "unique for each message").
 */
export const messageBundle = (input: DocumentToCompose, profile: MessageProfile): Bundle => ({
  resourceType: 'Bundle',
  id: input.ids.messageBundleId,
  meta: { profile: [structureDefinitions.messageBundle] },
  identifier: uuidIdentifier(profile.distinctBundleIdentifier ? input.ids.messageBundleId : input.ids.documentBundleId),
  type: 'message',
  entry: [
    entryOf(input.ids.messageHeaderId, messageHeader(input, profile)),
    entryOf(
      input.ids.headerOrganizationId,
      headerOrganization(input.ids.headerOrganizationId, input.organisation.odsCode),
    ),
    entryOf(input.ids.documentBundleId, documentBundle(input, profile)),
  ],
});
