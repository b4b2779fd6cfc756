import { parseArgs } from 'node:util';
import type { CommandOption } from './command.ts';
import { nearest } from './near.ts';

/** What somebody typed behind `npm run operate --`, read and not yet looked at. */
export interface Typed {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean>>;
  /** What is wrong with it whatever the command, a sentence each. */
  readonly problems: readonly string[];
}

const withMeaning = (text: string, meant: string | undefined): string =>
  meant === undefined ? text : `${text} Did you mean ${meant}?`;

/** Reads it in our own words: of everything that is wrong, all is told, and a program that wants JSON still gets it. Pure. */
export const readTyped = (args: readonly string[], known: readonly CommandOption[]): Typed => {
  const options = Object.fromEntries(
    known.map(({ name, form }) => [name, { type: form === undefined ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const problems: string[] = [];
  const given: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = known.find((one) => one.name === name);
    if (!option) {
      const meant = nearest(
        name,
        known.map((one) => one.name),
      );
      problems.push(withMeaning(`There is no option ${rawName}.`, meant && `--${meant}`));
    } else if (option.form === undefined && value !== undefined) {
      problems.push(`${rawName} takes no value.`);
    } else if (option.form !== undefined && (value === undefined || (!inlineValue && value.startsWith('--')))) {
      problems.push(`${rawName} needs a value: --${name} ${option.form}`);
    } else if (name in given) {
      problems.push(`${rawName} is given twice.`);
    } else {
      given[name] = value ?? true;
    }
  }
  return { words: positionals, options: given, problems };
};
