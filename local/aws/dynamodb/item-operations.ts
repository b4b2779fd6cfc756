import { z } from 'zod';
import type { CallContext, Operation } from '../json-service.ts';
import { operation } from '../json-service.ts';
import { ServiceError } from '../service.ts';
import { keyOf, observe, readItem, type Shim, tableArn } from './context.ts';
import { item, ofTable } from './shapes.ts';

const written = ofTable.extend({
  Key: item.optional(),
  Item: item.optional(),
  ReturnValuesOnConditionCheckFailure: z.string().optional(),
});

const batch = z.looseObject({ RequestItems: z.record(z.string(), z.unknown()) });

const isConditionFailure = (error: unknown): error is ServiceError =>
  error instanceof ServiceError && error.code === 'ConditionalCheckFailedException';

/** Reads, queries and writes of items: the store's own, with what it lacks. */
export const itemOperations = (shim: Shim): [string, Operation][] => {
  const { gate, store, setting } = shim;

  /** Lets the store answer, and tells who asked for what. */
  const pass = (name: string): [string, Operation] => [
    name,
    operation(ofTable, {
      resource: ({ TableName, IndexName }) => tableArn(setting, TableName, IndexName),
      run: (input, context) => {
        observe(shim, context, name, tableArn(setting, input.TableName, input.IndexName));
        return gate.share(() => store.call(name, input));
      },
    }),
  ];

  const passBatch = (name: string): [string, Operation] => [
    name,
    operation(batch, {
      resource: ({ RequestItems }) => tableArn(setting, Object.keys(RequestItems)[0] ?? '*'),
      run: (input, context) => {
        for (const tableName of Object.keys(input.RequestItems)) {
          observe(shim, context, name, tableArn(setting, tableName));
        }
        return gate.share(() => store.call(name, input));
      },
    }),
  ];

  /** A failed condition tells what stands there, if it was asked to. */
  const write = async (name: string, input: z.output<typeof written>): Promise<object> => {
    const { ReturnValuesOnConditionCheckFailure: wanted, ...rest } = input;
    if (wanted !== 'ALL_OLD') return gate.share(() => store.call(name, rest));
    return gate.alone(async () => {
      try {
        return await store.call(name, rest);
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        const key = input.Key ?? (await keyOf(shim, input.TableName, input.Item ?? {}));
        const stands = await readItem(shim, input.TableName, key);
        throw new ServiceError(error.code, error.message, error.status, stands ? { Item: stands } : {});
      }
    });
  };

  const passWrite = (name: string): [string, Operation] => [
    name,
    operation(written, {
      resource: ({ TableName }) => tableArn(setting, TableName),
      run: (input, context: CallContext) => {
        observe(shim, context, name, tableArn(setting, input.TableName));
        return write(name, input);
      },
    }),
  ];

  return [
    ...['GetItem', 'Query', 'Scan'].map(pass),
    ...['PutItem', 'UpdateItem', 'DeleteItem'].map(passWrite),
    ...['BatchGetItem', 'BatchWriteItem'].map(passBatch),
  ];
};
