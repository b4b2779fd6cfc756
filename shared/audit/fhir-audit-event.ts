import type { AuditEvent, AuditEventAgent, Coding } from 'fhir/r4.js';
import { isoTime } from '../platform/clock.ts';
import type { Actor, AuditKind, DocumentAudit, RegistryAudit, ViewAudit } from './entry.ts';

/**
 * An entry of the archive as FHIR AuditEvent (R4, which the IHE's basic audit patterns build on). Pure; loses nothing
 * that says who did what to which document when. The document stands by its id alone: no patient is named.
 */
export type AnyAudit = DocumentAudit | ViewAudit | RegistryAudit;

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const restful = 'http://hl7.org/fhir/restful-interaction';
export const documentSystem = 'urn:send-document:document-id';
export const kindSystem = 'urn:send-document:audit-kind';
const odsSystem = 'https://fhir.nhs.uk/Id/ods-organization-code';

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

const agentOf = ({ kind, id, clientId, requestId }: Actor): AuditEventAgent => ({
  type: { coding: [{ system: 'urn:send-document:actor', code: kind }] },
  requestor: kind !== 'system',
  ...(id === undefined
    ? {}
    : {
        who:
          kind === 'organisation' || kind === 'practice'
            ? { identifier: { system: odsSystem, value: id } }
            : { display: id },
      }),
  ...(clientId === undefined ? {} : { altId: clientId }),
  ...(requestId === undefined ? {} : { policy: [`urn:uuid:${requestId}`] }),
});

const entityOf = (audit: AnyAudit): AuditEvent['entity'] => {
  const detail = (type: string, value: string | undefined) =>
    value === undefined ? [] : [{ type, valueString: value }];
  if ('subject' in audit) return [{ name: audit.subject, detail: detail('why', audit.why) }];
  const ids = audit.documentId === undefined ? (documentIdsOf(audit) ?? []) : [audit.documentId];
  return ids.map((value) => ({
    what: { identifier: { system: documentSystem, value } },
    detail: [
      ...('sequence' in audit ? detail('sequence', String(audit.sequence)) : []),
      ...('state' in audit ? detail('state', audit.state) : []),
      ...('digest' in audit ? detail('digest', audit.digest) : []),
      ...('why' in audit ? detail('why', audit.why) : []),
      ...('detail' in audit ? detail('detail', audit.detail) : []),
    ],
  }));
};

const documentIdsOf = (audit: AnyAudit): readonly string[] | undefined =>
  'documentIds' in audit ? audit.documentIds : undefined;

export const auditEventOf = (audit: AnyAudit): AuditEvent => ({
  resourceType: 'AuditEvent',
  type: types[audit.kind],
  subtype: [{ system: kindSystem, code: audit.kind, display: audit.what }],
  action: actions[audit.kind],
  recorded: isoTime(audit.at),
  outcome: '0',
  agent: [agentOf(audit.actor)],
  source: {
    observer: { display: 'GP Connect Send Document' },
    type: [
      {
        system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
        code: '4',
        display: 'Application Server',
      },
    ],
  },
  entity: entityOf(audit) ?? [],
});
