import { describe, expect, it } from 'vitest';
import { attachmentKey, parseDropKey } from '../../../../shared/submission/object-names.ts';

describe('the key of a drop', () => {
  it('names organisation, kind and name', () => {
    expect(parseDropKey('inbox/RX1/a.pdf')).toEqual({ kind: 'pdf', odsCode: 'RX1', name: 'a' });
    expect(parseDropKey('inbox/RX10/report_2.v1-x.json')).toEqual({
      kind: 'manifest',
      odsCode: 'RX10',
      name: 'report_2.v1-x',
    });
    expect(parseDropKey(`inbox/RX1/${'n'.repeat(100)}.pdf`).kind).toBe('pdf');
  });

  it('pairs a name with dots by what stands before the last one', () => {
    expect(parseDropKey('inbox/RX1/a.pdf.json')).toEqual({ kind: 'manifest', odsCode: 'RX1', name: 'a.pdf' });
  });

  it('takes an object in a folder with the drop’s name for an attachment, whatever it ends in', () => {
    const attachment = { kind: 'attachment', odsCode: 'RX1', name: 'visit-1' };
    expect(parseDropKey('inbox/RX1/visit-1/scan.png')).toEqual({ ...attachment, attachment: 'scan.png' });
    expect(parseDropKey('inbox/RX1/visit-1/letter.pdf')).toEqual({ ...attachment, attachment: 'letter.pdf' });
    expect(parseDropKey(attachmentKey('RX1', 'visit-1', 'a.json'))).toEqual({ ...attachment, attachment: 'a.json' });
  });

  it.each(['inbox/', 'inbox/RX1/', 'inbox/RX1/sub/'])('ignores the folder marker %s', (key) => {
    expect(parseDropKey(key)).toEqual({ kind: 'ignore' });
  });

  it.each([
    ['receipts/RX1/a.json', 'OUTSIDE_INBOX', {}],
    ['inboxes/RX1/a.pdf', 'OUTSIDE_INBOX', {}],
    ['inbox/a.pdf', 'NO_ORGANISATION', {}],
    ['inbox/rx1/a.pdf', 'ODS_CODE_NOT_VALID', {}],
    ['inbox//a.pdf', 'ODS_CODE_NOT_VALID', {}],
    ['inbox/RX/a.pdf', 'ODS_CODE_NOT_VALID', {}],
    ['inbox/RX1/a/deep/scan.png', 'NESTED_FOLDER', { odsCode: 'RX1' }],
    ['inbox/RX1/a/John Smith.png', 'NAME_NOT_ALLOWED', { odsCode: 'RX1' }],
    ['inbox/RX1/John Smith/a.png', 'NAME_NOT_ALLOWED', { odsCode: 'RX1' }],
    ['inbox/RX1/a/9691375087.png', 'NAME_HOLDS_NHS_NUMBER', { odsCode: 'RX1' }],
    ['inbox/RX1/9691375087/a.png', 'NAME_HOLDS_NHS_NUMBER', { odsCode: 'RX1' }],
    ['inbox/RX1/a.PDF', 'EXTENSION_NOT_LOWER_CASE', { odsCode: 'RX1', name: 'a' }],
    ['inbox/RX1/a.Json', 'EXTENSION_NOT_LOWER_CASE', { odsCode: 'RX1', name: 'a' }],
    ['inbox/RX1/a.docx', 'EXTENSION_NOT_KNOWN', { odsCode: 'RX1', name: 'a' }],
    ['inbox/RX1/a', 'EXTENSION_NOT_KNOWN', { odsCode: 'RX1', name: 'a' }],
    ['inbox/RX1/a.toString', 'EXTENSION_NOT_KNOWN', { odsCode: 'RX1', name: 'a' }],
    ['inbox/RX1/.pdf', 'NAME_NOT_ALLOWED', { odsCode: 'RX1' }],
    ['inbox/RX1/John Smith.pdf', 'NAME_NOT_ALLOWED', { odsCode: 'RX1' }],
    ['inbox/RX1/Zoë.pdf', 'NAME_NOT_ALLOWED', { odsCode: 'RX1' }],
    [`inbox/RX1/${'n'.repeat(101)}.pdf`, 'NAME_NOT_ALLOWED', { odsCode: 'RX1' }],
    ['inbox/RX1/9691375087.pdf', 'NAME_HOLDS_NHS_NUMBER', { odsCode: 'RX1' }],
    ['inbox/RX1/969-137-5087.json', 'NAME_HOLDS_NHS_NUMBER', { odsCode: 'RX1' }],
  ])('refuses %s', (key, code, known) => {
    const parsed = parseDropKey(key);
    expect(parsed).toMatchObject({ kind: 'problem', problem: { path: 'name', code } });
    const { kind: _, problem: __, ...shown } = parsed as typeof parsed & { problem: unknown };
    expect(shown).toEqual(known);
  });
});
