import type { z } from 'zod';
import { type CommandContext, type CommandResult, refused } from './command.ts';
import { faultsOf } from './issue-lines.ts';

export type FileReading<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'problem'; readonly result: CommandResult };

/** A file's JSON, unchecked. */
export const readJson = (file: string, { readText }: CommandContext): FileReading<unknown> => {
  const text = readText(file);
  if (text === undefined) return { kind: 'problem', result: refused(`Cannot read ${file}.`) };
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    return { kind: 'problem', result: refused(`${file} is not JSON: ${why}`) };
  }
};

/** Reads and validates a file: its value, or every problem at once with its path. */
export const readFileOf = <S extends z.ZodType>(
  schema: S,
  file: string,
  context: CommandContext,
): FileReading<z.output<S>> => {
  const json = readJson(file, context);
  if (json.kind === 'problem') return json;
  const parsed = schema.safeParse(json.value, { reportInput: true });
  if (parsed.success) return { kind: 'value', value: parsed.data };
  return {
    kind: 'problem',
    result: refused(
      `${file} cannot be used; put these right:`,
      ...faultsOf(parsed.error, schema).map(({ path, message }) => `  ${path || 'the whole file'}: ${message}`),
    ),
  };
};
