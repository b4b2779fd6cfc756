import { fileURLToPath } from 'node:url';
import type { Shape } from '../../../shared/itk3/profile-rules.ts';
import { child, childrenOf, descendants, type XmlElement } from '../../../shared/itk3/xml-tree.ts';
import { readTree } from './definitions.ts';

/** Reads HL7's schema (test/schemas) into the `shapes` of profile-rules.json: names, order, types, cardinalities. */

const schemaFile = fileURLToPath(new URL('../../schemas/fhir-single.xsd', import.meta.url));

const resources = ['Bundle', 'MessageHeader', 'Organization', 'Composition', 'Binary', 'Practitioner', 'Patient'];
const mostCodes = 20;

/** Shapes of all that can stand in the resources of a Send Document message, the inside of other resources left out. */
export const shapesOfSchema = (): Readonly<Record<string, Shape>> => {
  const schema = readTree(schemaFile);
  const complex = new Map(childrenOf(schema, 'complexType').map((type) => [type.attributes.get('name') ?? '', type]));
  const codes = new Map(
    childrenOf(schema, 'simpleType').map((type) => [
      type.attributes.get('name') ?? '',
      descendants(type, 'enumeration').map((one) => one.attributes.get('value') ?? ''),
    ]),
  );

  const cardinality = (element: XmlElement, choice?: XmlElement) => {
    const of = choice ?? element;
    const max = of.attributes.get('maxOccurs') ?? '1';
    return `${of.attributes.get('minOccurs') ?? '1'}..${max === 'unbounded' ? '*' : max}`;
  };

  const reached = new Set<string>();
  const shapes: Record<string, Shape> = {};

  /** The name of the type, or of a primitive with its codes where it has few. */
  const typeOf = (name: string): string => {
    const type = complex.get(name);
    const listed = codes.get(`${name}-list`);
    if (listed) return listed.length > mostCodes ? 'code' : `code(${listed.join('|')})`;
    const isPrimitive =
      type !== undefined && descendants(type, 'attribute').some((a) => a.attributes.get('name') === 'value');
    if (!isPrimitive && type !== undefined && name !== 'ResourceContainer') reach(name);
    return name;
  };

  const elementsOf = (type: XmlElement | undefined): string[] => {
    const extension = child(child(type, 'complexContent'), 'extension');
    const base = extension?.attributes.get('base');
    const inherited = base === undefined ? [] : elementsOf(complex.get(base));
    const own = child(extension ?? type, 'sequence')?.children ?? child(extension, 'choice') ?? [];
    const listed = Array.isArray(own) ? own : [];
    return [
      ...inherited,
      ...listed.flatMap((element) => {
        if (element.name === 'choice') {
          const options = childrenOf(element, 'element').map((one) => ({
            name: one.attributes.get('name') ?? '',
            type: one.attributes.get('type') ?? '',
          }));
          const [first] = options;
          if (!first) return [];
          const stem = first.name.slice(0, first.name.length - first.type.length);
          return [`${stem}[x]: ${options.map((one) => typeOf(one.type)).join('/')} ${cardinality(element, element)}`];
        }
        if (element.name !== 'element') return [];
        const reference = element.attributes.get('ref');
        if (reference !== undefined)
          return [`${reference.slice(reference.indexOf(':') + 1)}: xhtml ${cardinality(element)}`];
        const name = element.attributes.get('name') ?? '';
        return [`${name}: ${typeOf(element.attributes.get('type') ?? '')} ${cardinality(element)}`];
      }),
    ];
  };

  const reach = (name: string): void => {
    // An extension is judged by its profile; what it may hold reaches every type there is.
    if (reached.has(name) || name === 'Extension') return;
    reached.add(name);
    shapes[name] = elementsOf(complex.get(name));
  };
  for (const name of resources) reach(name);
  return Object.fromEntries(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)));
};
