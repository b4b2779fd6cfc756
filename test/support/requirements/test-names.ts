import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vite';
import { z } from 'zod';

/** Reads the names of all tests out of their sources, and the requirement ids in them. */

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface NamedTest {
  /** Path in the repository. */
  readonly file: string;
  readonly name: string;
  readonly ids: readonly string[];
}

/** Written in full: an abbreviation such as `SD-123` proves nothing. */
const idPattern = /\b(?:GPCM-(?:C|SD)(?:-TST)?-\d+|GPC-SD\d+|FHIR-[A-Z]+(?:&[A-Z])?-\d+|RC-HS-\d+)\b/g;
const idsIn = (text: string): readonly string[] => [...new Set(text.match(idPattern) ?? [])];

const node = z.looseObject({ type: z.string() });
type Node = z.infer<typeof node>;
const asNode = (value: unknown): Node | undefined => node.safeParse(value).data;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The text of a string or template; what is filled in later is left out. */
const textOf = (value: unknown): string | undefined => {
  const of = asNode(value);
  if (of?.type === 'Literal') return typeof of.value === 'string' ? of.value : undefined;
  if (of?.type !== 'TemplateLiteral') return undefined;
  const quasis = z.array(z.looseObject({ value: z.looseObject({ raw: z.string() }) })).safeParse(of.quasis);
  return quasis.data?.map(({ value: { raw } }) => raw).join('…');
};

/** `it`, `describe.each(…)`, `it.skipIf(…)` and the like: the function's name, and the rows of its table. */
const callee = (value: unknown): { readonly name: string; readonly rows: readonly unknown[] } | undefined => {
  const of = asNode(value);
  if (of?.type === 'Identifier') return typeof of.name === 'string' ? { name: of.name, rows: [] } : undefined;
  if (of?.type === 'MemberExpression') return callee(of.object);
  if (of?.type !== 'CallExpression') return undefined;
  const table = unwrapped(list(of.arguments)[0]);
  const inner = callee(of.callee);
  return inner && { ...inner, rows: table?.type === 'ArrayExpression' ? list(table.elements) : [] };
};

const unwrapped = (value: unknown): Node | undefined => {
  const of = asNode(value);
  return of && /^TS(As|Satisfies)Expression$/.test(of.type) ? unwrapped(of.expression) : of;
};

/** The first cell of each row where it is a text: what the first `%s` of a title becomes. */
const firstCells = (rows: readonly unknown[]): readonly string[] =>
  rows.flatMap((row) => {
    const of = unwrapped(row);
    return textOf(of?.type === 'ArrayExpression' ? list(of.elements)[0] : row) ?? [];
  });

const namesIn = (source: string): readonly string[] => {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one);
      return;
    }
    const of = asNode(value);
    if (!of) return;
    const called = of.type === 'CallExpression' ? callee(of.callee) : undefined;
    const title =
      called && ['it', 'test', 'describe'].includes(called.name) ? textOf(list(of.arguments)[0]) : undefined;
    if (title !== undefined) {
      const cells = title.includes('%s') ? firstCells(called?.rows ?? []) : [];
      // A cell may hold markup or dollar signs: it is put in as it is.
      names.push(...(cells.length === 0 ? [title] : cells.map((cell) => title.replace('%s', () => cell))));
    }
    for (const inner of Object.values(of)) if (typeof inner === 'object' && inner !== null) visit(inner);
  };
  visit(parseAst(source, { lang: 'ts' }).body);
  return names;
};

/** Every test or suite whose name holds a requirement id, by file. */
export const namedTests = (): readonly NamedTest[] =>
  readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((path) => {
      const file = relative(root, path).split(sep).join('/');
      return namesIn(readFileSync(path, 'utf8')).map((name) => ({ file, name, ids: idsIn(name) }));
    })
    .filter(({ ids }) => ids.length > 0);

export const testNames = { idsIn, namesIn };
