import { z } from 'zod';
import { type JsonPath, type JsonValue, readJson } from './json-text.ts';
import { type Manifest, manifestLimit, manifestSchema, type SalvagedManifest } from './manifest.ts';
import { holdsNhsNumber } from './nhs-number.ts';
import { type Problem, type ProblemCode, problem, problemCodes } from './problems.ts';
import { typeWords } from './type-words.ts';

export type ManifestReading =
  | { readonly kind: 'manifest'; readonly manifest: Manifest; readonly json: JsonValue }
  | {
      readonly kind: 'partial';
      /** All that is wrong with its shape. Give `salvaged` to `checkManifest` for what is wrong with the rest. */
      readonly problems: readonly Problem[];
      readonly salvaged: SalvagedManifest;
      /** Only if sound: these two say which document was meant. */
      readonly encounterId?: string;
      readonly version?: number;
    }
  | { readonly kind: 'unreadable'; readonly problems: readonly Problem[] };

const maxDepth = 16;

// A key is shown only if it looks like a field's name: it is the provider's text and could be anything.
const showable = (key: string) => /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(key) && !holdsNhsNumber(key);

/** `['patient', 'given', 0]` → `patient.given[0]`; a key that is not fit to be shown becomes `*`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${showable(String(step)) ? String(step) : '*'}`))
    .join('')
    .replace(/^\./, '') || 'manifest';

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  );

const problemsOfIssue = (issue: z.core.$ZodIssue, json: JsonValue): Problem[] => {
  const path = pathText(issue.path);
  switch (issue.code) {
    case 'invalid_type':
      return valueAt(json, issue.path) === undefined
        ? [problem('MISSING', path)]
        : [problem('WRONG_TYPE', path, `Expected ${typeWords[issue.expected] ?? issue.expected}.`)];
    case 'unrecognized_keys':
      return issue.keys.map((key) => problem('UNKNOWN_FIELD', pathText([...issue.path, key])));
    case 'too_big':
      // MESH compares the family name with the one that PDS holds: a shorter one finds nobody.
      if (path === 'patient.family') return [problem('FAMILY_NAME_TOO_LONG', path)];
      if (issue.origin === 'string') return [problem('TOO_LONG', path, `At most ${issue.maximum} characters.`)];
      if (issue.origin === 'array') return [problem('TOO_MANY', path, `At most ${issue.maximum} entries.`)];
      return [problem('OUT_OF_RANGE', path, `At most ${issue.maximum}.`)];
    case 'too_small':
      if (issue.origin === 'string') return [problem('EMPTY', path)];
      if (issue.origin === 'array') return [problem('TOO_FEW', path, `At least ${issue.minimum}.`)];
      return [problem('OUT_OF_RANGE', path, `At least ${issue.minimum}.`)];
    case 'invalid_format':
      return [problem('WRONG_FORMAT', path, issue.message)];
    case 'invalid_value':
      return valueAt(json, issue.path) === undefined
        ? [problem('MISSING', path)]
        : [problem('WRONG_VALUE', path, `Expected one of ${issue.values.map(String).join(', ')}.`)];
    case 'custom': {
      const code: unknown = issue.params?.code;
      return [problem(isProblemCode(code) ? code : 'WRONG_VALUE', path)];
    }
    default:
      return [problem('WRONG_VALUE', path)];
  }
};

const isProblemCode = (code: unknown): code is ProblemCode => typeof code === 'string' && code in problemCodes;

/** What of a value satisfies its own part of the schema; undefined where nothing does. */
const salvage = (schema: z.core.$ZodType, value: unknown): unknown => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return value === undefined ? undefined : salvage(schema.unwrap(), value);
  }
  if (schema instanceof z.ZodObject) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(
      // What is not there stays away: a rule may ask whether it was written at all.
      Object.entries(schema.shape)
        .filter(([key]) => Object.hasOwn(value, key))
        .map(([key, inner]) => [key, salvage(inner, Reflect.get(value, key))]),
    );
  }
  if (schema instanceof z.ZodArray) {
    return Array.isArray(value) ? value.map((item) => salvage(schema.element, item)) : undefined;
  }
  const parsed = z.safeParse(schema, value);
  return parsed.success ? parsed.data : undefined;
};

const unreadable = (code: ProblemCode, says?: string): ManifestReading => ({
  kind: 'unreadable',
  problems: [problem(code, 'manifest', says)],
});

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    // Drops a byte order mark; throws on anything that is not UTF-8.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const partial = (json: JsonValue, problems: readonly Problem[], doubled: readonly JsonPath[]): ManifestReading => {
  const salvaged = salvage(manifestSchema, json) as SalvagedManifest;
  const sound = (field: 'encounterId' | 'version') => !doubled.some(([first]) => first === field);
  const { encounterId, version } = salvaged;
  return {
    kind: 'partial',
    problems,
    salvaged,
    ...(encounterId !== undefined && sound('encounterId') ? { encounterId } : {}),
    ...(version !== undefined && sound('version') ? { version } : {}),
  };
};

/**
 * Reads a manifest's bytes against the schema. Never throws for what a provider sent, and tells everything that is
 * wrong with the shape at once (`boundProblems` limits how much of it is shown).
 */
export const readManifest = (bytes: Uint8Array): ManifestReading => {
  if (bytes.byteLength > manifestLimit) return unreadable('MANIFEST_TOO_LARGE');
  const text = decode(bytes);
  if (text === undefined) return unreadable('MANIFEST_NOT_UTF8');
  if (text.trim() === '') return unreadable('MANIFEST_EMPTY');
  const read = readJson(text, maxDepth);
  if (read.kind === 'too-deep') return unreadable('MANIFEST_TOO_DEEP');
  if (read.kind === 'broken') {
    return unreadable(
      'MANIFEST_NOT_JSON',
      `The manifest is not JSON: it goes wrong at line ${read.line}, column ${read.column}.`,
    );
  }
  const { value, doubled } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unreadable('MANIFEST_NOT_OBJECT');
  const parsed = manifestSchema.safeParse(value);
  const problems = [
    ...doubled.map((path) => problem('DUPLICATE_FIELD', pathText(path))),
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOfIssue(issue, value))),
  ];
  return parsed.success && problems.length === 0
    ? { kind: 'manifest', manifest: parsed.data, json: value }
    : partial(value, problems, doubled);
};
