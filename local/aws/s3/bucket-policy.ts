import { S3Error } from './errors.ts';

/**
 * Bucket policies, as far as they refuse: Deny statements for everybody, by action and resource, under conditions that
 * this service can judge. A statement with anything else in it is kept with the document and has no effect here.
 */
export interface PolicyStatement {
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[];
  readonly holds: readonly ((request: PolicyContext) => boolean)[];
}

/** What conditions may ask about a request. */
export interface PolicyContext {
  readonly ifNoneMatch: boolean;
  /** Whether the call would make an object appear: PutObject, CopyObject, POST, CompleteMultipartUpload. */
  readonly createsObject: boolean;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const pattern = (wildcards: string): RegExp => {
  const source = wildcards
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's');
};

const patterns = (value: unknown, ignoreCase: boolean): readonly RegExp[] | undefined => {
  const texts = listOf(value).filter((text) => typeof text === 'string');
  if (value === undefined || texts.length === 0) return undefined;
  return texts.map((text) => (ignoreCase ? new RegExp(pattern(text), 'is') : pattern(text)));
};

const isEverybody = (principal: unknown): boolean =>
  principal === '*' || (isObject(principal) && listOf(principal.AWS).includes('*'));

/** One condition as a question to the request; undefined where this service cannot judge it. */
const condition = (
  operator: string,
  key: string,
  value: unknown,
): ((request: PolicyContext) => boolean) | undefined => {
  const wanted = String(listOf(value)[0]) === 'true';
  if (operator === 'Null' && key === 's3:if-none-match') return (request) => !request.ifNoneMatch === wanted;
  if (/^Bool(IfExists)?$/.test(operator) && key === 's3:objectcreationoperation') {
    return (request) => request.createsObject === wanted;
  }
  return undefined;
};

const statement = (source: unknown): PolicyStatement | undefined => {
  if (!isObject(source) || source.Effect !== 'Deny' || !isEverybody(source.Principal)) return undefined;
  const actions = patterns(source.Action, true);
  const resources = patterns(source.Resource, false);
  if (!actions || !resources) return undefined;
  const holds: ((request: PolicyContext) => boolean)[] = [];
  const blocks = isObject(source.Condition) ? Object.entries(source.Condition) : [];
  for (const [operator, block] of blocks) {
    for (const [key, value] of isObject(block) ? Object.entries(block) : []) {
      const judged = condition(operator, key.toLowerCase(), value);
      if (!judged) return undefined;
      holds.push(judged);
    }
  }
  return { actions, resources, holds };
};

/** The refusals of a policy document. Throws MalformedPolicy (400). */
export const readDenials = (document: string): readonly PolicyStatement[] => {
  let policy: unknown;
  try {
    policy = JSON.parse(document);
  } catch {
    policy = undefined;
  }
  if (!isObject(policy)) throw new S3Error('MalformedPolicy', 400, 'Policies must be valid JSON.');
  return listOf(policy.Statement ?? []).flatMap((source) => statement(source) ?? []);
};

export const isDenied = (
  denials: readonly PolicyStatement[],
  action: string,
  resource: string,
  request: PolicyContext,
): boolean =>
  denials.some(
    ({ actions, resources, holds }) =>
      actions.some((wanted) => wanted.test(action)) &&
      resources.some((wanted) => wanted.test(resource)) &&
      holds.every((ask) => ask(request)),
  );
