/** A JSON value, as events and patterns are made of. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Parsed text as JSON: the one place where `unknown` is taken for what JSON.parse can only have made. */
export const parseJson = (text: string): Json => JSON.parse(text) as Json;

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isJsonArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const broken = (what: string) => new Error(`This event pattern is not valid: ${what}`);

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** `[">", 0, "<=", 5]`: every comparison holds. */
const inRange = (range: Json | undefined, value: Json): boolean => {
  if (!isJsonArray(range) || range.length === 0 || range.length % 2 !== 0) throw broken('numeric needs pairs');
  for (let i = 0; i < range.length; i += 2) {
    const compare = comparisons[String(range[i])];
    const bound = range[i + 1];
    if (!compare || typeof bound !== 'number') throw broken('numeric needs operators and numbers');
    if (typeof value !== 'number' || !compare(value, bound)) return false;
  }
  return true;
};

/** `*` stands for any run of characters, also none; `\*` and `\\` for themselves. */
const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replace(/\\[\\*]|\*|[\\^$.|?+()[\]{}]/g, (found) => {
      if (found === '*') return '.*';
      return `\\${found.at(-1)}`;
    })}$`,
    's',
  );

const folded = (text: Json | undefined, fold: boolean): string => {
  if (typeof text !== 'string') throw broken('text is needed');
  return fold ? text.toLowerCase() : text;
};

/** `"abc"` or `{"equals-ignore-case": "abc"}`, as prefix and suffix take it. */
const textOperand = (operand: Json | undefined): { text: string; fold: boolean } =>
  isJsonObject(operand)
    ? { text: folded(operand['equals-ignore-case'], true), fold: true }
    : { text: folded(operand, false), fold: false };

/** Conditions that one value meets or not. */
const operators: Readonly<Record<string, (operand: Json | undefined, value: Json) => boolean>> = {
  prefix: (operand, value) => {
    const { text, fold } = textOperand(operand);
    return typeof value === 'string' && folded(value, fold).startsWith(text);
  },
  suffix: (operand, value) => {
    const { text, fold } = textOperand(operand);
    return typeof value === 'string' && folded(value, fold).endsWith(text);
  },
  'equals-ignore-case': (operand, value) => typeof value === 'string' && folded(value, true) === folded(operand, true),
  wildcard: (operand, value) => typeof value === 'string' && wildcard(folded(operand, false)).test(value),
  numeric: inRange,
};

/** Anything but: a value, a list of values, or one condition whose operand may be a list. */
const excluded = (operand: Json | undefined, value: Json): boolean => {
  if (isJsonArray(operand)) return operand.includes(value);
  if (!isJsonObject(operand)) return operand === value;
  return Object.entries(operand).some(([name, given]) => {
    const operator = operators[name];
    if (!operator) throw broken(`anything-but does not know ${name}`);
    return (isJsonArray(given) && name !== 'numeric' ? given : [given]).some((one) => operator(one, value));
  });
};

/** Whether one condition of a field's list holds for the field's values; a field that is not there has none. */
const holds = (condition: Json, values: readonly Json[]): boolean => {
  if (!isJsonObject(condition)) return values.includes(condition);
  const [[name, operand] = [], ...others] = Object.entries(condition);
  if (name === undefined || others.length > 0) throw broken('a condition has exactly one name');
  if (name === 'exists') {
    if (typeof operand !== 'boolean') throw broken('exists needs true or false');
    // It is about leaves: an object in the field's place is not the field.
    return operand === values.some((value) => !isJsonObject(value));
  }
  if (name === 'anything-but') return values.some((value) => !isJsonObject(value) && !excluded(operand, value));
  const operator = operators[name];
  if (!operator) throw broken(`unknown condition ${name}`);
  return values.some((value) => operator(operand, value));
};

const valuesOf = (value: Json | undefined): readonly Json[] => {
  if (value === undefined) return [];
  return isJsonArray(value) ? value.flatMap(valuesOf) : [value];
};

const matchesObject = (pattern: JsonObject, event: JsonObject): boolean =>
  Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or') {
      if (!isJsonArray(wanted)) throw broken('$or needs a list');
      return wanted.some((one) => isJsonObject(one) && matchesObject(one, event));
    }
    const value = event[field];
    if (isJsonArray(wanted)) {
      const values = valuesOf(value);
      return wanted.some((condition) => holds(condition, values));
    }
    if (!isJsonObject(wanted)) throw broken(`${field} needs a list of values or a nested pattern`);
    // In a list of objects one of them meets the whole nested pattern; what is not there has no fields.
    const inner = valuesOf(value).filter(isJsonObject);
    return (inner.length > 0 ? inner : [{}]).some((one) => matchesObject(wanted, one));
  });

/**
 * Whether an event matches an EventBridge event pattern: exact values, prefix, suffix, equals-ignore-case, wildcard,
 * anything-but, numeric, exists, nested fields and `$or`. Throws for a pattern that EventBridge would refuse.
 */
export const matchesPattern = (pattern: JsonObject, event: JsonObject): boolean => matchesObject(pattern, event);
