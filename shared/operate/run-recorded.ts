import {
  type Command,
  type CommandContext,
  type CommandOption,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
} from './command.ts';
import { type Looker, looking, NotRecorded } from './looking.ts';
import { looker, problemLines, whoOptions } from './who.ts';

/** What a command takes: its own options, and who looks where it only does that. */
export const optionsOf = ({ options = [], looks, changes }: Command): readonly CommandOption[] =>
  looks && !changes ? [...options, ...whoOptions] : options;

/** Runs a command, with everything kept that it looks at. */
export const runRecorded = async (
  command: Command,
  args: readonly string[],
  given: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  const asksWho = optionsOf(command).some(({ name }) => name === 'by');
  const options = asksWho && given.by === undefined ? { ...given, by: context.by } : given;
  const read = looker[command.looks ?? 'who'].safeParse(options);
  // What changes something tells itself what is wrong with who and why, with all else that is wrong.
  const unasked = read.success
    ? undefined
    : misused('Nothing was looked at; put these right:', ...problemLines(read.error));
  if (command.looks && !command.changes && unasked) return unasked;
  const who: Looker | undefined = read.data;
  const archive = typeof options.archive === 'string' ? options.archive : undefined;
  const watched = looking(command, who, context, archive);
  try {
    const result = await command.run(args, options, watched.context);
    await watched.settle();
    return result;
  } catch (error) {
    if (!(error instanceof NotRecorded) || watched.hasChanged()) throw error;
    return (
      unasked ??
      refused(`Nothing is shown and nothing was done, because that you look cannot be recorded: ${error.message}`)
    );
  }
};
