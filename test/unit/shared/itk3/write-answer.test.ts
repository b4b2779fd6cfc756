import { afterAll, describe, expect, it } from 'vitest';
import { openFhirSchema } from '../../../../local/practice/schema.ts';
import { readResponse } from '../../../../shared/itk3/response.ts';
import { responseCodes } from '../../../../shared/itk3/response-codes.ts';
import { type Answer, answerXml } from '../../../../shared/itk3/write-answer.ts';
import { systemIds } from '../../../../shared/platform/ids.ts';

const schema = openFhirSchema();
afterAll(() => schema.close());

const setting = {
  ids: systemIds,
  at: Date.UTC(2026, 2, 18, 10, 20),
  mailboxId: 'A20047OT001',
  odsCode: 'A20047',
  inResponseTo: 'ea7221b8-3cc0-4b11-bc95-585b056b5428',
  senderReference: 'enc-1',
};
const xmlOf = (answer: Answer, changes: Partial<Parameters<typeof answerXml>[1]> = {}) =>
  Buffer.from(answerXml(answer, { ...setting, ...changes }));

describe('an answer', () => {
  it('of any code passes the schema and reads back (GPCM-SD-050 to 055)', () => {
    for (const { code, level, polarity, display } of responseCodes) {
      const xml = xmlOf({ code, diagnostics: 'Composition.type is not supported' });
      expect(schema.validate(xml), code).toEqual([]);
      expect(readResponse(xml)).toMatchObject({
        kind: 'response',
        inResponseTo: setting.inResponseTo,
        codes: [{ code, display, diagnostics: 'Composition.type is not supported' }],
        level,
        polarity,
        senderReference: 'enc-1',
        responderOds: 'A20047',
        infAckRequested: false,
        timestamp: '2026-03-18T10:20:00+00:00',
      });
    }
  });

  it('has an id of its own every time', () => {
    const ids = [1, 2, 3].map(() => {
      const reading = readResponse(xmlOf({ code: '20013' }));
      return reading.kind === 'response' ? reading.messageHeaderId : undefined;
    });
    expect(new Set(ids).size).toBe(3);
  });

  it('to an unreadable message says so', () => {
    const xml = xmlOf({ code: '10009' }, { inResponseTo: undefined, senderReference: undefined });
    expect(xml.toString()).toContain('<identifier value="UNREADABLE-IN-ORIGINAL-MESSAGE"/>');
    expect(schema.validate(xml)).toEqual([]);
  });

  it('may break the rules on purpose', () => {
    const xml = xmlOf({ code: 'INVALIDVALUE', responseCode: 'INVALIDTEXT', severity: 'INVALIDTEXT' });
    expect(schema.validate(xml)).not.toEqual([]);
    expect(readResponse(xml)).toMatchObject({ kind: 'response', polarity: 'negative' });
  });
});

describe('the schema of HL7', () => {
  it('names the element that is wrong and quotes nothing of the document', () => {
    const bad = (from: string, to: string) =>
      schema.validate(Buffer.from(xmlOf({ code: '20013' }).toString().replace(from, to)));
    expect(bad('timestamp value="2026', 'timestamp value="Smith')).toEqual([
      'HL7 schema: element timestamp, attribute value',
    ]);
    expect(bad('<type value="message"/>', '<type value="message"/><secret value="Smith"/>')).toEqual([
      'HL7 schema: element secret',
    ]);
    expect(bad('</Bundle>', '')).toContain('not well-formed XML');
  });
});
