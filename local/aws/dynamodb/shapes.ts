import { z } from 'zod';

/** What the shim reads of inputs and outputs; all else passes through to the store, which checks it. */

/** An attribute value in DynamoDB's JSON, such as `{ "S": "a" }`. */
const attributeValue = z.record(z.string(), z.unknown());
export const item = z.record(z.string(), attributeValue);
export type Item = z.output<typeof item>;

const projection = z.looseObject({ ProjectionType: z.string().optional() });
const keySchema = z.array(z.looseObject({ AttributeName: z.string(), KeyType: z.string() }));
const throughput = z.looseObject({ ReadCapacityUnits: z.number(), WriteCapacityUnits: z.number() });

export const index = z.looseObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: projection,
  ProvisionedThroughput: throughput.optional(),
});
export type Index = z.output<typeof index>;

const attributeDefinition = z.looseObject({ AttributeName: z.string(), AttributeType: z.string() });

/** A table as the store describes it. */
export const table = z.looseObject({
  TableName: z.string(),
  TableStatus: z.string(),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(attributeDefinition),
  BillingModeSummary: z.looseObject({ BillingMode: z.string().optional() }).optional(),
  ProvisionedThroughput: throughput.optional(),
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
});
export type Table = z.output<typeof table>;

export const tag = z.object({ Key: z.string(), Value: z.string() });
export const encryption = z.looseObject({
  Enabled: z.boolean().optional(),
  SSEType: z.string().optional(),
  KMSMasterKeyId: z.string().optional(),
});
export const timeToLive = z.looseObject({ Enabled: z.boolean(), AttributeName: z.string() });

/** Any input that names a table, and perhaps one of its indexes. */
export const ofTable = z.looseObject({ TableName: z.string(), IndexName: z.string().optional() });
export type OfTable = z.output<typeof ofTable>;

/** Settings of a table that the store does not know. */
export const tableSettings = z.object({
  DeletionProtectionEnabled: z.boolean().optional(),
  TableClass: z.string().optional(),
  SSESpecification: encryption.optional(),
});
