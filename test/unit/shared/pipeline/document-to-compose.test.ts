import { describe, expect, it } from 'vitest';
import { composeProblems } from '../../../../shared/itk3/compose-problems.ts';
import { fhirIds } from '../../../../shared/itk3/fhir-ids.ts';
import { toCompose } from '../../../../shared/pipeline/compose/document-to-compose.ts';
import { profileFor } from '../../../../shared/senders/profile-for.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { dropped, recordAfter } from '../../../support/records.ts';
import { manifest } from '../submission/support.ts';

const sender = (settings: object = {}) =>
  senderFile.parse({
    odsCode: 'RX1',
    name: 'Northfield Out of Hours Service',
    phone: '01632 960100',
    mailboxId: 'RX1OT001',
    ...settings,
  });
const record = recordAfter(dropped());
const [composition] = record.compositions;
const sha256 = 'a'.repeat(64);

describe('what is composed of a manifest', () => {
  it('is the sender’s and the record’s facts where the manifest must not decide', () => {
    const input = toCompose(record, manifest(), sender());
    expect(input).toMatchObject({
      ids: fhirIds(record.documentId, 1, 1),
      composedAt: composition?.composedAt,
      version: 1,
      documentType: { code: '371531000', display: 'Report of clinical encounter' },
      title: 'Consultation report',
      confidential: false,
      organisation: { odsCode: 'RX1', name: 'Northfield Out of Hours Service', phone: '01632 960100' },
      mailboxId: 'RX1OT001',
      files: [{ contentType: 'application/pdf', title: 'Consultation report' }],
    });
    expect(input.ids).toMatchObject({ documentBundleId: composition?.documentBundleId });
    expect(composeProblems(input, profileFor(sender(), 'Y12345'))).toEqual([]);
  });

  it('has the report first, then each attachment as its own file under its approved type (GPCM-SD-109, GPCM-SD-112)', () => {
    const input = toCompose(
      record,
      manifest({
        attachments: [
          { name: 'b.jpg', contentType: 'image/jpeg', title: 'Photograph', sha256 },
          { name: 'a.rtf', contentType: 'application/mswrtford', title: 'Letter', sha256 },
        ],
      }),
      sender(),
    );
    expect(input.files).toEqual([
      { contentType: 'application/pdf', title: 'Consultation report' },
      { contentType: 'image/jpg', title: 'Photograph' },
      { contentType: 'application/rtf', title: 'Letter' },
    ]);
    expect(input.ids.binaryIds).toHaveLength(3);
    expect(composeProblems(input, profileFor(sender(), 'Y12345'))).toEqual([]);
  });

  it('carries care setting and events in v2, times as instants, and the type’s title where none is given', () => {
    const v2 = sender({ practiceProfiles: { Y12345: 'v2' } });
    const input = toCompose(
      record,
      manifest({
        documentType: { code: '149701000000109', display: 'in other words' },
        title: undefined,
        careSetting: { code: '310065000', display: 'Open access service' },
        events: [{ code: '185317003', display: 'Telephone encounter', startedAt: '2024-03-18T10:40:00+01:00' }],
      }),
      v2,
    );
    expect(input).toMatchObject({
      documentType: { code: '149701000000109', display: 'Remote health correspondence (record artifact)' },
      title: 'Remote health correspondence',
      careSetting: { code: '310065000', display: 'Open access service' },
      events: [
        {
          code: '185317003',
          display: 'Telephone encounter',
          startedAt: Date.UTC(2024, 2, 18, 9, 40),
          endedAt: undefined,
        },
      ],
    });
    expect(composeProblems(input, profileFor(v2, 'Y12345'))).toEqual([]);
    expect(composeProblems(input, profileFor(sender(), 'Y12345')).map(({ code }) => code)).toContain(
      'DOCUMENT_TYPE_NOT_IN_PROFILE',
    );
  });

  it('never hides that it is confidential', () => {
    const input = toCompose(record, manifest({ confidential: true }), sender());
    expect(input.confidential).toBe(true);
    expect(composeProblems(input, profileFor(sender(), 'Y12345'))).toMatchObject([{ code: 'CONFIDENTIAL_NOT_SENT' }]);
  });
});
