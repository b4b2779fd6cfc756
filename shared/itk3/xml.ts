import type { FhirResource } from 'fhir/r3.js';
import { fhirNamespace } from './fixed-values.ts';
import { escapeXml } from './xml-text.ts';

/**
 * Writes STU3 resources as XML in the order that HL7's schema demands. The order is data; an element that has no place
 * in it is a bug and throws, so nothing is ever silently dropped. An empty `content` of a
 * Binary is a place where a file is streamed in: the text breaks there.
 */

type Kind = 'value' | 'xhtml' | 'resource' | 'extension' | ShapeName;
type Shape = readonly (readonly [element: string, kind: Kind])[];
type ShapeName = keyof typeof datatypes | keyof typeof backbones;

const extension = ['extension', 'extension'] as const;
const resource = [
  ['id', 'value'],
  ['meta', 'Meta'],
] as const;
const domainResource = [...resource, ['text', 'Narrative'], extension] as const;

const datatypes = {
  Meta: [
    ['versionId', 'value'],
    ['lastUpdated', 'value'],
    ['profile', 'value'],
  ],
  Narrative: [
    ['status', 'value'],
    ['div', 'xhtml'],
  ],
  Coding: [
    ['system', 'value'],
    ['version', 'value'],
    ['code', 'value'],
    ['display', 'value'],
  ],
  CodeableConcept: [
    ['coding', 'Coding'],
    ['text', 'value'],
  ],
  Identifier: [extension, ['use', 'value'], ['system', 'value'], ['value', 'value']],
  Reference: [
    ['reference', 'value'],
    ['display', 'value'],
  ],
  HumanName: [
    ['use', 'value'],
    ['text', 'value'],
    ['family', 'value'],
    ['given', 'value'],
    ['prefix', 'value'],
    ['suffix', 'value'],
  ],
  Period: [
    ['start', 'value'],
    ['end', 'value'],
  ],
  ContactPoint: [
    ['system', 'value'],
    ['value', 'value'],
    ['use', 'value'],
  ],
} as const;

const backbones = {
  MessageSource: [['endpoint', 'value']],
  MessageResponse: [
    ['identifier', 'value'],
    ['code', 'value'],
    ['details', 'Reference'],
  ],
  RelatesTo: [
    ['code', 'value'],
    ['targetIdentifier', 'Identifier'],
  ],
  CompositionEvent: [
    ['code', 'CodeableConcept'],
    ['period', 'Period'],
  ],
  Section: [
    ['title', 'value'],
    ['entry', 'Reference'],
  ],
  BundleEntry: [
    ['fullUrl', 'value'],
    ['resource', 'resource'],
  ],
  OutcomeIssue: [
    ['severity', 'value'],
    ['code', 'value'],
    ['details', 'CodeableConcept'],
    ['diagnostics', 'value'],
  ],
} as const;

const shapes: Readonly<Record<ShapeName, Shape>> = { ...datatypes, ...backbones };

const resources: Readonly<Record<string, Shape>> = {
  Bundle: [...resource, ['identifier', 'Identifier'], ['type', 'value'], ['entry', 'BundleEntry']],
  MessageHeader: [
    ...domainResource,
    ['event', 'Coding'],
    ['sender', 'Reference'],
    ['timestamp', 'value'],
    ['source', 'MessageSource'],
    ['response', 'MessageResponse'],
    ['focus', 'Reference'],
  ],
  Composition: [
    ...domainResource,
    ['identifier', 'Identifier'],
    ['status', 'value'],
    ['type', 'CodeableConcept'],
    ['subject', 'Reference'],
    ['date', 'value'],
    ['author', 'Reference'],
    ['title', 'value'],
    ['confidentiality', 'value'],
    ['custodian', 'Reference'],
    ['relatesTo', 'RelatesTo'],
    ['event', 'CompositionEvent'],
    ['section', 'Section'],
  ],
  Binary: [...resource, ['contentType', 'value'], ['content', 'value']],
  Practitioner: [...domainResource, ['identifier', 'Identifier'], ['name', 'HumanName'], ['telecom', 'ContactPoint']],
  Organization: [...domainResource, ['identifier', 'Identifier'], ['name', 'value'], ['telecom', 'ContactPoint']],
  Patient: [...domainResource, ['identifier', 'Identifier'], ['name', 'HumanName'], ['birthDate', 'value']],
  OperationOutcome: [...domainResource, ['issue', 'OutcomeIssue']],
};

const extensionValues: Readonly<Record<string, Kind>> = {
  valueBoolean: 'value',
  valueString: 'value',
  valueCoding: 'Coding',
  valueCodeableConcept: 'CodeableConcept',
  valueReference: 'Reference',
};

/** The text of one resource as a whole document, broken at each place where a file belongs. */
export const writeResource = (root: FhirResource): string[] => {
  const pieces: string[] = [];
  let text = '<?xml version="1.0" encoding="UTF-8"?>\n';

  const writeResourceElement = (value: object, attributes = '') => {
    const { resourceType, ...elements } = { resourceType: '', ...value };
    const shape = resources[resourceType];
    if (!shape) throw new Error(`No element order for the resource ${resourceType}.`);
    writeComplex(resourceType, shape, elements, attributes);
  };

  const writeComplex = (name: string, shape: Shape, value: object, attributes = '') => {
    const left = new Map<string, unknown>(Object.entries(value).filter(([, v]) => v !== undefined));
    text += `<${name}${attributes}>`;
    for (const [element, kind] of shape) {
      const given = left.get(element);
      left.delete(element);
      if (given === undefined) continue;
      for (const one of Array.isArray(given) ? given : [given]) writeElement(element, kind, one);
    }
    if (left.size > 0) throw new Error(`No place in the element order of ${name}: ${[...left.keys()].join(', ')}.`);
    text += `</${name}>`;
  };

  const writeExtension = (value: object) => {
    const { url, extension: inner, ...rest } = { url: '', extension: [] as unknown[], ...value };
    text += `<extension url="${escapeXml(url)}">`;
    for (const one of inner) writeElement('extension', 'extension', one);
    for (const [element, given] of Object.entries(rest)) {
      const kind = extensionValues[element];
      if (!kind) throw new Error(`No element order for ${element} in an extension.`);
      writeElement(element, kind, given);
    }
    text += '</extension>';
  };

  const writeElement = (name: string, kind: Kind, value: unknown) => {
    if (typeof value === 'object' && value !== null) {
      if (kind === 'extension') writeExtension(value);
      else if (kind === 'resource') {
        text += `<${name}>`;
        writeResourceElement(value);
        text += `</${name}>`;
      } else if (kind !== 'value' && kind !== 'xhtml') {
        writeComplex(name, shapes[kind], value);
      } else throw new Error(`${name} is a primitive, not an object.`);
    } else if (kind === 'xhtml') text += String(value);
    else if (kind !== 'value') throw new Error(`${name} must be an object.`);
    else if (value === '' && name === 'content') {
      pieces.push(`${text}<content value="`);
      text = '"/>';
    } else if (value === '') throw new Error(`${name} is empty: FHIR has no empty strings.`);
    else text += `<${name} value="${escapeXml(String(value))}"/>`;
  };

  writeResourceElement(root, ` xmlns="${fhirNamespace}"`);
  return [...pieces, text];
};
