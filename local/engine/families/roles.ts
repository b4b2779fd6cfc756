import { z } from 'zod';
import { policyDocument, type Statement, statementsOf } from '../statements.ts';
import { type Family, family, generatedName, type Site } from './family.ts';

const add = ({ plan }: Site, roleName: string, statements: readonly Statement[]): void => {
  plan.roles.set(roleName, [...(plan.roles.get(roleName) ?? []), ...statements]);
};

const inline = z.array(z.object({ PolicyName: z.string(), PolicyDocument: policyDocument })).default([]);

const role = family(
  'AWS::IAM::Role',
  z.object({
    RoleName: z.string().optional(),
    Path: z.string().default('/'),
    Policies: inline,
    ManagedPolicyArns: z.array(z.string()).default([]),
  }),
  ['AssumeRolePolicyDocument', 'Description', 'MaxSessionDuration', 'Tags'],
  (declared, site) => {
    const { RoleName, Path, Policies, ManagedPolicyArns } = declared.properties;
    const name = RoleName ?? generatedName(declared, 64);
    add(
      site,
      name,
      Policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
    );
    for (const arn of ManagedPolicyArns) {
      // Writing logs is done by the engine, so the one policy that only allows that adds nothing.
      if (arn.endsWith(':policy/service-role/AWSLambdaBasicExecutionRole')) continue;
      const managed = site.plan.roles.get(arn);
      if (managed) add(site, name, managed);
      else site.warn(`AWS::IAM::Role ${declared.path}: what the managed policy ${arn} allows is not known here`);
    }
    return {
      ref: name,
      attributes: { Arn: `arn:aws:iam::${site.account}:role${Path}${name}`, RoleId: `AROA${name.toUpperCase()}` },
    };
  },
);

const policy = family(
  'AWS::IAM::Policy',
  z.object({ PolicyDocument: policyDocument, Roles: z.array(z.string()).default([]) }),
  ['PolicyName'],
  (declared, site) => {
    const { PolicyDocument, Roles } = declared.properties;
    for (const name of Roles) add(site, name, statementsOf(PolicyDocument));
    return { ref: generatedName(declared, 128), attributes: { Id: generatedName(declared, 128) } };
  },
);

const managedPolicy = family(
  'AWS::IAM::ManagedPolicy',
  z.object({
    ManagedPolicyName: z.string().optional(),
    PolicyDocument: policyDocument,
    Roles: z.array(z.string()).default([]),
    Path: z.string().default('/'),
  }),
  ['Description'],
  (declared, site) => {
    const { ManagedPolicyName, PolicyDocument, Roles, Path } = declared.properties;
    const arn = `arn:aws:iam::${site.account}:policy${Path}${ManagedPolicyName ?? generatedName(declared, 128)}`;
    const statements = statementsOf(PolicyDocument);
    // Under its own ARN for roles that name it; a role that it names has them at once.
    add(site, arn, statements);
    for (const name of Roles) add(site, name, statements);
    return { ref: arn, attributes: { PolicyArn: arn } };
  },
);

export const roleFamilies: readonly Family[] = [role, policy, managedPolicy];
