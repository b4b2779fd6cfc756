import { z } from 'zod';

/** Settings as an operator reads them, made from the schemas that check them: docs/operating.md. */
export interface Setting {
  /** `queues.ingest.batchSize`, `senders[].odsCode`. */
  readonly path: string;
  /** What may stand there. */
  readonly form: string;
  /** Absent: it must be given. `'none'`: it may be left out, and nothing takes its place. */
  readonly default?: string;
  readonly meaning: string;
}

interface Node {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
}

const formats: Readonly<Record<string, string>> = { uri: 'address', email: 'e-mail address' };

const formOf = (node: Node): string => {
  const choices = node.enum ?? node.anyOf?.map((each) => each.const) ?? (node.const === undefined ? [] : [node.const]);
  if (choices.length > 0) return choices.map(String).join(', ');
  if (node.type === 'array') return 'list';
  if (node.type === 'object') return 'object';
  if (node.type === 'integer' || node.type === 'number') {
    const least = node.minimum ?? (node.exclusiveMinimum === undefined ? undefined : node.exclusiveMinimum + 1);
    // What no integer is beyond is no limit.
    const most = node.maximum === Number.MAX_SAFE_INTEGER ? undefined : node.maximum;
    if (least === undefined && most === undefined) return 'number';
    return most === undefined ? `number from ${least}` : `${least} to ${most}`;
  }
  if (node.type === 'boolean') return 'true, false';
  return formats[node.format ?? ''] ?? 'text';
};

const settingsIn = (node: Node, prefix: string): Setting[] =>
  Object.entries(node.properties ?? {}).flatMap(([key, field]) => {
    const path = `${prefix}${key}`;
    if (field.properties && field.description === undefined) return settingsIn(field, `${path}.`);
    const optional = !node.required?.includes(key);
    const setting: Setting = {
      path,
      form: formOf(field),
      ...(field.default !== undefined
        ? { default: typeof field.default === 'string' ? field.default : JSON.stringify(field.default) }
        : optional
          ? { default: 'none' }
          : {}),
      meaning: field.description ?? '',
    };
    return [setting, ...(field.items ? settingsIn(field.items, `${path}[].`) : [])];
  });

/** Every setting of a schema, in its order; groups are spelled out. */
export const settingsOf = (schema: z.ZodType): readonly Setting[] =>
  settingsIn(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node, '');

/** A Markdown table. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    // A bar would end the cell.
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
    .replaceAll('| --- ', '|---')
    .replaceAll('|--- |', '|---|');
