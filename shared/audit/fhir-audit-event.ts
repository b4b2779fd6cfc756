import type { AuditEvent, AuditEventAgent, AuditEventEntity, Bundle, Coding } from 'fhir/r3.js';
import { isoTime } from '../platform/clock.ts';
import type { Actor, AuditKind, DocumentAudit, RegistryAudit, ViewAudit } from './entry.ts';

/**
 * An entry of the archive as FHIR AuditEvent (STU3, as everything here: HL7's schema checks it in a test). Pure; loses
 * nothing that says who did what to which document when. The document stands by its id alone: no patient is named.
 * Members stand in the order of the schema, so that it can be written as XML as it is.
 */
export type AnyAudit = DocumentAudit | ViewAudit | RegistryAudit;

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const restful = 'http://hl7.org/fhir/restful-interaction';
export const documentSystem = 'urn:send-document:document-id';
export const kindSystem = 'urn:send-document:audit-kind';
const odsSystem = 'https://fhir.nhs.uk/Id/ods-organization-code';
/** Of the sending organisation's own system. */
const userSystem = 'urn:send-document:user-id';

/** In FHIR's own words for what was done to a resource; which of ours it was, the subtype says. */
const types: Readonly<Record<AuditKind, Coding>> = {
  submitted: { system: restful, code: 'create', display: 'create' },
  composed: { system: restful, code: 'create', display: 'create' },
  sent: { system: dicom, code: '110106', display: 'Export' },
  received: { system: dicom, code: '110107', display: 'Import' },
  changed: { system: restful, code: 'update', display: 'update' },
  viewed: { system: restful, code: 'read', display: 'read' },
};

const actions: Readonly<Record<AuditKind, NonNullable<AuditEvent['action']>>> = {
  submitted: 'C',
  composed: 'C',
  sent: 'R',
  received: 'C',
  changed: 'U',
  viewed: 'R',
};

/** Whoever did it; beside an organisation, the person there who caused it. */
const agentsOf = ({ kind, id, userId, roleId, clientId, requestId }: Actor): AuditEventAgent[] => {
  const coded = kind === 'organisation' || kind === 'practice';
  const agent: AuditEventAgent = {
    role: [{ coding: [{ system: 'urn:send-document:actor', code: kind }] }],
    ...(id !== undefined && coded ? { userId: { system: odsSystem, value: id } } : {}),
    ...(clientId === undefined ? {} : { altId: clientId }),
    ...(id === undefined || coded ? {} : { name: id }),
    requestor: kind !== 'system' && userId === undefined,
    ...(requestId === undefined ? {} : { policy: [`urn:uuid:${requestId}`] }),
  };
  if (userId === undefined) return [agent];
  const role = roleId === undefined ? {} : { role: [{ coding: [{ system: 'urn:send-document:role', code: roleId }] }] };
  return [agent, { ...role, userId: { system: userSystem, value: userId }, requestor: true }];
};

const documentIdsOf = (audit: DocumentAudit | ViewAudit): readonly string[] => {
  if (audit.documentId !== undefined) return [audit.documentId];
  return 'documentIds' in audit ? (audit.documentIds ?? []) : [];
};

/** STU3 has the value of a detail in base64. */
const detail = (type: string, value: string | undefined) =>
  value === undefined ? [] : [{ type, value: Buffer.from(value).toString('base64') }];

const entitiesOf = (audit: AnyAudit): AuditEventEntity[] => {
  const details = [
    ...('sequence' in audit ? detail('sequence', String(audit.sequence)) : []),
    ...('state' in audit ? detail('state', audit.state) : []),
    ...('digest' in audit ? detail('digest', audit.digest) : []),
    ...('why' in audit ? detail('why', audit.why) : []),
    ...('detail' in audit ? detail('detail', audit.detail) : []),
  ];
  const described = details.length > 0 ? { detail: details } : {};
  if ('subject' in audit && audit.subject !== undefined) return [{ name: audit.subject, ...described }];
  const ids = 'sequence' in audit && !('documentId' in audit) ? [] : documentIdsOf(audit as DocumentAudit | ViewAudit);
  return ids.map((value) => ({ identifier: { system: documentSystem, value }, ...described }));
};

export const auditEventOf = (audit: AnyAudit): AuditEvent => {
  const entities = entitiesOf(audit);
  return {
    resourceType: 'AuditEvent',
    type: types[audit.kind],
    subtype: [{ system: kindSystem, code: audit.kind, display: audit.what }],
    action: actions[audit.kind],
    recorded: isoTime(audit.at),
    outcome: '0',
    agent: agentsOf(audit.actor),
    source: {
      identifier: { system: 'urn:send-document', value: 'GP Connect Send Document' },
      type: [{ system: 'http://hl7.org/fhir/security-source-type', code: '4', display: 'Application Server' }],
    },
    ...(entities.length > 0 ? { entity: entities } : {}),
  };
};

/** One document's story, in the order of time, for whatever keeps audit trails. */
export const auditBundleOf = (audits: readonly AnyAudit[]): Bundle => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: [...audits].sort((a, b) => a.at - b.at).map((audit) => ({ resource: auditEventOf(audit) })),
});
