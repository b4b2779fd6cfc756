import { SaxesParser } from 'saxes';

/** An element of a parsed document: names without their prefixes, because senders choose different ones. */
export interface XmlElement {
  readonly name: string;
  /** Empty where none is declared. */
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

export type XmlReading =
  | { readonly kind: 'xml'; readonly root: XmlElement }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/** Our own words only: what a parser says may quote the document. */
export type UnreadableReason =
  | 'empty'
  | 'too large'
  | 'not XML'
  | 'in an unknown encoding'
  | 'wrongly encoded'
  | 'headed by a document type declaration'
  | 'nested too deeply'
  | 'made of too many elements or attributes'
  | 'not well-formed';

export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth?: number;
  /** Elements of the whole document; any number unless told. */
  readonly maxElements?: number;
  /** Refuses bytes that are no character of the document's encoding, which else become a replacement character. */
  readonly strictEncoding?: boolean;
}

const defaultDepth = 100;
/** Of one element, namespaces included: FHIR has three at the most. */
const maxAttributes = 100;

class Refused extends Error {
  readonly reason: UnreadableReason;
  constructor(reason: UnreadableReason) {
    super(reason);
    this.reason = reason;
  }
}

const prefixOf = (name: string): string => (name.includes(':') ? name.slice(0, name.indexOf(':')) : '');
const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The namespaces that hold for an element: what it declares, then what those around it do. */
type Scope = { readonly declared: ReadonlyMap<string, string>; readonly outer: Scope } | undefined;

const namespaceIn = (scope: Scope, prefix: string): string => {
  for (let current = scope; current; current = current.outer) {
    const namespace = current.declared.get(prefix);
    if (namespace !== undefined) return namespace;
  }
  return '';
};

const decoderFor = (encoding: string, fatal: boolean) => {
  try {
    return new TextDecoder(encoding, { fatal });
  } catch {
    return undefined;
  }
};

/** The encoding that the bytes themselves show: by a byte order mark, or by how `<` is written. */
const shownEncoding = ([first, second]: Uint8Array): string | undefined => {
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return undefined;
};

/**
 * UTF-8 unless the bytes or the XML declaration say otherwise. A declaration that could be read byte by byte is not in
 * UTF-16, whatever it says: programs that write XML into a string forget to change it.
 */
const decode = (bytes: Uint8Array, fatal: boolean): string => {
  const declared = /^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 200)).toString('latin1'),
  )?.[1];
  const believed = declared !== undefined && /^utf-?16/i.test(declared) ? 'utf-8' : declared;
  const decoder = decoderFor(shownEncoding(bytes) ?? believed ?? 'utf-8', fatal);
  if (!decoder) throw new Refused('in an unknown encoding');
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Refused('wrongly encoded');
  }
};

/**
 * Parses a whole document into a tree. Refuses document type declarations, and with them every entity but the five of
 * XML itself. Never throws for what the bytes are.
 */
export const readXml = (bytes: Uint8Array, limits: XmlLimits): XmlReading => {
  try {
    if (bytes.byteLength > limits.maxBytes) throw new Refused('too large');
    return { kind: 'xml', root: parse(decode(bytes, limits.strictEncoding ?? false), limits) };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'unreadable', reason: error.reason };
    throw error;
  }
};

const parse = (text: string, { maxDepth = defaultDepth, maxElements = Infinity }: XmlLimits): XmlElement => {
  const start = text.trimStart();
  if (start === '') throw new Refused('empty');
  if (!start.startsWith('<')) throw new Refused('not XML');

  type Open = {
    name: string;
    namespace: string;
    attributes: Map<string, string>;
    children: XmlElement[];
    text: string;
  };
  const open: Open[] = [];
  const scopes: Scope[] = [];
  let root: XmlElement | undefined;
  const parser = new SaxesParser({ position: false });
  parser.on('error', () => {
    throw new Refused('not well-formed');
  });
  parser.on('doctype', () => {
    throw new Refused('headed by a document type declaration');
  });
  let elements = 0;
  let attributesOfOne = 0;
  parser.on('attribute', () => {
    if (++attributesOfOne > maxAttributes) throw new Refused('made of too many elements or attributes');
  });
  parser.on('opentag', (tag) => {
    attributesOfOne = 0;
    if (++elements > maxElements) throw new Refused('made of too many elements or attributes');
    if (open.length >= maxDepth) throw new Refused('nested too deeply');
    const attributes = new Map<string, string>();
    const declared: [string, string][] = [];
    for (const [name, value] of Object.entries(tag.attributes)) {
      if (name === 'xmlns') declared.push(['', value]);
      else if (name.startsWith('xmlns:')) declared.push([localName(name), value]);
      else attributes.set(localName(name), value);
    }
    const outer = scopes.at(-1);
    const scope = declared.length === 0 ? outer : { declared: new Map(declared), outer };
    scopes.push(scope);
    const namespace = namespaceIn(scope, prefixOf(tag.name));
    const element: Open = { name: localName(tag.name), namespace, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
    scopes.pop();
  });
  const addText = (more: string) => {
    const current = open.at(-1);
    if (current) current.text += more;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.write(start).close();
  if (!root) throw new Refused('not well-formed');
  return root;
};

/** The first child with this name. */
export const child = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((c) => c.name === name);

export const childrenOf = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((c) => c.name === name) ?? [];

/** The element reached by first children of these names. */
export const at = (element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined =>
  path.reduce<XmlElement | undefined>((current, name) => child(current, name), element);

/** The `value` attribute of a FHIR primitive, trimmed; absent when empty. */
export const valueAt = (element: XmlElement | undefined, ...path: readonly string[]): string | undefined => {
  const value = at(element, ...path)
    ?.attributes.get('value')
    ?.trim();
  return value === '' ? undefined : value;
};

/** Every element of this name in the tree, in document order. */
export const descendants = (element: XmlElement, name: string): readonly XmlElement[] => {
  const found: XmlElement[] = [];
  const visit = (current: XmlElement) => {
    if (current.name === name) found.push(current);
    for (const inner of current.children) visit(inner);
  };
  visit(element);
  return found;
};

/** The text of an element and of all below it, in order enough for a sentence. */
export const textWithin = (element: XmlElement | undefined): string =>
  element === undefined ? '' : [element.text, ...element.children.map(textWithin)].join('');
