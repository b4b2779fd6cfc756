import {
  type Command,
  type CommandContext,
  type CommandOption,
  type CommandOptions,
  type CommandResult,
  misused,
  succeeded,
} from './command.ts';
import { actionCommands } from './commands/action.ts';
import { attentionCommands } from './commands/attention.ts';
import { clientCommands } from './commands/client.ts';
import { documentCommands } from './commands/document.ts';
import { documentListCommands } from './commands/documents.ts';
import { mailboxCommands } from './commands/mailbox.ts';
import { pauseCommands } from './commands/pause.ts';
import { quarantineCommands } from './commands/quarantine.ts';
import { quarantineDecisionCommands } from './commands/quarantine-decision.ts';
import { redriveCommands } from './commands/redrive.ts';
import { senderCommands } from './commands/sender.ts';
import { storyCommands } from './commands/story.ts';
import { nearest } from './near.ts';
import { optionsOf, runRecorded } from './run-recorded.ts';
import { readTyped } from './typed.ts';

/** Everything that an operator can ask for, in the order of the help. A new subject is a file there and a line here. */
export const commands: readonly Command[] = [
  ...attentionCommands,
  ...documentListCommands,
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

/** Options that every command takes. */
const generalOptions: readonly CommandOption[] = [
  { name: 'table', form: 'NAME', meaning: 'a deployment, by its table, under your own AWS credentials' },
  { name: 'dir', form: 'FOLDER', meaning: 'a local run; without either, the one in .local' },
  { name: 'json', meaning: 'for programs: { ok, command, messages, data }' },
  { name: 'help', meaning: 'this, or with a command its options and examples' },
];

/** Every option of every command: the command line is read before it is known which command is meant. */
export const allOptions: readonly CommandOption[] = [
  ...generalOptions,
  ...new Map(commands.flatMap((command) => optionsOf(command).map((one) => [one.name, one]))).values(),
];

const optionRow = ({ name, form, meaning }: CommandOption): readonly [string, string] => [
  `--${name}${form === undefined ? '' : ` ${form}`}`,
  meaning,
];

const endings =
  'Ends with 0: done, or nothing to do · 1: refused or not there, nothing changed · 2: not asked properly · 3: broke off, ask again.';

const overview = (some: readonly Command[]): string[] => [
  'Usage: npm run operate -- COMMAND [OPTIONS]',
  '',
  ...table(some.map((command) => [typed(command), command.does])),
  '',
  ...table(generalOptions.map(optionRow)),
  endings,
];

export const usage: readonly string[] = overview(commands);

const seeHelp = (words?: string): string =>
  words === undefined
    ? 'npm run operate -- help lists all of them.'
    : `npm run operate -- help ${words} shows its options and examples.`;

const usageLine = (command: Command): string =>
  `Usage: npm run operate -- ${typed(command)}${optionsOf(command).length > 0 ? ' [OPTIONS]' : ''}`;

const helpOf = (command: Command): string[] => [
  usageLine(command),
  '',
  `  ${command.does}`,
  ...(command.notes ?? []).map((note) => `  ${note}`),
  '',
  ...table([...optionsOf(command), ...generalOptions].map(optionRow)),
  '',
  ...command.examples.map((example) => `  npm run operate -- ${example}`),
  '',
  endings,
];

const wordsOf = (command: Command): readonly string[] => command.words.split(' ');
const isAsked = (command: Command, words: readonly string[]): boolean =>
  wordsOf(command).every((word, index) => words[index] === word);

/** The command that the words name; of two the longer. */
const commandOf = (words: readonly string[]): Command | undefined =>
  commands
    .filter((command) => isAsked(command, words))
    .reduce<Command | undefined>((a, b) => (a && wordsOf(a).length > wordsOf(b).length ? a : b), undefined);

const ofSubject = (words: readonly string[]): readonly Command[] =>
  commands.filter((command) => wordsOf(command)[0] === words[0]);

/** What may have been meant by words that name no command: the nearest, by as many words as it has itself. */
const meantBy = (words: readonly string[]): string | undefined =>
  [3, 2, 1]
    .filter((count) => count <= words.length)
    .map((count) => {
      const ofThatLength = commands.map((command) => command.words).filter((each) => each.split(' ').length === count);
      return nearest(words.slice(0, count).join(' '), ofThatLength);
    })
    .find((found) => found !== undefined);

/** The words name nothing: what was meant, or what there is. */
const unknown = (words: readonly string[]): readonly string[] => {
  const some = ofSubject(words);
  // Not the words behind: what stands there is an id or a file.
  const said = words.slice(0, some.length > 0 ? 2 : 1).join(' ');
  const meant = meantBy(words);
  if (meant !== undefined) return [`There is no command ${said}. Did you mean ${meant}?`, seeHelp(meant)];
  return [`There is no command ${said}.`, ...(some.length > 0 ? ['', ...overview(some)] : [seeHelp()])];
};

/** Help on what the words name: a command, all of a subject, or everything. */
export const help = (words: readonly string[]): CommandResult => {
  const command = commandOf(words);
  if (command) return succeeded(helpOf(command));
  if (words.length === 0) return succeeded(usage);
  const subject = words.length === 1 ? ofSubject(words) : [];
  return subject.length > 0 ? succeeded(overview(subject)) : misused(...unknown(words));
};

/** Not asked properly: what is wrong, and how it is asked. */
export const wrongly = (words: readonly string[], problems: readonly string[]): CommandResult => {
  const command = commandOf(words);
  return misused(...problems, ...(command ? [usageLine(command)] : []), seeHelp(command?.words));
};

const isOptional = (argument: string): boolean => argument.startsWith('[');

/** What is wrong with what stands behind the words. */
const argumentProblems = ({ words, takes }: Command, args: readonly string[]): readonly string[] => {
  const missing = takes.filter((argument) => !isOptional(argument)).slice(args.length);
  if (missing.length > 0) return [`${words} needs ${missing.join(' and ')}.`];
  if (args.length <= takes.length) return [];
  return [
    takes.length === 0
      ? `${words} takes nothing behind it.`
      : `${words} takes ${takes.join(' ')} and no more: words with spaces stand in quotes.`,
  ];
};

/** What is wrong with how a command is asked, before it looks at anything. */
const problemsOf = (command: Command, args: readonly string[], options: CommandOptions): readonly string[] => {
  const known = new Set(optionsOf(command).map(({ name }) => name));
  const foreign = Object.keys(options).filter((name) => options[name] !== undefined && !known.has(name));
  return [...argumentProblems(command, args), ...foreign.map((name) => `${command.words} takes no --${name}.`)];
};

/** The same of whatever somebody may type: for pages that say what to type. */
export const typedProblems = (args: readonly string[]): readonly string[] => {
  const { words, options, problems } = readTyped(args, allOptions);
  const { dir: _d, table: _t, json: _j, help: _h, ...given } = options;
  if (problems.length > 0 || words[0] === 'help') return problems;
  const command = commandOf(words);
  if (!command) return unknown(words).slice(0, 1);
  const unsaid = command.looks && given.by === undefined ? [`${command.words} asks who looks: --by.`] : [];
  return [...problemsOf(command, words.slice(wordsOf(command).length), given), ...unsaid];
};

/** What a command would say to a person or a program who typed it. */
export const runCommand = async (
  words: readonly string[],
  context: CommandContext,
  options: CommandOptions = {},
): Promise<CommandResult> => {
  if (words[0] === 'help') return help(words.slice(1));
  if (words.length === 0) return misused(...usage);
  const command = commandOf(words);
  if (!command) return misused(...unknown(words));
  const args = words.slice(wordsOf(command).length);
  const problems = problemsOf(command, args, options);
  return problems.length > 0 ? wrongly(words, problems) : runRecorded(command, args, options, context);
};
