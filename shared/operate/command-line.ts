import { parseArgs } from 'node:util';
import { errorText } from '../platform/log.ts';
import { type CommandContext, type CommandResult, exitCodeOf, misused, succeeded } from './command.ts';
import { commands, help, runCommand } from './commands.ts';
import { optionsOf } from './run-recorded.ts';
import type { Target, TargetOptions } from './target.ts';

/** What a command line prints, and how it ends. */
export interface Ending {
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly out: readonly string[];
  readonly errors: readonly string[];
}

export interface CommandLineContext extends Omit<CommandContext, 'table' | 'clock' | 'objects' | 'subscriptions'> {
  readonly targetOf: (where: TargetOptions) => Target;
}

/** Options of all commands; which command takes which, it says itself. */
const options = Object.fromEntries([
  ...commands.flatMap((command) =>
    optionsOf(command).map(
      ({ name, form }) => [name, { type: form === undefined ? ('boolean' as const) : ('string' as const) }] as const,
    ),
  ),
  ['dir', { type: 'string' as const }],
  ['table', { type: 'string' as const }],
  ['json', { type: 'boolean' as const }],
  ['help', { type: 'boolean' as const }],
]);

const parse = (args: readonly string[]) => {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const { dir, table, json, help: helps, ...given } = values;
  return {
    words: positionals,
    given,
    where: {
      ...(typeof dir === 'string' ? { dir } : {}),
      ...(typeof table === 'string' ? { table } : {}),
      ...(typeof given.archive === 'string' ? { archive: given.archive } : {}),
    },
    json: json === true,
    helps: helps === true,
  };
};

type Asked = ReturnType<typeof parse>;

const answer = async (
  { words, given, where, helps, json }: Asked,
  { targetOf, confirm, ...context }: CommandLineContext,
): Promise<{ result: CommandResult; where?: string }> => {
  if (helps) return { result: succeeded(help(words)) };
  if (words[0] === 'help') return { result: succeeded(help(words.slice(1))) };
  if (words.length === 0) return { result: misused(...help([])) };
  const target = targetOf(where);
  if (target.kind === 'problem') return { result: misused(target.sentence) };
  const { name, kind: _, ...reached } = target;
  // A program that reads JSON answers no questions.
  const asks = json || !confirm ? {} : { confirm };
  return { result: await runCommand(words, { ...context, ...asks, ...reached }, given), where: name };
};

const printed = (asked: Asked, result: CommandResult, where?: string): Omit<Ending, 'exitCode'> => {
  const { ok, lines, data } = result;
  if (asked.json) {
    const said = { ok, command: asked.words.join(' '), messages: lines, ...(data === undefined ? {} : { data }) };
    return { out: [JSON.stringify(said)], errors: [] };
  }
  if (!ok) return { out: [], errors: lines };
  const named = Object.keys(asked.where).length > 0;
  return { out: lines, errors: where === undefined || named ? [] : [`(in ${where})`] };
};

export const commandLine = async (args: readonly string[], context: CommandLineContext): Promise<Ending> => {
  let asked: Asked;
  try {
    asked = parse(args);
  } catch (error) {
    return { exitCode: 2, out: [], errors: [error instanceof Error ? error.message : String(error), '', ...help([])] };
  }
  try {
    const { result, where } = await answer(asked, context);
    return { exitCode: exitCodeOf(result), ...printed(asked, result, where) };
  } catch (error) {
    const sentence = `It broke off, and may or may not have been done: ${errorText(error)} Asking again does no harm.`;
    return { exitCode: 3, ...printed(asked, { ok: false, lines: [sentence] }) };
  }
};
