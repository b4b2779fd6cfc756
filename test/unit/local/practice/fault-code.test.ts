import { afterAll, describe, expect, it } from 'vitest';
import { openMessage } from '../../../../local/practice/open-message.ts';
import { openFhirSchema } from '../../../../local/practice/schema.ts';
import { composed, documentToCompose } from '../../../fixtures/itk3/documents.ts';

const schema = openFhirSchema();
afterAll(() => schema.close());

const good = (await composed(documentToCompose())).toString();
const delivered = {
  workflowId: 'GPFED_CONSULT_REPORT',
  subject: undefined,
  localId: 'RX1',
  from: 'RX1OT001',
};
const codeOf = (from: string | RegExp, to: string) =>
  openMessage(Buffer.from(good.replace(from, to)), delivered, schema).faultCode;
const part = (url: string) => new RegExp(`<extension url="${url}">.*?</extension>`);

describe('the code that a faulty message gets', () => {
  it.each([
    [
      '10001',
      'no handling extension',
      /<extension url="https[^>]*MessageHandling-2">.*?<\/extension><\/extension>/,
      '',
    ],
    ['10002', 'InfAckRequested not true', part('InfAckRequested'), ''],
    [
      '10003',
      'BusAckRequested not true',
      'BusAckRequested"><valueBoolean value="true"',
      'BusAckRequested"><valueBoolean value="false"',
    ],
    ['10004', 'another MessageDefinition', 'ITK-GPConnectSendDocument-MessageDefinition-1', 'Other-1'],
    ['10007', 'no SenderReference', part('SenderReference'), ''],
    ['10010', 'another RecipientType', '<code value="FA"/>', '<code value="XX"/>'],
    ['20004', 'a type of file that is not approved', 'application/pdf', 'application/zip'],
    ['20009', 'anything else', '<status value="final"/>', ''],
  ])('is %s for %s', (code, _, from, to) => {
    expect(codeOf(from, to)).toBe(code);
  });

  it('comes with reasons, which a message without faults has none of', () => {
    expect(openMessage(Buffer.from(good), delivered, schema).problems).toEqual([]);
    const wrong = { ...delivered, from: 'OTHER' };
    expect(openMessage(Buffer.from(good), wrong, schema).problems).toEqual([
      'GPCM-SD-046: Mex-From must be the mailbox that the message names as its source',
    ]);
  });
});
