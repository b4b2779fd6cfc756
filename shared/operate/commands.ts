import {
  type Command,
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  succeeded,
} from './command.ts';
import { actionCommands } from './commands/action.ts';
import { attentionCommands } from './commands/attention.ts';
import { clientCommands } from './commands/client.ts';
import { documentCommands } from './commands/document.ts';
import { mailboxCommands } from './commands/mailbox.ts';
import { pauseCommands } from './commands/pause.ts';
import { quarantineCommands } from './commands/quarantine.ts';
import { quarantineDecisionCommands } from './commands/quarantine-decision.ts';
import { redriveCommands } from './commands/redrive.ts';
import { senderCommands } from './commands/sender.ts';
import { storyCommands } from './commands/story.ts';
import { optionsOf, runRecorded } from './run-recorded.ts';

/** Everything that an operator can ask for, in the order of the help. A new subject is a file there and a line here. */
export const commands: readonly Command[] = [
  ...attentionCommands,
  ...documentCommands,
  ...actionCommands,
  ...mailboxCommands,
  ...senderCommands,
  ...clientCommands,
  ...pauseCommands,
  ...quarantineCommands,
  ...quarantineDecisionCommands,
  ...redriveCommands,
  ...storyCommands,
];

const typed = ({ words, takes }: Command): string => [words, ...takes].join(' ');

const table = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
};

const general: readonly (readonly [string, string])[] = [
  ['--table NAME', 'a deployment, by its table, under your own AWS credentials'],
  ['--dir FOLDER', 'a local run; without either, the one in .local'],
  ['--json', 'for programs: { ok, command, messages, data }'],
  ['--help', 'this, or with a command its options and examples'],
];

const endings =
  'Ends with 0: done, or nothing to do · 1: refused or not there, nothing changed · 2: not asked properly · 3: broke off, ask again.';

const overview = (some: readonly Command[]): string[] => [
  'Usage: npm run operate -- COMMAND [OPTIONS]',
  '',
  ...table(some.map((command) => [typed(command), command.does])),
  '',
  ...table(general),
  endings,
];

export const usage: readonly string[] = overview(commands);

const helpOf = (command: Command): string[] => {
  const options = optionsOf(command).map(
    ({ name, form, meaning }) => [`--${name}${form === undefined ? '' : ` ${form}`}`, meaning] as const,
  );
  return [
    `Usage: npm run operate -- ${typed(command)}${options.length > 0 ? ' [OPTIONS]' : ''}`,
    '',
    `  ${command.does}`,
    ...(command.notes ?? []).map((note) => `  ${note}`),
    '',
    ...table([...options, ...general]),
    '',
    ...command.examples.map((example) => `  npm run operate -- ${example}`),
    '',
    endings,
  ];
};

const wordsOf = (command: Command): readonly string[] => command.words.split(' ');
const isAsked = (command: Command, words: readonly string[]): boolean =>
  wordsOf(command).every((word, index) => words[index] === word);

/** The command that the words name; of two the longer. */
const commandOf = (words: readonly string[]): Command | undefined =>
  commands
    .filter((command) => isAsked(command, words))
    .reduce<Command | undefined>((a, b) => (a && wordsOf(a).length > wordsOf(b).length ? a : b), undefined);

/** Help on what the words name: a command, all of a subject, or everything. */
export const help = (words: readonly string[]): readonly string[] => {
  const command = commandOf(words);
  if (command) return helpOf(command);
  const subject = commands.filter((other) => wordsOf(other)[0] === words[0]);
  return subject.length > 0 ? overview(subject) : usage;
};

const isOptional = (argument: string): boolean => argument.startsWith('[');

/** What a command would say to a person or a program who typed it. */
export const runCommand = async (
  words: readonly string[],
  context: CommandContext,
  options: CommandOptions = {},
): Promise<CommandResult> => {
  if (words[0] === 'help') return succeeded(help(words.slice(1)));
  const command = commandOf(words);
  if (!command) return misused(...help(words));
  const args = words.slice(wordsOf(command).length);
  const least = command.takes.filter((argument) => !isOptional(argument)).length;
  if (args.length < least || args.length > command.takes.length) return misused(...helpOf(command));
  const known = new Set(optionsOf(command).map(({ name }) => name));
  const foreign = Object.keys(options).filter((name) => options[name] !== undefined && !known.has(name));
  if (foreign.length > 0) {
    return misused(
      `${command.words} takes no ${foreign.map((name) => `--${name}`).join(' and no ')}.`,
      '',
      ...helpOf(command),
    );
  }
  return runRecorded(command, args, options, context);
};
