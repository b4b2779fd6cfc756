import { describe, expect, it } from 'vitest';
import { auditKinds, auditSchema, type DocumentAudit } from '../../../../shared/audit/entry.ts';
import { auditEventOf } from '../../../../shared/audit/fhir-audit-event.ts';

const entry: DocumentAudit = {
  schema: auditSchema,
  documentId: '5b0a979d-0000-5000-8000-000000000000',
  senderOds: 'RX1',
  sequence: 6,
  at: Date.UTC(2026, 10, 29, 15),
  kind: 'received',
  what: 'accepted',
  actor: { kind: 'practice', id: 'Y12345' },
  state: 'ACCEPTED',
  set: {},
  digest: 'a'.repeat(64),
};

describe('an entry as FHIR AuditEvent', () => {
  it('says who did what to which document when', () => {
    expect(auditEventOf(entry)).toEqual({
      resourceType: 'AuditEvent',
      type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110107', display: 'Import' },
      subtype: [{ system: 'urn:send-document:audit-kind', code: 'received', display: 'accepted' }],
      action: 'C',
      recorded: '2026-11-29T15:00:00.000Z',
      outcome: '0',
      agent: [
        {
          type: { coding: [{ system: 'urn:send-document:actor', code: 'practice' }] },
          requestor: true,
          who: { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'Y12345' } },
        },
      ],
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
      entity: [
        {
          what: { identifier: { system: 'urn:send-document:document-id', value: entry.documentId } },
          detail: [
            { type: 'sequence', valueString: '6' },
            { type: 'state', valueString: 'ACCEPTED' },
            { type: 'digest', valueString: 'a'.repeat(64) },
          ],
        },
      ],
    });
  });

  it.each(auditKinds)('has what R4 requires, for what was %s', (kind) => {
    const { type, recorded, agent, source } = auditEventOf({ ...entry, kind, actor: { kind: 'system' } });
    expect([type.code, recorded, agent[0]?.requestor, source.observer.display].every((one) => one !== undefined)).toBe(
      true,
    );
  });

  it('names each document of a list that was shown, and who asked by which request', () => {
    const documentIds = [entry.documentId, '5b0a979d-0000-5000-8000-000000000001'];
    const actor = { kind: 'organisation' as const, id: 'RX1', clientId: 'records', requestId: documentIds[1] ?? '' };
    const event = auditEventOf({
      schema: auditSchema,
      viewId: 'v',
      at: 0,
      kind: 'viewed',
      what: 'list',
      actor,
      documentIds,
    });
    expect(event.entity?.map(({ what }) => what?.identifier?.value)).toEqual(documentIds);
    expect(event.agent[0]).toMatchObject({ altId: 'records', policy: [`urn:uuid:${documentIds[1]}`] });
  });

  it('names the sender or mailbox whose settings were changed', () => {
    const event = auditEventOf({
      schema: auditSchema,
      subject: 'senders/RX1',
      sequence: 1,
      at: 0,
      kind: 'changed',
      what: 'paused',
      why: 'their export repeats itself',
      actor: { kind: 'person', id: 'Ann Bell' },
    });
    expect(event.agent[0]?.who).toEqual({ display: 'Ann Bell' });
    expect(event.entity).toEqual([
      { name: 'senders/RX1', detail: [{ type: 'why', valueString: 'their export repeats itself' }] },
    ]);
  });
});
