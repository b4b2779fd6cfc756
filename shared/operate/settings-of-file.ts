import type { z } from 'zod';
import { isRegistryFile, type RegistryPart, registryFile } from '../senders/registry-file.ts';
import { type CommandContext, refused } from './command.ts';
import { faultsOf } from './issue-lines.ts';
import { type FileReading, readJson } from './read-file.ts';

/** A setting as it stands in a file, under the name that its problems have. */
export interface Named<S> {
  readonly id: string;
  readonly setting: S;
}

const idIn = (value: unknown, idField: string): string | undefined => {
  const id = typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === idField) : [];
  return typeof id?.[1] === 'string' ? id[1] : undefined;
};

/** A problem of one setting, or of one of several. */
export const settingProblem = (path: string, message: string, of: string | undefined): string =>
  `  ${of === undefined ? '' : `${of}: `}${path || 'the whole file'}: ${message}`;

/**
 * One setting, or all of an export's part, valid by themselves; or every problem of all of them at once. Nothing of a
 * file is put of which anything is wrong.
 */
export const settingsOfFile = <S extends z.ZodType>(
  schema: S,
  part: RegistryPart,
  idField: string,
  file: string,
  context: CommandContext,
): FileReading<{ readonly many: boolean; readonly settings: readonly Named<z.output<S>>[] }> => {
  const json = readJson(file, context);
  if (json.kind === 'problem') return json;
  const many = isRegistryFile(json.value);
  const registry = many ? registryFile.safeParse(json.value, { reportInput: true }) : undefined;
  const problems = (registry?.error ? faultsOf(registry.error, registryFile) : []).map(({ path, message }) =>
    settingProblem(path, message, undefined),
  );
  const settings: Named<z.output<S>>[] = [];
  const values = many ? (registry?.data?.[part] ?? []) : [json.value];
  for (const [index, value] of values.entries()) {
    const id = idIn(value, idField) ?? `${part}[${index}]`;
    const parsed = schema.safeParse(value, { reportInput: true });
    if (parsed.success) {
      if (settings.some((other) => other.id === id)) problems.push(`  ${id}: stands in the file twice`);
      settings.push({ id, setting: parsed.data });
      continue;
    }
    const of = many ? id : undefined;
    problems.push(...faultsOf(parsed.error, schema).map(({ path, message }) => settingProblem(path, message, of)));
  }
  if (problems.length === 0 && settings.length === 0) problems.push(`  it holds no ${part}`);
  return problems.length === 0
    ? { kind: 'value', value: { many, settings } }
    : { kind: 'problem', result: refused(`${file} cannot be used; put these right:`, ...problems) };
};
