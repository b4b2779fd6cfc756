import { statSync } from 'node:fs';
import { z } from 'zod';
import { seconds } from '../../../shared/platform/clock.ts';
import { type Family, family, flag, generatedName, generatedUuid, number } from './family.ts';

/** Where the template sets no limit: enough for races to happen on one machine. */
const usualConcurrency = 5;

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const lambdaFunction = family(
  'AWS::Lambda::Function',
  z.object({
    FunctionName: z.string().optional(),
    Code: z.looseObject({ S3Key: z.string().optional() }),
    Environment: z
      .object({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
      .default({ Variables: {} }),
    Handler: z.string(),
    LoggingConfig: z.looseObject({ LogGroup: z.string().optional() }).default({}),
    MemorySize: number.default(128),
    PackageType: z.literal('Zip').default('Zip'),
    ReservedConcurrentExecutions: number.optional(),
    Role: z.string(),
    Runtime: z.string().startsWith('nodejs'),
    Timeout: number.default(3),
  }),
  ['Architectures', 'Description', 'EphemeralStorage', 'KmsKeyArn', 'Tags', 'TracingConfig'],
  (declared, { region, account, assets, plan }) => {
    const { properties } = declared;
    const codeDir = assets.get(properties.Code.S3Key ?? '');
    if (codeDir === undefined || !isFolder(codeDir)) {
      throw new Error(
        `AWS::Lambda::Function ${declared.path}: its code is no bundle folder of this assembly, which is all that runs here`,
      );
    }
    const name = properties.FunctionName ?? generatedName(declared, 64);
    const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
    plan.functions.push({
      name,
      arn,
      handler: properties.Handler,
      codeDir,
      runtime: properties.Runtime,
      timeoutMs: seconds(properties.Timeout),
      memoryMb: properties.MemorySize,
      environment: properties.Environment.Variables,
      ...(properties.ReservedConcurrentExecutions === undefined
        ? {}
        : { reservedConcurrency: properties.ReservedConcurrentExecutions }),
      roleName: properties.Role.split('/').at(-1) ?? '',
      logGroup: properties.LoggingConfig.LogGroup ?? `/aws/lambda/${name}`,
    });
    return { ref: name, attributes: { Arn: arn } };
  },
);

/** A function's name, from its name or any form of its ARN. */
const functionNameOf = (nameOrArn: string): string =>
  (/:function:([^:]+)/.exec(nameOrArn)?.[1] ?? nameOrArn).split(':')[0] ?? nameOrArn;

const eventSourceMapping = family(
  'AWS::Lambda::EventSourceMapping',
  z.object({
    FunctionName: z.string(),
    EventSourceArn: z.string().startsWith('arn:aws:sqs:'),
    BatchSize: number.default(10),
    MaximumBatchingWindowInSeconds: number.default(0),
    Enabled: flag.default(true),
    FunctionResponseTypes: z.array(z.string()).default([]),
    ScalingConfig: z.object({ MaximumConcurrency: number.optional() }).default({}),
  }),
  ['Tags'],
  (declared, { region, account, plan }) => {
    const { properties } = declared;
    plan.eventSources.push({
      queueArn: properties.EventSourceArn,
      functionName: functionNameOf(properties.FunctionName),
      enabled: properties.Enabled,
      batchSize: properties.BatchSize,
      windowMs: seconds(properties.MaximumBatchingWindowInSeconds),
      reportsItemFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      maximumConcurrency: properties.ScalingConfig.MaximumConcurrency ?? usualConcurrency,
    });
    const id = generatedUuid(declared);
    return {
      ref: id,
      attributes: { Id: id, EventSourceMappingArn: `arn:aws:lambda:${region}:${account}:event-source-mapping:${id}` },
    };
  },
);

const eventInvokeConfig = family(
  'AWS::Lambda::EventInvokeConfig',
  z.object({
    FunctionName: z.string(),
    MaximumEventAgeInSeconds: number.default(21_600),
    MaximumRetryAttempts: number.default(2),
    DestinationConfig: z
      .looseObject({ OnFailure: z.object({ Destination: z.string().startsWith('arn:aws:sqs:') }).optional() })
      .default({}),
  }),
  ['Qualifier'],
  (declared, { plan }) => {
    const { FunctionName, MaximumEventAgeInSeconds, MaximumRetryAttempts, DestinationConfig } = declared.properties;
    const onFailureArn = DestinationConfig.OnFailure?.Destination;
    plan.asyncInvocations.set(functionNameOf(FunctionName), {
      maximumRetryAttempts: MaximumRetryAttempts,
      maximumAgeMs: seconds(MaximumEventAgeInSeconds),
      ...(onFailureArn === undefined ? {} : { onFailureArn }),
    });
    return { ref: generatedUuid(declared), attributes: {} };
  },
);

export const functionFamilies: readonly Family[] = [lambdaFunction, eventSourceMapping, eventInvokeConfig];
