import { describe, expect, it } from 'vitest';
import { readResponse } from '../../../../shared/itk3/response.ts';
import { composed, documentToCompose } from '../../../fixtures/itk3/documents.ts';
import {
  answeredHeaderId,
  type ResponseShape,
  responseHeaderId,
  responseXml,
} from '../../../fixtures/itk3/responses.ts';

const read = (shape: ResponseShape = {}) => readResponse(Buffer.from(responseXml(shape)));

describe('reading a response', () => {
  it('finds what it answers, its code and who sent it', () => {
    expect(read({ senderReference: 'enc-1', infAckRequested: true, diagnostics: 'why' })).toEqual({
      kind: 'response',
      event: 'ITK008M',
      inResponseTo: answeredHeaderId,
      codes: [{ code: '20013', display: 'As displayed', diagnostics: 'why' }],
      decisive: '20013',
      level: 'infrastructure',
      polarity: 'positive',
      senderReference: 'enc-1',
      responderOds: 'A20047',
      infAckRequested: true,
      messageHeaderId: responseHeaderId,
      timestamp: '2026-03-18T10:20:00+00:00',
    });
  });

  it.each<[string, ResponseShape, string, string]>([
    ['infrastructure success', { code: '20013' }, 'infrastructure', 'positive'],
    [
      'infrastructure refusal',
      { code: '20009', responseCode: 'fatal-error', severity: 'fatal' },
      'infrastructure',
      'negative',
    ],
    ['patient known', { code: '30001', infAckRequested: true }, 'business', 'positive'],
    ['patient not known', { code: '30002', responseCode: 'fatal-error', severity: 'fatal' }, 'business', 'negative'],
    [
      'recently deceased, called fatal by the harness',
      { code: '30004', responseCode: 'fatal-error', severity: 'fatal' },
      'business',
      'positive',
    ],
    [
      'replacement failed, called ok by its example',
      { code: '20014', responseCode: 'ok' },
      'infrastructure',
      'negative',
    ],
    ['too large, called ok by its example', { code: '20015', responseCode: 'ok' }, 'infrastructure', 'negative'],
    ['a code of another use case', { code: '30016' }, 'business', 'negative'],
    [
      'an invalid answer of the harness',
      { code: 'INVALIDVALUE', responseCode: 'INVALIDTEXT', severity: 'INVALIDTEXT' },
      'unknown',
      'negative',
    ],
    ['no code at all', { code: undefined }, 'unknown', 'negative'],
    ['good and bad news together', { code: '20013', secondCode: '30003' }, 'business', 'negative'],
    ['both good news together', { code: '20013', secondCode: '30001' }, 'business', 'positive'],
  ])('takes level and polarity from the code alone: %s', (_, shape, level, polarity) => {
    expect(read(shape)).toMatchObject({ kind: 'response', level, polarity });
  });

  it.each<[string, ResponseShape]>([
    ['a practitioner as sender', { sender: 'practitioner' }],
    ['a practitioner without an identifier', { sender: 'practitioner without identifier' }],
    ['hardly any handling', { handling: 'harness' }],
    ['no handling', { handling: 'none' }],
    ['another prefix', { prefix: 'fhir' }],
    ['an upper-case id', { inResponseTo: answeredHeaderId.toUpperCase() }],
    ['a URN', { inResponseTo: `urn:uuid:${answeredHeaderId}` }],
    ['white space around the id', { inResponseTo: `  ${answeredHeaderId} ` }],
    ['an event in lower case', { event: 'itk008m' }],
  ])('reads %s', (_, shape) => {
    expect(read(shape)).toMatchObject({ kind: 'response', inResponseTo: answeredHeaderId, decisive: '20013' });
  });

  it('names nothing answered where the original could not be read (ITK 10009)', () => {
    const reading = read({ code: '10009', inResponseTo: 'UNREADABLE-IN-ORIGINAL-MESSAGE' });
    expect(reading).toMatchObject({ kind: 'response', polarity: 'negative' });
    expect(reading.kind === 'response' && reading.inResponseTo).toBeUndefined();
    const missing = read({ inResponseTo: undefined });
    expect(missing.kind === 'response' && missing.inResponseTo).toBeUndefined();
  });

  it('bounds what goes into a record', () => {
    const reading = read({ code: '9'.repeat(5000), diagnostics: 'd'.repeat(5000), inResponseTo: 'i'.repeat(5000) });
    expect(JSON.stringify(reading).length).toBeLessThan(3000);
  });

  it('tells a document, another event and other XML from a response', async () => {
    expect(readResponse(await composed(documentToCompose()))).toEqual({ kind: 'not-a-response', event: 'ITK007C' });
    expect(read({ event: 'ITK015M' })).toEqual({ kind: 'not-a-response', event: 'ITK015M' });
    expect(readResponse(Buffer.from('<html/>'))).toEqual({ kind: 'not-a-response' });
  });

  it.each([
    ['nothing', '', 'empty'],
    ['JSON', '{"resourceType":"Bundle"}', 'not XML'],
    ['half a response', responseXml().slice(0, 900), 'not well-formed'],
    [
      'a document type declaration',
      `<!DOCTYPE Bundle [<!ENTITY a "b">]>${responseXml().slice(39)}`,
      'headed by a document type declaration',
    ],
    ['more than ten megabytes', `<a>${' '.repeat(10_000_000)}</a>`, 'too large'],
  ])('refuses %s', (_, text, reason) => {
    expect(readResponse(Buffer.from(text))).toEqual({ kind: 'unreadable', reason });
  });
});
