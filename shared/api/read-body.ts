import type { z } from 'zod';
import { type JsonObject, type JsonPath, readJson } from '../submission/json-text.ts';
import { pathText } from '../submission/read-manifest.ts';
import { type ApiProblem, apiProblem } from './problems.ts';

export type BodyReading =
  | { readonly kind: 'object'; readonly value: JsonObject; readonly doubled: readonly JsonPath[] }
  | { readonly kind: 'problem'; readonly problem: ApiProblem };

// One level around the manifest, which has sixteen at most.
const maxDepth = 17;

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/**
 * What the gateway puts where the bytes are not UTF-8: it hands a body over as text, so the bytes themselves are gone. A
 * name with it is not the patient's any more.
 */
const lost = '\uFFFD';

/** A body as a JSON object; a doubled field stays to be told with what else is wrong. */
export const readBody = (body: Uint8Array | undefined): BodyReading => {
  const text = body && decode(body);
  if (text === undefined || text.trim() === '') return { kind: 'problem', problem: apiProblem('BODY_NOT_JSON') };
  if (text.includes(lost)) {
    const says = 'The body is not UTF-8, or holds U+FFFD, which stands for a character that was lost on the way.';
    return { kind: 'problem', problem: apiProblem('BODY_NOT_JSON', undefined, says) };
  }
  const read = readJson(text, maxDepth);
  if (read.kind === 'broken') {
    const says = `The body is not JSON: it goes wrong at line ${read.line}, column ${read.column}.`;
    return { kind: 'problem', problem: apiProblem('BODY_NOT_JSON', undefined, says) };
  }
  if (read.kind === 'too-deep') {
    return { kind: 'problem', problem: apiProblem('BODY_NOT_JSON', undefined, 'The body is nested too deep.') };
  }
  const { value, doubled } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'problem', problem: apiProblem('BODY_NOT_OBJECT') };
  }
  return { kind: 'object', value: value as JsonObject, doubled };
};

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  );

const problemsOf = (issue: z.core.$ZodIssue, value: unknown): ApiProblem[] => {
  const path = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => apiProblem('FIELD_UNKNOWN', pathText([...issue.path, key])));
  }
  if (valueAt(value, issue.path) === undefined) return [apiProblem('FIELD_MISSING', path)];
  return [apiProblem('FIELD_NOT_ALLOWED', path)];
};

/** Holds a body against its schema: strictly, and telling everything at once. */
export const checkBody = <S extends z.ZodType>(
  schema: S,
  { value, doubled }: Extract<BodyReading, { kind: 'object' }>,
): { readonly problems: readonly ApiProblem[]; readonly value?: z.output<S> } => {
  const parsed = schema.safeParse(value);
  return {
    problems: [
      ...doubled.map((path) => apiProblem('FIELD_TWICE', pathText(path))),
      ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, value))),
    ],
    ...(parsed.success ? { value: parsed.data } : {}),
  };
};
