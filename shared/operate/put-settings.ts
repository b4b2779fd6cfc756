import { z } from 'zod';
import type { PutOutcome } from '../registry/entries.ts';
import type { Changed, Versioned } from '../registry/versioned.ts';
import { differenceLine, differences } from '../senders/differences.ts';
import type { RegistryPart } from '../senders/registry-file.ts';
import type { RegistryProblem } from '../senders/registry-problems.ts';
import {
  type CommandContext,
  type CommandOption,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
  succeeded,
} from './command.ts';
import { settingProblem, settingsOfFile } from './settings-of-file.ts';
import { problemLines, whoFields, whoOptions } from './who.ts';

const putWords = z.object({
  by: whoFields.by,
  why: whoFields.why.optional(),
  over: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a version’s number')
    .transform(Number)
    .optional(),
});

export const putOptions: readonly CommandOption[] = [
  ...whoOptions,
  { name: 'over', form: 'VERSION', meaning: 'only if this version still stands (0: if it is not registered yet)' },
];

/** What putting needs to know of senders, of mailboxes or of clients. */
export interface Putting<S, T extends Versioned<S>> {
  readonly word: 'sender' | 'mailbox' | 'client';
  readonly schema: z.ZodType<S>;
  readonly part: RegistryPart;
  readonly idField: string;
  readonly read: (id: string) => Promise<T | undefined>;
  readonly problems: (setting: S, stored: T | undefined) => Promise<readonly RegistryProblem[]>;
  readonly put: (setting: S, changed: Changed, over: number) => Promise<PutOutcome>;
  /** What it means, once it is put. */
  readonly tell: (setting: S) => Promise<readonly string[]>;
}

const outcomes = { created: 'created', replaced: 'replaced', same: 'stays as it was' } as const;

/** All of it, or nothing: whatever stands against one setting of a file is told with what stands against the others. */
export const putSettings = async <S, T extends Versioned<S>>(
  file: string,
  options: CommandOptions,
  context: CommandContext,
  { word, schema, part, idField, read, problems, put, tell }: Putting<S, T>,
): Promise<CommandResult> => {
  const words = putWords.safeParse(options);
  if (!words.success) return misused('Nothing was put; put these right:', ...problemLines(words.error));
  const { by, why, over } = words.data;
  const inFile = settingsOfFile(schema, part, idField, file, context);
  if (inFile.kind === 'problem') return inFile.result;
  const { many, settings } = inFile.value;
  const looked: { readonly id: string; readonly setting: S; readonly stored: T | undefined }[] = [];
  const wrong: string[] = [];
  for (const { id, setting } of settings) {
    const stored = await read(id);
    const standing = stored?.version ?? 0;
    looked.push({ id, setting, stored });
    if (over !== undefined && over !== standing) {
      wrong.push(`  ${id}: version ${standing} stands${stored ? `, by ${stored.changedBy}` : ''}, not version ${over}`);
    }
    const found = await problems(setting, stored);
    wrong.push(...found.map(({ path, message }) => settingProblem(path, message, many ? id : undefined)));
  }
  if (wrong.length > 0) return refused(`${file} was not put; put these right:`, ...wrong);

  const lines: string[] = [];
  const done: object[] = [];
  const changed: Changed = { at: context.clock.now(), by, ...(why === undefined ? {} : { why }) };
  for (const { id, setting, stored } of looked) {
    const outcome = await put(setting, changed, stored?.version ?? 0);
    if (outcome.kind === 'overtaken') {
      return refused(
        ...lines,
        `${word} ${id} was not put: ${outcome.by} has changed it meanwhile (version ${outcome.version}). See ${word} diff ${id}, and put the file again.`,
      );
    }
    const changes = stored ? differences(stored.setting, setting) : [];
    const name = `${word.replace(/^./, (first) => first.toUpperCase())} ${id}`;
    lines.push(
      `${name} ${outcomes[outcome.kind]} (version ${outcome.version}).`,
      ...changes.map((each) => `  ${differenceLine(each)}`),
      ...(await tell(setting)),
    );
    done.push({ id, outcome: outcome.kind, version: outcome.version, differences: changes });
  }
  return succeeded(lines, { put: done });
};
