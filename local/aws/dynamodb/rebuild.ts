import { setTimeout as pause } from 'node:timers/promises';
import { ServiceError } from '../service.ts';
import { describeTable, type Shim, scan } from './context.ts';
import type { Index, Item, Table } from './shapes.ts';

export interface IndexChange {
  readonly creates: readonly Index[];
  /** Names of indexes. */
  readonly deletes: readonly string[];
  /** Attributes of the new indexes. */
  readonly attributes: Table['AttributeDefinitions'];
}

const patience = 200;

/** Asks until `done` says so: the store changes the state of a table a moment after it has answered. */
const until = async (done: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < patience; attempt++) {
    if (await done()) return;
    await pause(5);
  }
  throw new Error('The table did not become ready.');
};

const isNotFound = (error: unknown) => error instanceof ServiceError && error.code === 'ResourceNotFoundException';

/**
 * Gives a table other indexes. The store cannot do so to a table that stands, so the table is made anew with the same
 * items, while nobody else is at work.
 */
export const rebuild = async (shim: Shim, before: Table, change: IndexChange): Promise<void> => {
  const { TableName, KeySchema, LocalSecondaryIndexes } = before;
  const items: Item[] = [];
  for await (const found of scan(shim, { TableName })) items.push(found);
  const onDemand = before.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
  const plain = ({ IndexName, KeySchema: keys, Projection, ProvisionedThroughput }: Index): Index => ({
    IndexName,
    KeySchema: keys,
    Projection,
    ...(onDemand || !ProvisionedThroughput ? {} : { ProvisionedThroughput: units(ProvisionedThroughput) }),
  });
  const globals = [
    ...(before.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => !change.deletes.includes(IndexName)),
    ...change.creates,
  ].map(plain);
  const locals = (LocalSecondaryIndexes ?? []).map(({ IndexName, KeySchema: keys, Projection }) => ({
    IndexName,
    KeySchema: keys,
    Projection,
  }));
  const used = new Set([KeySchema, ...[...globals, ...locals].map((one) => one.KeySchema)].flat().map(nameOf));
  const attributes = new Map([...before.AttributeDefinitions, ...change.attributes].map((one) => [nameOf(one), one]));

  await shim.store.call('DeleteTable', { TableName });
  await until(() => describeTable(shim, TableName).then(() => false, isNotFound));
  await shim.store.call('CreateTable', {
    TableName,
    KeySchema,
    AttributeDefinitions: [...attributes.values()].filter((one) => used.has(nameOf(one))),
    ...(onDemand || !before.ProvisionedThroughput
      ? { BillingMode: 'PAY_PER_REQUEST' }
      : { ProvisionedThroughput: units(before.ProvisionedThroughput) }),
    ...(globals.length > 0 ? { GlobalSecondaryIndexes: globals } : {}),
    ...(locals.length > 0 ? { LocalSecondaryIndexes: locals } : {}),
  });
  await until(async () => (await describeTable(shim, TableName)).TableStatus === 'ACTIVE');
  for (const item of items) await shim.store.call('PutItem', { TableName, Item: item });
};

const nameOf = ({ AttributeName }: { AttributeName: string }): string => AttributeName;

const units = ({
  ReadCapacityUnits,
  WriteCapacityUnits,
}: {
  ReadCapacityUnits: number;
  WriteCapacityUnits: number;
}) => ({
  ReadCapacityUnits,
  WriteCapacityUnits,
});
