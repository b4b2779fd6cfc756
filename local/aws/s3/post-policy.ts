import { accessDenied, S3Error } from './errors.ts';

/** The limits that a POST policy sets on the length of the file, in bytes. */
export interface LengthRange {
  readonly least: number;
  readonly most: number;
}

const failed = (what: string) => accessDenied(`Invalid according to Policy: ${what}`);

/** Fields that need no condition. */
const free = /^(file|policy|x-amz-signature|x-ignore-.*)$/;

/**
 * Holds a form's fields (names in lower case, with the bucket's among them) against its policy document (base64).
 * Throws AccessDenied (403) for an expired policy, a condition that fails or a field that no condition names.
 */
export const checkPostPolicy = (policy: string, fields: ReadonlyMap<string, string>, now: number): LengthRange => {
  let document: { expiration?: unknown; conditions?: unknown };
  try {
    document = JSON.parse(Buffer.from(policy, 'base64').toString());
  } catch {
    throw new S3Error('InvalidPolicyDocument', 400, 'Invalid Policy: Invalid JSON.');
  }
  if (!(Date.parse(String(document.expiration)) > now)) throw failed('Policy expired.');
  let range: LengthRange = { least: 0, most: Number.POSITIVE_INFINITY };
  const covered = new Set<string>();
  const demand = (name: string, holds: (value: string) => boolean, shown: unknown) => {
    const field = name.replace(/^\$/, '').toLowerCase();
    covered.add(field);
    if (!holds(fields.get(field) ?? '')) throw failed(`Policy Condition failed: ${JSON.stringify(shown)}`);
  };
  for (const condition of Array.isArray(document.conditions) ? document.conditions : []) {
    if (!Array.isArray(condition)) {
      for (const [name, value] of Object.entries(condition ?? {})) demand(name, (given) => given === value, condition);
      continue;
    }
    const [operator, first, second] = condition.map(String);
    if (operator === 'content-length-range') range = { least: Number(first), most: Number(second) };
    else if (operator === 'eq') demand(first ?? '', (given) => given === second, condition);
    else if (operator === 'starts-with') demand(first ?? '', (given) => given.startsWith(second ?? ''), condition);
    else throw failed('Invalid Condition');
  }
  for (const name of fields.keys()) {
    if (!covered.has(name) && !free.test(name) && name !== 'bucket') throw failed(`Extra input fields: ${name}`);
  }
  return range;
};
