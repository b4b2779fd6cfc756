import { z } from 'zod';
import type { Resource, Synthesised } from './support.ts';

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statement = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), list)]).optional(),
  Action: list,
  Resource: list.default([]),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});
export type Statement = z.output<typeof statement>;
const policy = z.object({ Statement: z.array(statement) });

export const statementsOf = (document: unknown): readonly Statement[] => policy.parse(document).Statement;

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  ).test(text);

/** Whether any statement allows it, its conditions aside. Nothing in the identity policies here denies. */
export const allows = (statements: readonly Statement[], action: string, resource: string): boolean =>
  statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === 'Allow' &&
      Action.some((pattern) => matches(pattern, action)) &&
      Resource.some((pattern) => matches(pattern, resource)),
  );

/** Everything that the role with this ARN or name may do. */
export const statementsOfRole = (system: Synthesised, role: Resource): readonly Statement[] =>
  system
    .of('AWS::IAM::Policy')
    .filter(({ properties }) => z.array(z.string()).parse(properties.Roles).includes(system.ref(role)))
    .flatMap(({ properties }) => statementsOf(properties.PolicyDocument));

/** The service principals that a key, topic or queue policy lets in, each with its conditions. */
export const admitted = (statements: readonly Statement[]): { service: string; statement: Statement }[] =>
  statements.flatMap((each) =>
    each.Effect === 'Allow' && typeof each.Principal === 'object'
      ? (each.Principal.Service ?? []).map((service) => ({ service, statement: each }))
      : [],
  );
