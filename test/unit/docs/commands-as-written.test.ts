import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commands, typedProblems } from '../../../shared/operate/commands.ts';

/** What the pages and the help tell people to type is a command that takes it so. */

const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

/** Words as a shell would give them, for what stands in our pages. */
const shellWords = (text: string): string[] =>
  [...text.matchAll(/'((?:[^']|'\\'')*)'|"([^"]*)"|([^\s'"]+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );

const asked = pages.flatMap((page) => {
  const text = readFileSync(page, 'utf8').replaceAll(/\\\n\s*/g, ' ');
  return (
    [...text.matchAll(/npm run operate -- ([^`\n#>]+)/g)]
      .map(([, typed = '']) => typed.trim())
      // In running text a command may only be named.
      .filter((typed) => !/^(COMMAND|.* \| )|…$/.test(typed) && !commands.some(({ words }) => words === typed))
      .map((typed) => [page, typed] as const)
  );
});
const examples = commands.flatMap(({ words, examples: own }) =>
  own.map((typed) => [`help ${words}`, typed.split(' > ')[0] ?? ''] as const),
);

it('finds what is to be typed', () => {
  expect(asked.length).toBeGreaterThan(20);
});
it.each([...asked, ...examples])('%s: %s', (_, typed) => {
  expect(typedProblems(shellWords(typed))).toEqual([]);
});
