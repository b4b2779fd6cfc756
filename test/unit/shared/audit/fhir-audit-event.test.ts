import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FhirSchema, openFhirSchema } from '../../../../local/practice/schema.ts';
import { auditKinds, auditSchema, type DocumentAudit, type ViewAudit } from '../../../../shared/audit/entry.ts';
import { type AnyAudit, auditBundleOf, auditEventOf } from '../../../../shared/audit/fhir-audit-event.ts';

const entry: DocumentAudit = {
  schema: auditSchema,
  documentId: '5b0a979d-0000-5000-8000-000000000000',
  senderOds: 'RX1',
  sequence: 6,
  at: Date.UTC(2026, 10, 29, 15),
  kind: 'received',
  what: 'accepted',
  detail: '30001',
  actor: { kind: 'practice', id: 'Y12345' },
  state: 'ACCEPTED',
  set: {},
  digest: 'a'.repeat(64),
};
const view: ViewAudit = {
  schema: auditSchema,
  viewId: 'v',
  at: Date.UTC(2026, 10, 29, 16),
  kind: 'viewed',
  what: 'document show',
  why: 'complaint 4711',
  documentId: entry.documentId,
  actor: { kind: 'person', id: 'Ann Bell' },
};
const submitted: DocumentAudit = {
  ...entry,
  kind: 'submitted',
  actor: {
    kind: 'organisation',
    id: 'RX1',
    userId: '555000000101',
    roleId: '555000000102',
    clientId: 'records',
    requestId: '5b0a979d-0000-4000-8000-000000000001',
  },
};
const list: ViewAudit = {
  schema: auditSchema,
  viewId: 'v',
  at: 0,
  kind: 'viewed',
  what: 'list',
  actor: { kind: 'organisation', id: 'RX1', clientId: 'records' },
  documentIds: [entry.documentId, '5b0a979d-0000-5000-8000-000000000001'],
};
const paused: AnyAudit = {
  schema: auditSchema,
  subject: 'senders/RX1',
  sequence: 1,
  at: 0,
  kind: 'changed',
  what: 'paused',
  why: 'their export repeats itself',
  actor: { kind: 'person', id: 'Ann Bell' },
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

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
          role: [{ coding: [{ system: 'urn:send-document:actor', code: 'practice' }] }],
          userId: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'Y12345' },
          requestor: true,
        },
      ],
      source: {
        identifier: { system: 'urn:send-document', value: 'GP Connect Send Document' },
        type: [{ system: 'http://hl7.org/fhir/security-source-type', code: '4', display: 'Application Server' }],
      },
      entity: [
        {
          identifier: { system: 'urn:send-document:document-id', value: entry.documentId },
          detail: [
            { type: 'sequence', value: base64('6') },
            { type: 'state', value: base64('ACCEPTED') },
            { type: 'digest', value: base64('a'.repeat(64)) },
            { type: 'detail', value: base64('30001') },
          ],
        },
      ],
    });
  });

  it('names the user and role in the organisation, and the request of its client (FHIR-DOC-03)', () => {
    const [organisation, user] = auditEventOf(submitted).agent;
    expect(organisation).toMatchObject({
      requestor: false,
      altId: 'records',
      policy: [`urn:uuid:${submitted.actor.requestId}`],
    });
    expect(user).toMatchObject({
      requestor: true,
      userId: { value: '555000000101' },
      role: [{ coding: [{ code: '555000000102' }] }],
    });
  });

  it('names each document of a list that was shown', () => {
    expect(auditEventOf(list).entity?.map(({ identifier }) => identifier?.value)).toEqual(list.documentIds);
  });

  it('names a person who looked or changed something, with the reason', () => {
    expect(auditEventOf(view).agent[0]).toMatchObject({ name: 'Ann Bell', requestor: true });
    expect(auditEventOf(view).entity?.[0]?.detail).toEqual([{ type: 'why', value: base64('complaint 4711') }]);
    expect(auditEventOf(paused).entity).toMatchObject([
      { name: 'senders/RX1', detail: [{ type: 'sequence' }, { type: 'why' }] },
    ]);
  });

  it('stands in a bundle in the order of time', () => {
    const bundle = auditBundleOf([view, entry]);
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' });
    expect(
      bundle.entry?.map(({ resource }) => (resource as unknown as { readonly recorded: string }).recorded),
    ).toEqual(['2026-11-29T15:00:00.000Z', '2026-11-29T16:00:00.000Z']);
  });
});

describe('HL7’s schema of AuditEvent', () => {
  let schema: FhirSchema;
  beforeAll(() => {
    schema = openFhirSchema();
  });
  afterAll(() => schema.close());

  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  /** JSON of FHIR as its XML: members as elements in their order, primitives as `value`. */
  const xmlOf = (name: string, value: unknown): string => {
    if (Array.isArray(value)) return value.map((each) => xmlOf(name, each)).join('');
    if (typeof value !== 'object' || value === null) return `<${name} value="${escaped(String(value))}"/>`;
    const members = Object.entries(value).filter(([member]) => member !== 'resourceType');
    return `<${name}>${members.map(([member, inner]) => xmlOf(member, inner)).join('')}</${name}>`;
  };
  const validate = (audit: AnyAudit, change: (xml: string) => string = (xml) => xml) =>
    schema.validate(
      Buffer.from(change(xmlOf('AuditEvent', auditEventOf(audit)).replace('>', ' xmlns="http://hl7.org/fhir">'))),
    );

  it.each(auditKinds)('takes what was %s', (kind) => {
    expect(validate({ ...entry, kind })).toEqual([]);
    expect(validate({ ...entry, kind, actor: { kind: 'system' } })).toEqual([]);
  });
  it.each([
    ['a submission with its user', submitted],
    ['a view', view],
    ['a view of a list', list],
    ['a view of the quarantine', { ...view, documentId: undefined, subject: 'quarantine/20260318_AB' } as ViewAudit],
    ['a change of a sender', paused],
  ])('takes %s', (_, audit) => {
    expect(validate(audit)).toEqual([]);
  });
  it('would say if it were none', () => {
    expect(validate(entry, (xml) => xml.replace('<requestor value="true"/>', ''))).not.toEqual([]);
    expect(validate(entry, (xml) => xml.replace('<action value="C"/>', '<action value="X"/>'))).not.toEqual([]);
  });
});
