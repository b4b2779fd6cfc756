/** URLs, code systems and events that the standard fixes, the same in both generations (reference sections 1.2 to 1.7). */

const nhs = 'https://fhir.nhs.uk/STU3';
const hl7uk = 'https://fhir.hl7.org.uk/STU3';

export const structureDefinitions = {
  messageBundle: `${nhs}/StructureDefinition/ITK-Message-Bundle-1`,
  messageHeader: `${nhs}/StructureDefinition/ITK-MessageHeader-2`,
  messageHandling: `${nhs}/StructureDefinition/Extension-ITK-MessageHandling-2`,
  headerOrganization: `${nhs}/StructureDefinition/CareConnect-ITK-Header-Organization-1`,
  headerPractitioner: `${nhs}/StructureDefinition/CareConnect-ITK-Header-Practitioner-1`,
  documentBundle: `${nhs}/StructureDefinition/ITK-Document-Bundle-1`,
  binary: `${nhs}/StructureDefinition/ITK-Attachment-Binary-1`,
  responseOutcome: `${nhs}/StructureDefinition/ITK-Response-OperationOutcome-1`,
  composition: `${hl7uk}/StructureDefinition/CareConnect-Composition-1`,
  patient: `${hl7uk}/StructureDefinition/CareConnect-Patient-1`,
  organization: `${hl7uk}/StructureDefinition/CareConnect-Organization-1`,
  practitioner: `${hl7uk}/StructureDefinition/CareConnect-Practitioner-1`,
  careSetting: `${hl7uk}/StructureDefinition/Extension-CareConnect-CareSettingType-1`,
  nhsNumberVerification: `${hl7uk}/StructureDefinition/Extension-CareConnect-NHSNumberVerificationStatus-1`,
} as const;

export const messageDefinitions = {
  sendDocument: `${nhs}/MessageDefinition/ITK-GPConnectSendDocument-MessageDefinition-1`,
  response: `${nhs}/MessageDefinition/ITK-Response-MessageDefinition-1`,
} as const;

export const systems = {
  uuid: 'https://tools.ietf.org/html/rfc4122',
  messageEvent: `${nhs}/CodeSystem/ITK-MessageEvent-2`,
  recipientType: `${nhs}/CodeSystem/ITK-RecipientType-1`,
  responseCodes: `${nhs}/CodeSystem/ITK-ResponseCodes-1`,
  snomed: 'http://snomed.info/sct',
  odsCode: 'https://fhir.nhs.uk/Id/ods-organization-code',
  nhsNumber: 'https://fhir.nhs.uk/Id/nhs-number',
  nhsNumberVerification: `${hl7uk}/CodeSystem/CareConnect-NHSNumberVerificationStatus-1`,
  sdsUserId: 'https://fhir.nhs.uk/Id/sds-user-id',
  sdsRoleProfileId: 'https://fhir.nhs.uk/Id/sds-role-profile-id',
} as const;

export const events = {
  sendDocument: { code: 'ITK007C', display: 'ITK GP Connect Send Document' },
  response: { code: 'ITK008M', display: 'ITK Response' },
} as const;

/** Only traced and verified numbers are sent: anything else would make MESH routing a guess. */
export const verifiedNhsNumber = { code: '01', display: 'Number present and verified' } as const;

/** What a receiver puts where it could not read which message it answers (reference 3.1 rule 5). */
export const unreadableOriginal = 'UNREADABLE-IN-ORIGINAL-MESSAGE';

export const fhirNamespace = 'http://hl7.org/fhir';
export const xhtmlNamespace = 'http://www.w3.org/1999/xhtml';

export const urnOf = (id: string): string => `urn:uuid:${id}`;
