import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDynamoDb, testDynamoDb } from './dynamodb-support.ts';
import { clientSetting, credentials, refused } from './json-support.ts';

let db: TestDynamoDb;
let tableNumber = 0;
let T: string;

beforeAll(async () => {
  db = await testDynamoDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  T = `items-${++tableNumber}`;
  await db.create(T);
  db.calls.length = 0;
});

const put = (item: Record<string, unknown>, more = {}) =>
  db.documents.send(new PutCommand({ TableName: T, Item: item, ...more }));
const get = async (pk: string, sk: string) =>
  (await db.documents.send(new GetCommand({ TableName: T, Key: { pk, sk }, ConsistentRead: true }))).Item;

describe('items', () => {
  test('are written once where the condition says so, and read as they were written', async () => {
    const item = {
      pk: 'a',
      sk: '1',
      status: 'NEW',
      dueAt: 5,
      nested: { l: [1, 'x', null, true], n: 1.5 },
      opt: undefined,
    };
    const once = { ConditionExpression: 'attribute_not_exists(pk)' };
    await put(item, once);
    await expect(put({ pk: 'a', sk: '1' }, once)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      $metadata: { httpStatusCode: 400 },
    });
    const { opt: _, ...stored } = item;
    expect(await get('a', '1')).toEqual(stored);
  });

  test('tell what stands where a condition failed, if asked', async () => {
    await put({ pk: 'a', sk: '1', status: 'NEW', v: 1 });
    const key = { pk: { S: 'a' }, sk: { S: '1' } };
    const asked = { TableName: T, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
    const condition = { ConditionExpression: 'attribute_not_exists(pk)' };
    const failures = await Promise.all([
      db.client.send(new PutItemCommand({ ...asked, ...condition, Item: key })).catch((error) => error),
      db.client
        .send(new UpdateItemCommand({ ...asked, ...condition, Key: key, UpdateExpression: 'REMOVE v' }))
        .catch((error) => error),
      db.client.send(new PutItemCommand({ TableName: T, ...condition, Item: key })).catch((error) => error),
    ]);
    expect(failures.every((error) => error instanceof ConditionalCheckFailedException)).toBe(true);
    expect(failures.map((error: ConditionalCheckFailedException) => error.Item?.status?.S)).toEqual([
      'NEW',
      'NEW',
      undefined,
    ]);
  });

  test('are updated by every form of expression', async () => {
    await put({ pk: 'a', sk: '1', status: 'NEW', nested: { n: 1.5 }, v: 1 });
    const { Attributes } = await db.documents.send(
      new UpdateCommand({
        TableName: T,
        Key: { pk: 'a', sk: '1' },
        UpdateExpression:
          'SET #s = :s, attempts = if_not_exists(attempts, :z) + :one, hist = list_append(if_not_exists(hist, :e), :h), nested.#n = :n REMOVE nothere ADD cnt :one, tags :set',
        ConditionExpression: 'v = :v AND #s IN (:a, :b)',
        ExpressionAttributeNames: { '#s': 'status', '#n': 'n' },
        ExpressionAttributeValues: {
          ':s': 'SENT',
          ':z': 0,
          ':one': 1,
          ':e': [],
          ':h': [{ at: 1 }],
          ':n': 9,
          ':v': 1,
          ':a': 'NEW',
          ':b': 'X',
          ':set': new Set(['q']),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(Attributes).toEqual({
      pk: 'a',
      sk: '1',
      status: 'SENT',
      v: 1,
      attempts: 1,
      cnt: 1,
      hist: [{ at: 1 }],
      nested: { n: 9 },
      tags: new Set(['q']),
    });
  });

  test('are updated by exactly one of many writers that name the same revision', async () => {
    await put({ pk: 'race', sk: '1', revision: 1 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, writer) =>
        put(
          { pk: 'race', sk: '1', revision: 2, writer },
          { ConditionExpression: 'revision = :r', ExpressionAttributeValues: { ':r': 1 } },
        ),
      ),
    );
    const winners = outcomes.flatMap((outcome, writer) => (outcome.status === 'fulfilled' ? [writer] : []));
    expect(winners).toHaveLength(1);
    expect(await get('race', '1')).toMatchObject({ revision: 2, writer: winners[0] });
  });

  test('are counted without loss when many add at once', async () => {
    await Promise.all(
      Array.from({ length: 50 }, () =>
        db.documents.send(
          new UpdateCommand({
            TableName: T,
            Key: { pk: 'count', sk: '1' },
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': 1 },
          }),
        ),
      ),
    );
    expect(await get('count', '1')).toMatchObject({ n: 50 });
  });

  test('are deleted, on condition too', async () => {
    await put({ pk: 'd', sk: '1', v: 1 });
    const remove = (v: number) =>
      db.documents.send(
        new DeleteCommand({
          TableName: T,
          Key: { pk: 'd', sk: '1' },
          ConditionExpression: 'v = :v',
          ExpressionAttributeValues: { ':v': v },
        }),
      );
    await refused(remove(2), 'ConditionalCheckFailedException');
    await remove(1);
    expect(await get('d', '1')).toBeUndefined();
  });

  test('are found by index: range, filter, pages, backwards', async () => {
    for (let i = 0; i < 6; i++) await put({ pk: `g${i}`, sk: 's', status: 'POLL', dueAt: i * 10, f: i % 2 });
    const found = await db.documents.send(
      new QueryCommand({
        TableName: T,
        IndexName: 'byStatus',
        KeyConditionExpression: '#s = :s AND dueAt <= :d',
        FilterExpression: 'f = :f',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: { ':s': 'POLL', ':d': 40, ':f': 0 },
      }),
    );
    expect(found.Items?.map((item) => item.dueAt)).toEqual([0, 20, 40]);
    expect(found.ScannedCount).toBe(5);

    const backwards: unknown[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await db.documents.send(
        new QueryCommand({
          TableName: T,
          IndexName: 'byStatus',
          KeyConditionExpression: '#s = :s',
          ExpressionAttributeNames: { '#s': 'status' },
          ExpressionAttributeValues: { ':s': 'POLL' },
          Limit: 2,
          ScanIndexForward: false,
          ExclusiveStartKey: from,
        }),
      );
      backwards.push(...(page.Items ?? []).map((item) => item.dueAt));
      from = page.LastEvaluatedKey;
    } while (from);
    expect(backwards).toEqual([50, 40, 30, 20, 10, 0]);
  });

  test('leave an index when the indexed attribute goes, and move when it changes', async () => {
    const due = async (status: string) =>
      (
        await db.documents.send(
          new QueryCommand({
            TableName: T,
            IndexName: 'byStatus',
            KeyConditionExpression: '#s = :s',
            ExpressionAttributeNames: { '#s': 'status' },
            ExpressionAttributeValues: { ':s': status },
          }),
        )
      ).Items?.map((item) => `${item.pk}@${item.dueAt}`);
    await put({ pk: 'm', sk: '1', status: 'A', dueAt: 1 });
    await put({ pk: 'm', sk: '1', status: 'A', dueAt: 2 });
    expect(await due('A')).toEqual(['m@2']);
    await put({ pk: 'm', sk: '1', status: 'B', dueAt: 2 });
    expect([await due('A'), await due('B')]).toEqual([[], ['m@2']]);
    await put({ pk: 'm', sk: '1', status: 'B' });
    expect(await due('B')).toEqual([]);
  });

  test('are found by the beginning of their sort key, with filters by function, projection and capacity', async () => {
    for (const sk of ['x#1', 'x#2', 'y#1']) await put({ pk: 'bw', sk, arr: ['a', 'b'], str: 'hello' });
    const found = await db.documents.send(
      new QueryCommand({
        TableName: T,
        KeyConditionExpression: 'pk = :p AND begins_with(sk, :x)',
        FilterExpression: 'contains(arr, :a) AND size(str) > :n AND attribute_type(str, :t)',
        ProjectionExpression: 'sk, arr[0]',
        ExpressionAttributeValues: { ':p': 'bw', ':x': 'x#', ':a': 'b', ':n': 3, ':t': 'S' },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    expect(found.Items).toEqual([
      { sk: 'x#1', arr: ['a'] },
      { sk: 'x#2', arr: ['a'] },
    ]);
    expect(found.ConsumedCapacity?.CapacityUnits).toBeGreaterThan(0);
    const between = await db.documents.send(
      new QueryCommand({
        TableName: T,
        KeyConditionExpression: 'pk = :p AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':p': 'bw', ':from': 'x#2', ':to': 'y#1' },
      }),
    );
    expect(between.Items?.map((item) => item.sk)).toEqual(['x#2', 'y#1']);
  });

  test('are written and read in batches of at most 25', async () => {
    const puts = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ PutRequest: { Item: { pk: 'bt', sk: String(i) } } }));
    await db.documents.send(new BatchWriteCommand({ RequestItems: { [T]: puts(25) } }));
    const read = await db.documents.send(
      new BatchGetCommand({
        RequestItems: {
          [T]: {
            Keys: [
              { pk: 'bt', sk: '1' },
              { pk: 'bt', sk: '24' },
            ],
          },
        },
      }),
    );
    expect(read.Responses?.[T]).toHaveLength(2);
    await refused(db.documents.send(new BatchWriteCommand({ RequestItems: { [T]: puts(26) } })), 'ValidationException');
  });

  test('are all met by a scan in segments', async () => {
    for (let i = 0; i < 30; i++) await put({ pk: `p${i}`, sk: '1' });
    const segments = await Promise.all(
      [0, 1].map((Segment) => db.documents.send(new ScanCommand({ TableName: T, TotalSegments: 2, Segment }))),
    );
    const met = segments.flatMap((segment) => segment.Items ?? []).map((item) => item.pk);
    expect(new Set(met).size).toBe(30);
    expect(met).toHaveLength(30);
  });

  test('are put one after the other, two hundred of them', async () => {
    for (let i = 0; i < 200; i++) await put({ pk: 'many', sk: String(i).padStart(3, '0'), n: i });
    const found = await db.documents.send(
      new QueryCommand({
        TableName: T,
        KeyConditionExpression: 'pk = :p',
        ExpressionAttributeValues: { ':p': 'many' },
      }),
    );
    expect(found.Items?.map((item) => item.n)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  test('may hold an empty string, but not as key', async () => {
    await put({ pk: 'es', sk: '1', e: '' });
    expect(await get('es', '1')).toMatchObject({ e: '' });
    await refused(put({ pk: '', sk: '1' }), 'ValidationException');
  });

  test.each<[what: string, run: () => Promise<unknown>, error: string]>([
    [
      'an item of more than 400 KB',
      () => put({ pk: 'big', sk: '1', b: 'x'.repeat(410 * 1024) }),
      'ValidationException',
    ],
    ['a reserved word in an expression', () => update('SET status = :s', { ':s': 'x' }), 'ValidationException'],
    ['a value that no expression uses', () => update('SET v2 = :s', { ':s': 'x', ':u': 1 }), 'ValidationException'],
    [
      'a table that is not there',
      () => db.documents.send(new GetCommand({ TableName: 'nope', Key: { pk: 'a' } })),
      'ResourceNotFoundException',
    ],
  ])('refuse %s', async (_, run, error) => {
    await refused(run(), error);
  });
  const update = (UpdateExpression: string, values: Record<string, unknown>) =>
    db.documents.send(
      new UpdateCommand({
        TableName: T,
        Key: { pk: 'a', sk: '1' },
        UpdateExpression,
        ExpressionAttributeValues: values,
      }),
    );
});

describe('who calls', () => {
  test('is told with the IAM action and the table or index', async () => {
    await put({ pk: 'a', sk: '1' });
    await get('a', '1');
    await db.documents.send(
      new QueryCommand({
        TableName: T,
        IndexName: 'byStatus',
        KeyConditionExpression: '#s = :s',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: { ':s': 'x' },
      }),
    );
    const table = `arn:aws:dynamodb:eu-west-2:000000000000:table/${T}`;
    expect(db.calls).toEqual([
      { accessKeyId: credentials.accessKeyId, action: 'dynamodb:PutItem', resource: table },
      { accessKeyId: credentials.accessKeyId, action: 'dynamodb:GetItem', resource: table },
      { accessKeyId: credentials.accessKeyId, action: 'dynamodb:Query', resource: `${table}/index/byStatus` },
    ]);
  });

  test.each([
    [
      'an unknown key',
      { accessKeyId: 'AKIAOTHER', secretAccessKey: credentials.secretAccessKey },
      'UnrecognizedClientException',
    ],
    ['a wrong secret', { ...credentials, secretAccessKey: 'wrong' }, 'InvalidSignatureException'],
  ])('must sign: %s is refused', async (_, wrong, error) => {
    const client = new DynamoDBClient({ ...clientSetting(db.service.endpoint), credentials: wrong });
    const call = client.send(new GetItemCommand({ TableName: T, Key: { pk: { S: 'a' }, sk: { S: '1' } } }));
    await refused(call, error);
    client.destroy();
    expect(db.calls).toEqual([]);
  });

  test('must sign: a bare request is refused', async () => {
    const response = await fetch(db.service.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    });
    expect(response.ok).toBe(false);
    expect(await response.json()).toMatchObject({
      __type: expect.stringMatching(/#MissingAuthenticationTokenException$/),
    });
  });
});
