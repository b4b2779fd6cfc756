import { expect, test } from 'vitest';
import { envelopeHeaders, type MeshEnvelope } from '../../../../shared/mesh/envelope.ts';

const envelope: MeshEnvelope = {
  to: 'GPPROVIDER_9691375087_19570109_Marker',
  workflowId: 'GPFED_CONSULT_REPORT',
  localId: 'RX1',
  subject: 'Consultation report for Marker',
  contentType: 'application/xml',
};

test('an envelope becomes the headers of the standard (GPCM-SD-057, 060 to 064, 145)', () => {
  expect(
    envelopeHeaders({ ...envelope, contentEncoding: 'gzip', checksum: 'abc123', fileName: 'a.xml' }, 'RX1OT001'),
  ).toEqual({
    kind: 'ok',
    value: [
      ...['Mex-From', 'RX1OT001'],
      ...['Mex-To', envelope.to],
      ...['Mex-WorkflowID', 'GPFED_CONSULT_REPORT'],
      ...['Mex-LocalID', 'RX1'],
      ...['Mex-Subject', envelope.subject],
      ...['Mex-Content-Type', 'application/xml'],
      ...['Content-Type', 'application/xml'],
      ...['Mex-FileName', 'a.xml'],
      ...['Mex-Content-Checksum', 'abc123'],
      ...['Content-Encoding', 'gzip'],
    ],
  });
});

test('Latin-1 letters pass', () => {
  expect(envelopeHeaders({ ...envelope, to: 'GPPROVIDER_9691375087_19570109_Siân-Müller' }, 'RX1').kind).toBe('ok');
});

test.each<[string, Partial<MeshEnvelope>, RegExp]>([
  [
    'a Welsh letter outside Latin-1',
    { to: 'GPPROVIDER_9691375087_19570109_Marker-ŵ' },
    /^Mex-To has a character outside Latin-1/,
  ],
  ['a curly apostrophe', { subject: 'Marker O’Neill' }, /^Mex-Subject has a character/],
  ['an emoji', { subject: 'Marker 🙂' }, /^Mex-Subject has a character/],
  ['a line break', { subject: 'Marker\r\nMex-To: X' }, /^Mex-Subject has a control character/],
  ['a tab', { subject: 'Marker\t' }, /^Mex-Subject has a control character/],
  ['no recipient', { to: ' ' }, /^Mex-To is empty/],
  ['no workflow', { workflowId: '' }, /^Mex-WorkflowID is empty/],
  ['a long recipient', { to: 'Marker'.repeat(17) }, /^Mex-To is longer than 100 characters/],
  ['a long subject', { subject: 'Marker'.repeat(84) }, /^Mex-Subject is longer than 500 characters/],
  ['a checksum in base64', { checksum: 'Marker+/=' }, /^Mex-Content-Checksum is not in hex/],
])('%s is refused without being repeated', (_, changes, reason) => {
  const outcome = envelopeHeaders({ ...envelope, ...changes }, 'RX1OT001');
  expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  expect(JSON.stringify(outcome)).not.toContain('Marker');
});
