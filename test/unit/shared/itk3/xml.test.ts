import type { Binary, Patient } from 'fhir/r3.js';
import { describe, expect, it } from 'vitest';
import { writeResource } from '../../../../shared/itk3/xml.ts';
import { escapeXml, isXmlText } from '../../../../shared/itk3/xml-text.ts';
import { readXml } from '../../../../shared/itk3/xml-tree.ts';

const patient = (changes: Partial<Patient> = {}): Patient => ({ resourceType: 'Patient', id: 'a', ...changes });

describe('the STU3 writer', () => {
  it('puts elements in the order of the schema, whatever the order of the object', () => {
    const [xml] = writeResource(
      patient({
        birthDate: '1957-01-09',
        name: [{ family: 'F', use: 'official' }],
        identifier: [{ value: 'v', system: 's' }],
      }),
    );
    expect(xml?.split('\n')[1]).toBe(
      '<Patient xmlns="http://hl7.org/fhir"><id value="a"/><identifier><system value="s"/><value value="v"/></identifier>' +
        '<name><use value="official"/><family value="F"/></name><birthDate value="1957-01-09"/></Patient>',
    );
  });

  it('refuses an element that has no place rather than dropping it', () => {
    expect(() => writeResource(patient({ gender: 'female' }))).toThrow(
      'No place in the element order of Patient: gender',
    );
    expect(() => writeResource({ resourceType: 'Basic', code: {} })).toThrow('No element order for the resource Basic');
    expect(() => writeResource(patient({ text: { status: 'generated', div: '<div/>', id: 'x' } }))).toThrow(
      'No place in the element order of text: id',
    );
  });

  it('refuses empty strings, which FHIR does not have', () => {
    expect(() => writeResource(patient({ birthDate: '' }))).toThrow('birthDate is empty');
  });

  it('breaks at the content of a Binary that is to be streamed, and only there', () => {
    const binary: Binary = { resourceType: 'Binary', id: 'b', contentType: 'application/pdf', content: '' };
    const [head, tail] = writeResource(binary);
    expect(head?.endsWith('<content value="')).toBe(true);
    expect(tail).toBe('"/></Binary>');
    expect(writeResource({ ...binary, content: 'QQ==' })).toHaveLength(1);
  });

  it('keeps tabs, line ends and markup in a value', () => {
    const family = ' a\tb\r\nc<d>&"\'e ';
    const [xml] = writeResource(patient({ name: [{ family }] }));
    const reading = readXml(Buffer.from(xml ?? ''), { maxBytes: 10_000 });
    expect(reading.kind === 'xml' && reading.root.children[1]?.children[0]?.attributes.get('value')).toBe(family);
  });
});

describe('XML text', () => {
  it.each(['\u0000', '\u0008', '\u001F', '\uFFFE', '\uFFFF', '\uD800', 'a\uDC00b', '\uDC00\uD800'])(
    'refuses what XML 1.0 cannot carry (%#)',
    (text) => {
      expect(isXmlText(text)).toBe(false);
      expect(() => escapeXml(text)).toThrow('XML 1.0');
    },
  );

  it.each(['', '\t\n\r', 'Zoë', '\u{1F600}', '\uFFFD', '\u0085'])('takes what it can (%#)', (text) => {
    expect(isXmlText(text)).toBe(true);
  });
});

describe('reading XML', () => {
  const read = (text: string | Uint8Array, limits = { maxBytes: 1000 }) =>
    readXml(typeof text === 'string' ? Buffer.from(text) : text, limits);

  it.each([
    ['', 'empty'],
    ['  \n ', 'empty'],
    ['{"resourceType":"Bundle"}', 'not XML'],
    ['<a><b></a>', 'not well-formed'],
    ['<a/><b/>', 'not well-formed'],
    ['<a>&unknown;</a>', 'not well-formed'],
    ['<a', 'not well-formed'],
    ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'headed by a document type declaration'],
    ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'headed by a document type declaration'],
    [`<?xml version="1.0" encoding="klingon"?><a/>`, 'in an unknown encoding'],
    [`${'<a>'.repeat(101)}${'</a>'.repeat(101)}`, 'nested too deeply'],
    [`<a>${' '.repeat(1000)}</a>`, 'too large'],
  ])('refuses, case %#', (text, reason) => {
    expect(read(text)).toEqual({ kind: 'unreadable', reason });
  });

  it('reads other encodings by their mark or their declaration', () => {
    const root = (reading: ReturnType<typeof read>) =>
      reading.kind === 'xml' ? reading.root.attributes.get('v') : reading;
    expect(root(read(Buffer.from('\uFEFF<a v="é"/>', 'utf8')))).toBe('é');
    expect(root(read(Buffer.from('\uFEFF<a v="é"/>', 'utf16le')))).toBe('é');
    expect(root(read(Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a v="é"/>', 'latin1')))).toBe('é');
  });
});
