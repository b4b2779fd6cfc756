import { ConditionalCheckFailedException, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { attentionIndex, byMailboxIndex, bySenderIndex, expiryAttribute, unsentIndex, workIndex } from '../names.ts';
import type {
  AttentionIndex,
  Indexed,
  MailboxIndex,
  SenderIndex,
  Stored,
  Table,
  UnsentIndex,
  WriteOutcome,
} from '../table.ts';
import { workShardOf } from '../work-shard.ts';

const conflictOr = (error: unknown): WriteOutcome => {
  if (error instanceof ConditionalCheckFailedException) return 'conflict';
  throw error;
};

const ofShard = (shard: string) => ({
  KeyConditionExpression: 'workShard = :shard',
  ExpressionAttributeValues: { ':shard': shard },
});

const condition = (expected: number) =>
  expected === 0
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'revision = :expected', ExpressionAttributeValues: { ':expected': expected } };

/** `config` is for operators' commands that speak to another endpoint; functions have theirs from the environment. */
export const dynamoDbTable = (
  tableName: string,
  config: DynamoDBClientConfig = {},
): Table & SenderIndex & UnsentIndex & AttentionIndex & MailboxIndex => {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(config), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const unsent: UnsentIndex['unsent'] = async (shard, limit, after) => {
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: unsentIndex,
        KeyConditionExpression: 'workShard = :shard',
        ExpressionAttributeValues: { ':shard': shard },
        ...(after === undefined
          ? {}
          : { ExclusiveStartKey: { pk: after.key, workShard: shard, unsentSince: after.unsentSince } }),
        Limit: limit,
      }),
    );
    return Items.map((item) => ({ key: String(item.pk), unsentSince: Number(item.unsentSince) }));
  };
  return {
    async read<T>(key: string) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: { pk: key }, ConsistentRead: true }),
      );
      if (!Item) return undefined;
      const { data, revision } = Item as { data: T; revision: number };
      return { ...data, revision } as T & Stored;
    },
    async write(key, item, expected, indexed: Indexed = {}) {
      const { nextCheckAt, attentionSince, expiresAt, ...bySender } = indexed;
      const sharded = nextCheckAt !== undefined || attentionSince !== undefined;
      // The revision is the item's own attribute; what a caller read carries it too, and must not store it twice.
      const { revision: _, ...data } = item as typeof item & Partial<Stored>;
      const Item = {
        pk: key,
        revision: expected + 1,
        data,
        ...bySender,
        ...(sharded ? { workShard: workShardOf(key) } : {}),
        ...(nextCheckAt === undefined ? {} : { nextCheckAt }),
        ...(attentionSince === undefined ? {} : { attentionSince }),
        ...(expiresAt === undefined ? {} : { [expiryAttribute]: Math.ceil(expiresAt / 1000) }),
      };
      return documents
        .send(new PutCommand({ TableName: tableName, Item, ...condition(expected) }))
        .then((): WriteOutcome => 'written', conflictOr);
    },
    async remove(key, expected) {
      return documents
        .send(new DeleteCommand({ TableName: tableName, Key: { pk: key }, ...condition(expected) }))
        .then((): WriteOutcome => 'written', conflictOr);
    },
    async due(shard, now, limit) {
      const { Items = [] } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: workIndex,
          KeyConditionExpression: 'workShard = :shard AND nextCheckAt <= :now',
          ExpressionAttributeValues: { ':shard': shard, ':now': now },
          Limit: limit,
        }),
      );
      return Items.map((item) => ({ key: String(item.pk), nextCheckAt: Number(item.nextCheckAt) }));
    },
    unsent,
    oldestUnsent: async (shard) => (await unsent(shard, 1))[0]?.unsentSince,
    async openAttention(shard) {
      const query = { TableName: tableName, IndexName: attentionIndex, ...ofShard(shard) };
      const { Items = [] } = await documents.send(new QueryCommand({ ...query, Limit: 1 }));
      const oldest = Items[0]?.attentionSince;
      if (oldest === undefined) return { count: 0 };
      let count = 0;
      let after: Record<string, unknown> | undefined;
      do {
        const page: QueryCommandOutput = await documents.send(
          new QueryCommand({ ...query, Select: 'COUNT', ...(after === undefined ? {} : { ExclusiveStartKey: after }) }),
        );
        count += page.Count ?? 0;
        after = page.LastEvaluatedKey;
      } while (after !== undefined);
      return { count, oldest: Number(oldest) };
    },
    async attention(shard, { after, limit }) {
      const row = (item: Record<string, unknown>) => ({
        key: String(item.pk),
        attentionSince: Number(item.attentionSince),
      });
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: attentionIndex,
          ...ofShard(shard),
          ...(after === undefined
            ? {}
            : { ExclusiveStartKey: { pk: after.key, workShard: shard, attentionSince: after.attentionSince } }),
          Limit: limit,
        }),
      );
      return { rows: Items.map(row), ...(LastEvaluatedKey === undefined ? {} : { next: row(LastEvaluatedKey) }) };
    },
    async listed(list, { to, after, limit }) {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: byMailboxIndex,
          KeyConditionExpression: 'mailboxList = :list AND listedAt <= :to',
          ExpressionAttributeValues: { ':list': list, ':to': to },
          ...(after === undefined
            ? {}
            : { ExclusiveStartKey: { pk: after.key, mailboxList: list, listedAt: after.listedAt } }),
          Limit: limit,
        }),
      );
      const position = (item: Record<string, unknown>) => ({ key: String(item.pk), listedAt: Number(item.listedAt) });
      return {
        rows: Items.map(position),
        ...(LastEvaluatedKey === undefined ? {} : { next: position(LastEvaluatedKey) }),
      };
    },
    async bySender(senderOds, { from, to, state, after, limit }) {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: bySenderIndex,
          KeyConditionExpression: 'senderOds = :sender AND updatedAt BETWEEN :from AND :to',
          // `state` is a reserved word.
          ...(state === undefined
            ? {}
            : { FilterExpression: '#state = :state', ExpressionAttributeNames: { '#state': 'state' } }),
          ExpressionAttributeValues: {
            ':sender': senderOds,
            ':from': from,
            ':to': to,
            ...(state === undefined ? {} : { ':state': state }),
          },
          ...(after === undefined
            ? {}
            : { ExclusiveStartKey: { pk: after.key, senderOds, updatedAt: after.updatedAt } }),
          ScanIndexForward: false,
          Limit: limit,
        }),
      );
      const position = (item: Record<string, unknown>) => ({ key: String(item.pk), updatedAt: Number(item.updatedAt) });
      return {
        rows: Items.map((item) => ({
          ...position(item),
          ...(typeof item.state === 'string' ? { state: item.state } : {}),
        })),
        ...(LastEvaluatedKey === undefined ? {} : { next: position(LastEvaluatedKey) }),
      };
    },
  };
};
