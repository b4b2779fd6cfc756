import { attachmentTypes } from '../itk3/attachment-types.ts';
import { manifestJsonSchema } from './json-schema.ts';
import { problemCodes } from './problems.ts';

/** The parts of docs/manifest.md that are made from the code, so that the page cannot fall behind it. */

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

// A pattern's bar would end the cell.
const cell = (text: string) => text.replaceAll('|', '\\|');

const typeOf = (node: Node): string => {
  const limits = [
    node.enum?.join(', '),
    node.pattern && `\`${node.pattern}\``,
    node.minimum !== undefined && `${node.minimum} to ${node.maximum}`,
    node.maxLength !== undefined && `1 to ${node.maxLength} characters`,
    node.maxItems !== undefined && `${node.minItems ?? 0} to ${node.maxItems}`,
  ].filter((limit) => typeof limit === 'string');
  const type = node.type === 'array' ? `list of ${node.items?.type}` : (node.type ?? 'string');
  return [type, ...limits].join('; ');
};

const rows = (node: Node, path: string): string[] =>
  Object.entries(node.properties ?? {}).flatMap(([key, field]) => {
    const here = path === '' ? key : `${path}.${key}`;
    const needed = node.required?.includes(key) ? 'yes' : 'no';
    return [
      `| \`${here}\` | ${needed} | ${cell(typeOf(field))} | ${cell(field.description ?? '')} |`,
      ...rows(field, here),
      ...(field.items ? rows(field.items, `${here}[]`) : []),
    ];
  });

/** Every field of the manifest as a Markdown table. */
export const fieldTable = (): string =>
  ['| Field | Required | Form | What it is |', '|---|---|---|---|', ...rows(manifestJsonSchema() as Node, '')].join(
    '\n',
  );

/** Every problem code as a Markdown table. */
export const problemTable = (): string =>
  [
    '| Code | What is wrong | What to do |',
    '|---|---|---|',
    ...Object.entries(problemCodes).map(
      ([code, { says, advice }]) => `| \`${code}\` | ${cell(says)} | ${cell(advice)} |`,
    ),
  ].join('\n');

/** The approved types of attachment as a Markdown table. */
export const attachmentTypeTable = (): string =>
  [
    '| Type | `contentType` | Leaves as |',
    '|---|---|---|',
    ...attachmentTypes.map(({ name, mediaType, alsoKnownAs }) => {
      const names = [mediaType, ...alsoKnownAs].map((one) => `\`${one}\``).join(', ');
      return `| ${name} | ${names} | \`${mediaType}\` |`;
    }),
  ].join('\n');

/** Puts generated text between the page's marks `<!-- name -->` and `<!-- /name -->`. */
export const fillPage = (page: string, parts: Readonly<Record<string, string>>): string =>
  Object.entries(parts).reduce((text, [name, part]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`The page has no marks ${open} … ${close}.`);
    return `${text.slice(0, from + open.length)}\n\n${part}\n\n${text.slice(to)}`;
  }, page);
