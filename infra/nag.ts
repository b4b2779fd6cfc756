import { type IResolvable, Reference, Stack, Tokenization, Validations } from 'aws-cdk-lib';
import { type IRole, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/**
 * Every finding of cdk-nag that is accepted, and why. A finding that is not here fails the synthesis.
 */
const reasons = {
  'AwsSolutions-S1 access-logs':
    'This is the bucket that the access logs of the others go to; logging its own access would write for ever.',
  'AwsSolutions-SQS3 dead-letters-of-a-rule':
    'This queue is itself the dead-letter queue of an EventBridge target, which the rule does not look at.',
  'AwsSolutions-SQS3 dead-letters-of-a-subscription':
    'This queue is itself the dead-letter queue of an SNS subscription, which the rule does not look at.',
  'AwsSolutions-SMG4 issued-by-nhs-england':
    'The shared key and the authorities are issued by NHS England, and certificates by an approval that a person gives: no function can renew them. An operator puts a new version; functions read it within a minute.',
  'AwsSolutions-APIG2 the-function-validates':
    'The function checks whole requests itself, so that every problem is told at once, in one OperationOutcome; a validator here would tell the first in words of its own.',
  'AwsSolutions-APIG3 who-calls-is-known':
    'Callers are registered systems with tokens, under a throttle. A web ACL is the account owner’s to add to the stage: its rules and its price are theirs.',
  'AwsSolutions-APIG4 says-only-that-it-is-up':
    'Health checks that tell nothing but whether the service is up: load balancers and monitors that have no token ask.',
  'AwsSolutions-COG4 any-issuer':
    'Tokens of any OIDC issuer are taken, Cognito’s among them: a Lambda authoriser checks them (lambdas/authorise).',
  'AwsSolutions-COG4 says-only-that-it-is-up':
    'Health checks that tell nothing but whether the service is up: load balancers and monitors that have no token ask.',
  'AwsSolutions-APIG6 would-log-what-is-sensitive':
    'Execution logs hold paths, queries and headers, in a log group that takes no key of ours. The access log has what is needed, and the function logs the rest from its own allow-list.',
} as const;

/** Accepts one finding on one construct. */
export const accept = (construct: IConstruct, key: keyof typeof reasons): void => {
  const [id = key] = key.split(' ');
  Validations.of(construct).acknowledge({ id, reason: reasons[key] });
};

/** Why a role's statement may end in a wildcard. cdk-nag asks it for each resource (AwsSolutions-IAM5). */
const wildcardReasons = {
  'objects-of-prefix':
    'Object names are known only while running; the statement ends at one prefix of one bucket and names its actions.',
  'objects-of-bucket':
    'Object names are known only while running; the bucket holds one kind of object and the statement names its actions.',
  'mailbox-secrets':
    'Mailboxes are registered while running, each with a secret under this prefix, which holds nothing else.',
  'subscriptions-of-topic':
    'A subscription is named by its topic’s ARN and a part that SNS makes; the statement ends at one topic.',
  'logs-of-api-gateway':
    'One role for each account and region writes the logs of every API there; API Gateway refuses one that names fewer groups.',
} as const;
export type WildcardReason = keyof typeof wildcardReasons;

interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
  readonly 'Fn::ImportValue'?: string;
}

/** How cdk-nag writes a resource in a finding: what another stack exports appears under its export's name. */
const asNagWritesIt = (consumer: Stack, resource: string): string => {
  const nameOf = (token: IResolvable): string => {
    const producer = Reference.isReference(token) ? Stack.of(token.target) : consumer;
    const intrinsic: Intrinsic = consumer.resolve(producer === consumer ? token : producer.exportValue(token));
    return intrinsic['Fn::ImportValue'] ?? `<${intrinsic['Fn::GetAtt']?.join('.') ?? intrinsic.Ref}>`;
  };
  const written: unknown = Tokenization.reverseString(resource)
    .mapTokens({ mapToken: nameOf })
    .join({ join: (left: unknown, right: unknown) => `${left ?? ''}${right ?? ''}` });
  return String(written);
};

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Needed when a resource ends in `*`. */
  readonly wildcard?: WildcardReason;
}

/** Who can be granted something: a function's role, or whoever a policy is given to. */
export type Grantee = IRole | ManagedPolicy;

/** Grants something, with the reason for a wildcard beside it. Throws on a wildcard without one. */
export const allow = (grantee: Grantee, { actions, resources, conditions, wildcard }: Permission): void => {
  for (const resource of resources.filter((arn) => arn.includes('*'))) {
    if (wildcard === undefined) throw new Error(`${resource} ends in a wildcard: say why (infra/nag.ts).`);
    const finding = `AwsSolutions-IAM5[Resource::${asNagWritesIt(Stack.of(grantee), resource)}]`;
    Validations.of(grantee).acknowledge({ id: finding, reason: wildcardReasons[wildcard] });
  }
  const statement = new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });
  if (grantee instanceof ManagedPolicy) grantee.addStatements(statement);
  else grantee.addToPrincipalPolicy(statement);
};
