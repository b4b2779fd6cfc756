import { SaxesParser } from 'saxes';
import { malformedXml } from './errors.ts';

/** An element of a request document, its name without a namespace prefix. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Opened {
  name: string;
  text: string;
  children: Opened[];
}

/** The root element of a document. Throws MalformedXML (400). */
export const parseXml = (source: string): XmlElement => {
  const parser = new SaxesParser();
  const root: Opened = { name: '', text: '', children: [] };
  const open = [root];
  parser.on('opentag', (tag) => {
    const element: Opened = { name: tag.name.replace(/^.*:/, ''), text: '', children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  const addText = (text: string) => {
    const element = open.at(-1);
    if (element) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => void open.pop());
  parser.on('error', () => {
    throw malformedXml();
  });
  parser.write(source).close();
  const [first] = root.children;
  if (!first) throw malformedXml();
  return first;
};

export const childrenOf = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? [];

/** The first element down the path of names. */
export const descend = (element: XmlElement | undefined, ...path: string[]): XmlElement | undefined =>
  path.reduce<XmlElement | undefined>((at, name) => childrenOf(at, name)[0], element);

export const textOf = (element: XmlElement | undefined, ...path: string[]): string | undefined =>
  descend(element, ...path)?.text;

const escapes: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  '\r': '&#13;',
};
const escaped = (text: string) => text.replace(/[<>&"\r]/g, (c) => escapes[c] ?? c);

/** `<name>value</name>`, or nothing for a value that is absent. */
export const leaf = (name: string, value: string | number | boolean | undefined): string =>
  value === undefined ? '' : `<${name}>${escaped(String(value))}</${name}>`;

/** An element around elements that are already text. */
export const branch = (name: string, ...inner: readonly string[]): string => `<${name}>${inner.join('')}</${name}>`;

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A whole response document in the S3 namespace. */
export const xmlDocument = (name: string, ...inner: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${inner.join('')}</${name}>`;

/** An error document: S3 gives it no namespace. */
export const errorDocument = (code: string, message: string, requestId: string, ...more: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${branch('Error', leaf('Code', code), leaf('Message', message), ...more, leaf('RequestId', requestId))}`;
