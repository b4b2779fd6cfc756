import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readResponse } from '../../../../shared/itk3/response.ts';
import { composed, documentToCompose } from '../../../fixtures/itk3/documents.ts';
import {
  answeredHeaderId,
  type ResponseShape,
  responseHeaderId,
  responseXml,
} from '../../../fixtures/itk3/responses.ts';
import { fhirFolder } from '../../../support/profiles/definitions.ts';

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

  it.each<[string, Buffer]>([
    ['a UTF-8 byte order mark', Buffer.from(`\ufeff${responseXml()}`)],
    ['UTF-16, little end first', Buffer.from(`\ufeff${responseXml().replace('UTF-8', 'UTF-16')}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\ufeff${responseXml()}`, 'utf16le').swap16()],
    ['UTF-16 without a byte order mark', Buffer.from(responseXml().replace('UTF-8', 'utf-16'), 'utf16le')],
    ['UTF-8 that calls itself UTF-16', Buffer.from(responseXml().replace('UTF-8', 'utf-16'))],
    ['Windows-1252', Buffer.from(responseXml({ diagnostics: 'é' }).replace('UTF-8', 'windows-1252'), 'latin1')],
    ['no XML declaration', Buffer.from(responseXml().replace(/^<\?xml.*?\?>\s*/, ''))],
    ['white space before and after', Buffer.from(`\r\n ${responseXml().replace(/^<\?xml.*?\?>\s*/, '')}\n\n`)],
    ['comments and processing instructions', Buffer.from(responseXml().replace('?>', '?><!-- a --><?b c?>'))],
    ['what its sender compressed before MESH', gzipSync(responseXml())],
  ])('reads %s', (_, bytes) => {
    expect(readResponse(bytes)).toMatchObject({ inResponseTo: answeredHeaderId, decisive: '20013' });
  });

  it.each<[string, (xml: string) => string]>([
    ['event', (xml) => xml.replace(/<event>.*?<\/event>/s, '')],
    ['Bundle', (xml) => xml.replace(/^.*?(<MessageHeader>.*<\/MessageHeader>).*$/s, '$1')],
    ['sender', (xml) => xml.replace(/<sender>.*?<\/sender>/s, '').replace(/<Organization>.*<\/Organization>/s, '')],
    ['timestamp', (xml) => xml.replace(/<timestamp [^>]*>/, '')],
    ['own id', (xml) => xml.replace(`<id value="${responseHeaderId}"/>`, '')],
    ['system of the code', (xml) => xml.replace(/<system value="[^"]*ITK-ResponseCodes-1"\/>/, '')],
    ['namespace', (xml) => xml.replace(' xmlns="http://hl7.org/fhir"', '')],
  ])('reads one without its %s', (_, without) => {
    expect(without(responseXml())).not.toBe(responseXml());
    expect(readResponse(Buffer.from(without(responseXml())))).toMatchObject({
      kind: 'response',
      inResponseTo: answeredHeaderId,
    });
  });

  it('takes as an ODS code and as a time only what is formed like one: they go into records', () => {
    const named = (value: string) =>
      readResponse(Buffer.from(responseXml().replace('value="A20047"', `value="${value}"`)));
    expect(named('a20047')).toMatchObject({ responderOds: 'A20047' });
    for (const other of ['9691375087', 'Mrs Smith', '', 'A2']) {
      expect(named(other), other).toMatchObject({ kind: 'response', responderOds: undefined });
    }
    const timed = responseXml().replace('2026-03-18T10:20:00+00:00', 'when Mrs Smith came');
    expect(readResponse(Buffer.from(timed))).toMatchObject({ kind: 'response', timestamp: undefined });
  });

  describe.skipIf(!existsSync(join(fhirFolder, 'examples')))('as published', () => {
    it.each([
      ['20013', 'cf5e5969-2a93-400f-bf6f-709f101bcf87', 'infrastructure', 'positive', false],
      ['20009', 'efaf5984-3473-48a7-ae41-bbbb7314fbde', 'infrastructure', 'negative', false],
      ['30001', 'cf5e5969-2a93-400f-bf6f-709f101bcf87', 'business', 'positive', true],
      ['30002', 'ea7221b8-3cc0-4b11-bc95-585b056b5427', 'business', 'negative', true],
    ])('reads %s', (code, inResponseTo, level, polarity, infAckRequested) => {
      const bytes = readFileSync(join(fhirFolder, 'examples', `ITK-Response-${code}.xml`));
      expect(readResponse(bytes)).toMatchObject({ inResponseTo, decisive: code, level, polarity, infAckRequested });
    });
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
    ['an entity of its own', responseXml({ diagnostics: '&practice;' }), 'not well-formed'],
    ['a broken compression', '\u001f', 'not XML'],
    ['more than ten megabytes', `<a>${' '.repeat(10_000_000)}</a>`, 'too large'],
  ])('refuses %s', (_, text, reason) => {
    expect(readResponse(Buffer.from(text))).toEqual({ kind: 'unreadable', reason });
  });

  it.each<[string, () => Buffer, string]>([
    ['compressed to nothing', () => gzipSync(Buffer.alloc(50_000_000, ' ')), 'wrongly compressed'],
    ['half a compressed answer', () => gzipSync(responseXml()).subarray(0, 200), 'wrongly compressed'],
    ['of elements', () => Buffer.from(`<a>${'<b/>'.repeat(2_400_000)}</a>`), 'made of too many elements or attributes'],
    ['of nesting', () => Buffer.from('<a>'.repeat(3_300_000)), 'nested too deeply'],
    [
      'of attributes',
      () => Buffer.from(`<a ${Array.from({ length: 900_000 }, (_, n) => `b${n}=""`).join(' ')}/>`),
      'made of too many elements or attributes',
    ],
    ['of text', () => Buffer.from('x'.repeat(9_999_999)), 'not XML'],
    ['that never closes', () => Buffer.from(`<a>${'x'.repeat(9_999_000)}`), 'not well-formed'],
    ['of zero bytes', () => Buffer.alloc(9_999_999), 'not XML'],
    [
      'of declarations',
      () => Buffer.from(`<!DOCTYPE a [${'<!ENTITY b "c">'.repeat(600_000)}]><a/>`),
      'headed by a document type declaration',
    ],
  ])('refuses ten megabytes %s, and keeps little of them', (_, make, reason) => {
    const junk = make();
    const before = process.memoryUsage().heapUsed;
    expect(readResponse(junk)).toEqual({ kind: 'unreadable', reason });
    // A tree of them would take a gigabyte; their text as a string takes twenty megabytes, and some pass in reading.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400_000_000);
  });
});
