import { brokeOff } from './broke-off.ts';
import { type CommandContext, type CommandResult, exitCodeOf, misused } from './command.ts';
import { allOptions, help, runCommand, usage, wrongly } from './commands.ts';
import type { Target, TargetOptions } from './target.ts';
import { readTyped } from './typed.ts';

/** What a command line prints, and how it ends. */
export interface Ending {
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly out: readonly string[];
  readonly errors: readonly string[];
}

export interface CommandLineContext extends Omit<CommandContext, 'table' | 'clock' | 'objects' | 'subscriptions'> {
  readonly targetOf: (where: TargetOptions) => Target;
}

const parse = (args: readonly string[]) => {
  const { words, options, problems } = readTyped(args, allOptions);
  const { dir, table, json, help: helps, ...given } = options;
  return {
    words,
    given,
    problems,
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
  { words, given, problems, where, helps, json }: Asked,
  { targetOf, confirm, ...context }: CommandLineContext,
): Promise<{ result: CommandResult; where?: string }> => {
  if (helps) return { result: help(words) };
  if (problems.length > 0) return { result: wrongly(words, problems) };
  if (words[0] === 'help') return { result: help(words.slice(1)) };
  if (words.length === 0) return { result: misused(...usage) };
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
  const asked = parse(args);
  try {
    const { result, where } = await answer(asked, context);
    return { exitCode: exitCodeOf(result), ...printed(asked, result, where) };
  } catch (error) {
    return { exitCode: 3, ...printed(asked, { ok: false, lines: brokeOff(error, asked.where) }) };
  }
};
