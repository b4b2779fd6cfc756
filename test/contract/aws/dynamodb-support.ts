import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { vi } from 'vitest';
import { type DynamoDbService, startDynamoDb } from '../../../local/aws/dynamodb/service.ts';
import type { ServiceCall } from '../../../local/aws/service.ts';
import { type LocalClock, realClock } from '../../../local/clock.ts';
import { clientSetting, followClock, present, settingOn } from './json-support.ts';

export interface TestDynamoDb {
  readonly service: DynamoDbService;
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  readonly calls: ServiceCall[];
  /** Makes a table with keys pk and sk and the index byStatus (status, dueAt), and waits until it is there. */
  create(name: string, more?: Partial<CreateTableCommandInput>): Promise<TableDescription>;
  active(name: string): Promise<TableDescription>;
  close(): Promise<void>;
}

export const testDynamoDb = async (clock: LocalClock = realClock(), dir?: string): Promise<TestDynamoDb> => {
  const { setting, calls } = settingOn(clock);
  const service = await startDynamoDb({ ...setting, ...(dir === undefined ? {} : { dir }) });
  const client = new DynamoDBClient(clientSetting(service.endpoint));
  followClock(client, clock);
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  const active = (name: string) =>
    vi.waitFor(
      async () => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
        const states = [Table?.TableStatus, ...(Table?.GlobalSecondaryIndexes ?? []).map((one) => one.IndexStatus)];
        if (states.some((state) => state !== 'ACTIVE')) throw new Error(`${name} is ${states.join(', ')}`);
        return present(Table);
      },
      { timeout: 5000, interval: 5 },
    );

  return {
    service,
    client,
    documents,
    calls,
    active,
    async create(name, more = {}) {
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
            { AttributeName: 'status', AttributeType: 'S' },
            { AttributeName: 'dueAt', AttributeType: 'N' },
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'byStatus',
              KeySchema: [
                { AttributeName: 'status', KeyType: 'HASH' },
                { AttributeName: 'dueAt', KeyType: 'RANGE' },
              ],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
          ...more,
        }),
      );
      return active(name);
    },
    async close() {
      client.destroy();
      await service.close();
    },
  };
};
