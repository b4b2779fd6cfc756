import {
  CreateTableCommand,
  DescribeTableCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { type Declared, type Family, family, flag, generatedName, number, type Site } from './family.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const throughput = z.object({ ReadCapacityUnits: number, WriteCapacityUnits: number });
const index = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
const indexes = z.array(index.extend({ ProvisionedThroughput: throughput.optional() }));
const recovery = z.looseObject({ PointInTimeRecoveryEnabled: flag.default(false) });

const common = {
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  KeySchema: keySchema,
  BillingMode: z.enum(['PAY_PER_REQUEST', 'PROVISIONED']).default('PROVISIONED'),
  GlobalSecondaryIndexes: indexes.default([]),
  LocalSecondaryIndexes: z.array(index).default([]),
  TimeToLiveSpecification: z.object({ AttributeName: z.string().optional(), Enabled: flag }).optional(),
};

const single = z.object({
  ...common,
  ProvisionedThroughput: throughput.optional(),
  DeletionProtectionEnabled: flag.default(false),
  PointInTimeRecoverySpecification: recovery.optional(),
});

const defined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

const createTable = async (
  declared: Declared<z.output<typeof single>>,
  { region, account, clients: { dynamodb } }: Pick<Site, 'region' | 'account' | 'clients'>,
) => {
  const { properties } = declared;
  const TableName = properties.TableName ?? generatedName(declared, 255);
  const { GlobalSecondaryIndexes, LocalSecondaryIndexes, ProvisionedThroughput } = properties;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: properties.AttributeDefinitions,
      KeySchema: properties.KeySchema,
      BillingMode: properties.BillingMode,
      DeletionProtectionEnabled: properties.DeletionProtectionEnabled,
      ...(ProvisionedThroughput === undefined ? {} : { ProvisionedThroughput }),
      ...(GlobalSecondaryIndexes.length === 0
        ? {}
        : {
            GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((each) => ({
              ...defined(each),
              Projection: defined(each.Projection),
            })),
          }),
      ...(LocalSecondaryIndexes.length === 0
        ? {}
        : {
            LocalSecondaryIndexes: LocalSecondaryIndexes.map((each) => ({
              ...each,
              Projection: defined(each.Projection),
            })),
          }),
    }),
  );
  for (;;) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') break;
    await new Promise((again) => setTimeout(again, 20));
  }
  const { AttributeName, Enabled } = properties.TimeToLiveSpecification ?? {};
  if (AttributeName !== undefined && Enabled) {
    const TimeToLiveSpecification = { AttributeName, Enabled };
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
  if (properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled) {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
  }
  return { ref: TableName, attributes: { Arn: `arn:aws:dynamodb:${region}:${account}:table/${TableName}` } };
};

const table = family(
  'AWS::DynamoDB::Table',
  single,
  ['SSESpecification', 'Tags', 'ContributorInsightsSpecification'],
  createTable,
);

/** What CDK's TableV2 makes. Its settings for each region stand in `Replicas`; here there is one region. */
const globalTable = family(
  'AWS::DynamoDB::GlobalTable',
  z.object({
    ...common,
    Replicas: z.array(
      z.looseObject({
        DeletionProtectionEnabled: flag.default(false),
        PointInTimeRecoverySpecification: recovery.optional(),
      }),
    ),
  }),
  ['SSESpecification', 'WriteOnDemandThroughputSettings'],
  ({ properties: { Replicas, ...properties }, ...declared }, site) => {
    const [replica] = Replicas;
    return createTable(
      {
        ...declared,
        properties: {
          ...properties,
          DeletionProtectionEnabled: replica?.DeletionProtectionEnabled ?? false,
          PointInTimeRecoverySpecification: replica?.PointInTimeRecoverySpecification,
        },
      },
      site,
    );
  },
);

export const tableFamilies: readonly Family[] = [table, globalTable];
