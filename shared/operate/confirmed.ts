import type { CommandContext, CommandOption, CommandOptions, CommandResult } from './command.ts';

export const yesOption: CommandOption = {
  name: 'yes',
  meaning: 'do it; without it you are shown what would happen, and asked where somebody can answer',
};

/**
 * Shows what would happen, and has it done when it is confirmed: by `--yes`, or by a person who types it. A program that
 * does not say `--yes` is shown it, and nothing is done.
 */
export const confirmed = async (
  shown: readonly string[],
  options: CommandOptions,
  { confirm }: CommandContext,
  data: unknown,
  run: () => Promise<CommandResult>,
): Promise<CommandResult> => {
  if (options.yes === true) return run();
  if (!confirm) {
    return {
      ok: false,
      lines: [...shown, 'Nothing was done: to do it, say it again with --yes.'],
      data: { confirmed: false, ...(data as object) },
    };
  }
  if (await confirm(shown)) return run();
  return { ok: false, lines: ['Nothing was done.'], data: { confirmed: false, ...(data as object) } };
};
