import type { z } from 'zod';
import { typeWords } from '../submission/type-words.ts';
import { nearest } from './near.ts';

/** What is wrong with one setting of a file: its path, and a sentence in our words. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Behind defaults and the like lies what was meant. */
const bare = (schema: unknown): unknown => {
  const inner =
    typeof schema === 'object' && schema !== null && 'def' in schema
      ? (schema.def as { readonly innerType?: unknown }).innerType
      : undefined;
  return inner === undefined ? schema : bare(inner);
};

const shapeAt = (schema: unknown, path: readonly PropertyKey[]): Readonly<Record<string, unknown>> => {
  const found = bare(schema);
  const shape =
    typeof found === 'object' && found !== null && 'shape' in found
      ? (found.shape as Readonly<Record<string, unknown>>)
      : {};
  const [step, ...rest] = path;
  return step === undefined ? shape : shapeAt(shape[String(step)], rest);
};

const few = (origin: string, minimum: number | bigint): string => {
  if (origin === 'string') return 'must not be empty';
  return origin === 'array' ? `must have ${minimum} or more` : `must be ${minimum} or more`;
};
const many = (origin: string, maximum: number | bigint): string => {
  if (origin === 'string') return `must be ${maximum} characters or fewer`;
  return origin === 'array' ? `must have ${maximum} or fewer` : `must be ${maximum} or less`;
};

const sentence = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${typeWords[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    case 'too_small':
      return few(issue.origin, issue.minimum);
    case 'too_big':
      return many(issue.origin, issue.maximum);
    default:
      return issue.message;
  }
};

/** Every fault of a value that was parsed with `reportInput`, for whoever wrote it. */
export const faultsOf = (error: z.ZodError, schema: z.ZodType): readonly Fault[] =>
  error.issues.flatMap((issue): readonly Fault[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path.join('.'), message: sentence(issue) }];
    const known = Object.keys(shapeAt(schema, issue.path));
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      return {
        path: [...issue.path, key].join('.'),
        message: `there is no such setting${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      };
    });
  });
