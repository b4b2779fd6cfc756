import { z } from 'zod';
import type { RuleTarget } from '../../aws/events/router.ts';
import { type Family, family, generatedName, jsonObject, number } from './family.ts';

const target = z.object({
  Id: z.string(),
  Arn: z.string(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .object({ InputPathsMap: z.record(z.string(), z.string()).default({}), InputTemplate: z.string() })
    .optional(),
  DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
  RetryPolicy: z
    .object({ MaximumRetryAttempts: number.optional(), MaximumEventAgeInSeconds: number.optional() })
    .optional(),
  SqsParameters: z.object({ MessageGroupId: z.string() }).optional(),
  RoleArn: z.string().optional(),
});

const targetOf = (declared: z.output<typeof target>): RuleTarget => {
  const { InputTransformer, RetryPolicy } = declared;
  const retry = {
    ...(RetryPolicy?.MaximumRetryAttempts === undefined ? {} : { maximumAttempts: RetryPolicy.MaximumRetryAttempts }),
    ...(RetryPolicy?.MaximumEventAgeInSeconds === undefined
      ? {}
      : { maximumAgeSeconds: RetryPolicy.MaximumEventAgeInSeconds }),
  };
  return {
    id: declared.Id,
    arn: declared.Arn,
    retry,
    ...(declared.Input === undefined ? {} : { input: declared.Input }),
    ...(declared.InputPath === undefined ? {} : { inputPath: declared.InputPath }),
    ...(InputTransformer === undefined
      ? {}
      : {
          inputTransformer: {
            inputPathsMap: InputTransformer.InputPathsMap,
            inputTemplate: InputTransformer.InputTemplate,
          },
        }),
    ...(declared.DeadLetterConfig?.Arn === undefined ? {} : { deadLetterArn: declared.DeadLetterConfig.Arn }),
    ...(declared.SqsParameters === undefined ? {} : { sqsMessageGroupId: declared.SqsParameters.MessageGroupId }),
  };
};

const rule = family(
  'AWS::Events::Rule',
  z.object({
    Name: z.string().optional(),
    // There is one bus here; a rule of another would hear events that are not its own.
    EventBusName: z.literal('default').default('default'),
    EventPattern: jsonObject.optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z.array(target).default([]),
  }),
  ['Description', 'RoleArn', 'Tags'],
  (declared, { region, account, plan }) => {
    const { Name, EventPattern, ScheduleExpression, State, Targets } = declared.properties;
    const name = Name ?? generatedName(declared, 64);
    const arn = `arn:aws:events:${region}:${account}:rule/${name}`;
    plan.rules.push({
      name,
      arn,
      state: State,
      targets: Targets.map(targetOf),
      ...(EventPattern === undefined ? {} : { pattern: EventPattern }),
    });
    if (ScheduleExpression !== undefined && State === 'ENABLED') {
      plan.schedules.push({ ruleName: name, expression: ScheduleExpression });
    }
    return { ref: name, attributes: { Arn: arn } };
  },
);

export const ruleFamilies: readonly Family[] = [rule];
