import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Reads the documents of the repository; paths are from its root, with forward slashes. */

const root = fileURLToPath(new URL('../../../', import.meta.url));

const skipped = /^(node_modules|cdk\.out.*|\.git|\.local.*|coverage)$/;

const filesBelow = (folder: string, wanted: RegExp): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.test(entry.name) ? [] : filesBelow(path, wanted);
    return wanted.test(entry.name) ? [path] : [];
  });

export const documents: readonly string[] = filesBelow('', /\.md$/).sort();

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** All of the project's own code, as one text. */
export const code = (): string =>
  ['infra', 'lambdas', 'shared', 'local', 'test']
    .flatMap((folder) => filesBelow(folder, /\.(ts|mjs)$/))
    .filter((path) => !path.startsWith('test/unit/docs/'))
    .map(textOf)
    .join('\n');

export const exists = (path: string): boolean => existsSync(join(root, path));
export const isFolder = (path: string): boolean => statSync(join(root, path)).isDirectory();
export const foldersIn = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** Without fenced blocks, in which `#` is a comment and brackets are code. */
export const prose = (text: string): string => text.replace(/^( *)(```+|~~~+)[\s\S]*?^\1\2 *$/gm, '');

export interface Heading {
  readonly level: number;
  readonly text: string;
}

export const headings = (text: string): Heading[] =>
  [...prose(text).matchAll(/^(#{1,6}) +(.+?) *#*$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    text: title,
  }));

/** The anchor that GitHub makes of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');

export interface Link {
  readonly from: string;
  readonly target: string;
}

/** Targets of links and pictures within the repository. */
export const links = (from: string, text: string): Link[] =>
  [
    ...[...prose(text).matchAll(/\]\(\s*<?([^)>\s]+)>?(?:\s+"[^"]*")?\s*\)/g)],
    ...[...prose(text).matchAll(/^ {0,3}\[[^\]]+\]:\s+(\S+)/gm)],
  ]
    .map(([, target = '']) => ({ from, target }))
    .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target));

/** What is wrong with a link, if anything. */
export const linkFault = ({ from, target }: Link): string | undefined => {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : posix.normalize(posix.join(dirname(from), decodeURI(path)));
  if (file.startsWith('..') || !exists(file)) return `${from} → ${target}: no such file`;
  if (anchor === undefined) return undefined;
  if (!file.endsWith('.md')) return `${from} → ${target}: only documents have headings`;
  const known = headings(textOf(file)).map(({ text }) => anchorOf(text));
  return known.includes(anchor) ? undefined : `${from} → ${target}: no such heading`;
};

/** The text of a section, from its heading to the next of the same level or above. */
export const section = (text: string, heading: string): string => {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ +/, '') === heading);
  if (start < 0) return '';
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && (/^#+/.exec(line)?.[0].length ?? 0) <= level);
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
};

/** Fenced blocks of one language. */
export const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body = '']) =>
    name === language ? [body] : [],
  );

/** Words in single backticks. */
export const quoted = (text: string): string[] =>
  [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);
