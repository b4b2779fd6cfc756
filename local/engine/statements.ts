import { z } from 'zod';

/** One statement of an identity policy. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** The statement is about every action but these. */
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  /** Condition keys it depends on (`s3:prefix`). A call here carries none of them, so they are not evaluated. */
  readonly conditionKeys: readonly string[];
}

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore.default([]),
  NotAction: oneOrMore.default([]),
  Resource: oneOrMore.default([]),
  NotResource: oneOrMore.default([]),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

export const policyDocument = z.looseObject({
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});

export const statementsOf = (document: z.output<typeof policyDocument>): Statement[] =>
  document.Statement.map((each) => ({
    effect: each.Effect,
    actions: each.Action,
    notActions: each.NotAction,
    resources: each.Resource,
    notResources: each.NotResource,
    conditionKeys: Object.values(each.Condition).flatMap((keys) => Object.keys(keys)),
  }));

/** `*` stands for any run of characters, `?` for one. */
const matches = (pattern: string, value: string, flags = ''): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    `s${flags}`,
  ).test(value);

/** Action names have no case; ARNs do. */
const coversAction = ({ actions, notActions }: Statement, action: string): boolean =>
  notActions.length > 0
    ? !notActions.some((pattern) => matches(pattern, action, 'i'))
    : actions.some((pattern) => matches(pattern, action, 'i'));

const coversResource = ({ resources, notResources }: Statement, resource: string): boolean =>
  notResources.length > 0
    ? !notResources.some((pattern) => matches(pattern, resource))
    : resources.some((pattern) => matches(pattern, resource));

export interface Verdict {
  readonly allowed: boolean;
  /** Condition keys that were not evaluated on the way. */
  readonly unevaluated: readonly string[];
}

/**
 * Whether a role's statements allow a call. Where conditions are in the way the role gets the benefit of the doubt: an
 * Allow counts as if they held, a Deny as if they did not.
 */
export const evaluate = (statements: readonly Statement[], action: string, resource: string): Verdict => {
  const about = statements.filter((each) => coversAction(each, action) && coversResource(each, resource));
  const denied = about.some(({ effect, conditionKeys }) => effect === 'Deny' && conditionKeys.length === 0);
  const allowing = about.filter(({ effect }) => effect === 'Allow');
  const unconditional = allowing.some(({ conditionKeys }) => conditionKeys.length === 0);
  const conditional = about.filter(({ effect }) => effect === 'Deny' || !unconditional);
  return {
    allowed: !denied && allowing.length > 0,
    unevaluated: [...new Set(conditional.flatMap(({ conditionKeys }) => conditionKeys))],
  };
};
