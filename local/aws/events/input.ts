import { atPath } from './json-path.ts';
import type { Json, JsonObject } from './pattern.ts';

/** CloudFormation's InputTransformer in this project's spelling. */
export interface InputTransformer {
  readonly inputPathsMap?: Readonly<Record<string, string>>;
  readonly inputTemplate: string;
}

/** What the predefined variables of a template stand for. */
export interface RuleIdentity {
  readonly name: string;
  readonly arn: string;
  /** When the event came in, ISO 8601. */
  readonly ingestedAt: string;
}

/** A transformed event that is no JSON although its template is an object or a list: EventBridge cannot deliver it. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

const predefined = (event: JsonObject, rule: RuleIdentity | undefined): Map<string, Json | undefined> => {
  const { detail, ...envelope } = event;
  return new Map<string, Json | undefined>([
    ['aws.events.event', envelope],
    ['aws.events.event.json', event],
    ['aws.events.rule-name', rule?.name],
    ['aws.events.rule-arn', rule?.arn],
    ['aws.events.event.ingestion-time', rule?.ingestedAt],
  ]);
};

/** As it appears inside a string: text as it is, nothing escaped; objects and lists without their quotes. */
const inside = (value: Json | undefined): string => {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '');
};

/** As it appears in a JSON value's place. */
const outside = (value: Json | undefined): string => (value === undefined ? '' : JSON.stringify(value));

const pieces = /\\.|"|<([A-Za-z0-9_.-]+)>/gs;

/**
 * An event as its target gets it (EventBridge, "input transformation"). A placeholder in a JSON value's place becomes
 * that JSON value, with the quotes a string needs. A placeholder within quotes is put in as it stands: EventBridge
 * documents that it does not escape it, so a value with a quote in it breaks the result there too. A path that finds
 * nothing leaves nothing. A template that is an object or a list must come out as JSON, and travels without white space; else
 * InvalidInput is thrown. A template that is a string keeps its quotes.
 */
export const transformInput = (transformer: InputTransformer, event: JsonObject, rule?: RuleIdentity): string => {
  const variables = predefined(event, rule);
  for (const [name, path] of Object.entries(transformer.inputPathsMap ?? {})) variables.set(name, atPath(event, path));
  const template = transformer.inputTemplate.trim();
  const isJson = /^[{[]/.test(template);
  let quoted = false;
  const filled = template.replace(pieces, (piece, name: string | undefined) => {
    if (piece === '"') quoted = !quoted;
    if (name === undefined) return piece;
    const value = variables.get(name);
    return quoted || !isJson ? inside(value) : outside(value);
  });
  if (!isJson) return filled;
  try {
    return JSON.stringify(JSON.parse(filled));
  } catch {
    throw new InvalidInput('The input template did not come out as JSON');
  }
};
