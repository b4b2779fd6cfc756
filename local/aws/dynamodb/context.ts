import type { CallContext } from '../json-service.ts';
import { ServiceError, type ServiceSetting } from '../service.ts';
import type { Gate } from './gate.ts';
import { type Item, item, type Table, table } from './shapes.ts';
import type { Store } from './store.ts';
import type { TableNotes } from './table-notes.ts';

/** What the operations work with. */
export interface Shim {
  readonly setting: ServiceSetting;
  readonly store: Store;
  readonly notes: TableNotes;
  readonly gate: Gate;
}

export const tableArn = ({ region, account }: ServiceSetting, tableName: string, indexName?: string): string => {
  const arn = `arn:aws:dynamodb:${region}:${account}:table/${tableName}`;
  return indexName === undefined ? arn : `${arn}/index/${indexName}`;
};

/** The table's name in an ARN of it or of anything below it. */
export const tableNameIn = (arn: string): string => /:table\/([^/]+)/.exec(arn)?.[1] ?? arn;

export const invalid = (message: string): ServiceError => new ServiceError('ValidationException', message);

export const observe = ({ setting }: Shim, { caller }: CallContext, action: string, resource: string): void =>
  setting.observe?.({ accessKeyId: caller.accessKeyId, action: `dynamodb:${action}`, resource });

export const describeTable = async ({ store }: Shim, tableName: string): Promise<Table> =>
  table.parse((await store.call('DescribeTable', { TableName: tableName })).Table);

/** The key attributes of an item. */
export const keyOf = async (shim: Shim, tableName: string, whole: Item): Promise<Item> => {
  const { KeySchema } = await describeTable(shim, tableName);
  return item.parse(Object.fromEntries(KeySchema.map(({ AttributeName: name }) => [name, whole[name]])));
};

export const readItem = async ({ store }: Shim, tableName: string, key: Item): Promise<Item | undefined> =>
  item.optional().parse((await store.call('GetItem', { TableName: tableName, Key: key, ConsistentRead: true })).Item);

/** Every item of a table, page by page. */
export const scan = async function* (shim: Shim, input: object): AsyncGenerator<Item> {
  let from: unknown;
  do {
    const page = await shim.store.call('Scan', {
      ...input,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    });
    yield* item.array().parse(page.Items ?? []);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
};
