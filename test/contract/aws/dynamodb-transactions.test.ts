import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, TransactGetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { minutes } from '../../../shared/platform/clock.ts';
import { type TestDynamoDb, testDynamoDb } from './dynamodb-support.ts';
import { refused } from './json-support.ts';

const T = 'transactions';
let clock: VirtualClock;
let db: TestDynamoDb;

beforeEach(async () => {
  clock = virtualClock(Date.UTC(2031, 0, 1));
  db = await testDynamoDb(clock);
  await db.create(T);
  await db.documents.send(new PutCommand({ TableName: T, Item: { pk: 'a', sk: '1', n: 7 } }));
  db.calls.length = 0;
});
afterEach(() => db.close());

const key = (sk: string) => ({ pk: 'tx', sk });
const read = async (sk: string) => (await db.documents.send(new GetCommand({ TableName: T, Key: key(sk) }))).Item;
const add = (sk: string, by: number, token?: string) =>
  db.documents.send(
    new TransactWriteCommand({
      ...(token === undefined ? {} : { ClientRequestToken: token }),
      TransactItems: [
        {
          Update: {
            TableName: T,
            Key: key(sk),
            UpdateExpression: 'ADD n :by',
            ExpressionAttributeValues: { ':by': by },
          },
        },
      ],
    }),
  );

describe('transactions', () => {
  test('write all their parts, and read several items as one', async () => {
    await db.documents.send(
      new TransactWriteCommand({
        TransactItems: [
          { Put: { TableName: T, Item: { ...key('1'), n: 1 }, ConditionExpression: 'attribute_not_exists(pk)' } },
          {
            Update: {
              TableName: T,
              Key: key('2'),
              UpdateExpression: 'SET n = :n',
              ExpressionAttributeValues: { ':n': 2 },
            },
          },
          { ConditionCheck: { TableName: T, Key: { pk: 'a', sk: '1' }, ConditionExpression: 'attribute_exists(pk)' } },
          {
            ConditionCheck: {
              TableName: T,
              Key: { pk: 'b', sk: '1' },
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
        ],
      }),
    );
    const { Responses } = await db.documents.send(
      new TransactGetCommand({
        TransactItems: ['1', '2', '3'].map((sk) => ({ Get: { TableName: T, Key: key(sk) } })),
      }),
    );
    expect(Responses?.map((response) => response.Item?.n)).toEqual([1, 2, undefined]);
    expect(db.calls.map((call) => call.action)).toEqual([
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:GetItem',
      'dynamodb:GetItem',
      'dynamodb:GetItem',
    ]);
  });

  test('are cancelled as a whole, with a reason for each part', async () => {
    await db.documents.send(new PutCommand({ TableName: T, Item: { ...key('2'), n: 2 } }));
    const failed = await db.documents
      .send(
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName: T, Item: { ...key('9'), n: 9 } } },
            { Delete: { TableName: T, Key: key('2') } },
            {
              Put: {
                TableName: T,
                Item: { pk: 'a', sk: '1' },
                ConditionExpression: 'attribute_not_exists(pk)',
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
          ],
        }),
      )
      .catch((error) => error);
    expect(failed).toBeInstanceOf(TransactionCanceledException);
    expect(failed.CancellationReasons).toMatchObject([
      { Code: 'None' },
      { Code: 'None' },
      { Code: 'ConditionalCheckFailed', Item: { n: { N: '7' } } },
    ]);
    expect([await read('9'), await read('2')]).toEqual([undefined, { ...key('2'), n: 2 }]);
  });

  test('are undone when a part is not valid', async () => {
    const parts = [
      { Put: { TableName: T, Item: key('1') } },
      {
        Update: {
          TableName: T,
          Key: key('2'),
          UpdateExpression: 'SET status = :s',
          ExpressionAttributeValues: { ':s': 1 },
        },
      },
    ];
    await refused(db.documents.send(new TransactWriteCommand({ TransactItems: parts })), 'ValidationException');
    expect(await read('1')).toBeUndefined();
    const twice = [{ Put: { TableName: T, Item: key('1') } }, { Delete: { TableName: T, Key: key('1') } }];
    await refused(db.documents.send(new TransactWriteCommand({ TransactItems: twice })), 'ValidationException');
  });

  test('happen once for one token, for ten minutes', async () => {
    await add('idem', 1, 'token');
    await add('idem', 1, 'token');
    expect(await read('idem')).toMatchObject({ n: 1 });
    await refused(add('idem', 2, 'token'), 'IdempotentParameterMismatchException');
    await clock.advance(minutes(11));
    await add('idem', 1, 'token');
    expect(await read('idem')).toMatchObject({ n: 2 });
  });

  test('are never seen half done', async () => {
    const both = (n: number) =>
      db.documents.send(
        new TransactWriteCommand({
          TransactItems: ['left', 'right'].map((sk) => ({ Put: { TableName: T, Item: { ...key(sk), n } } })),
        }),
      );
    await both(0);
    const writing = Promise.all(Array.from({ length: 20 }, (_, n) => both(n + 1)));
    const seen: unknown[][] = [];
    for (let look = 0; look < 20; look++) {
      const { Responses } = await db.documents.send(
        new TransactGetCommand({
          TransactItems: ['left', 'right'].map((sk) => ({ Get: { TableName: T, Key: key(sk) } })),
        }),
      );
      seen.push((Responses ?? []).map((response) => response.Item?.n));
    }
    await writing;
    expect(seen.filter(([left, right]) => left !== right)).toEqual([]);
  });
});
