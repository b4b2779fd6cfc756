import { createHash } from 'node:crypto';
import { z } from 'zod';
import { minutes } from '../../../shared/platform/clock.ts';
import { type Operation, operation } from '../json-service.ts';
import { ServiceError } from '../service.ts';
import { invalid, keyOf, observe, readItem, type Shim, tableArn } from './context.ts';
import { type Item, item, ofTable } from './shapes.ts';

/**
 * Transactions, which the store lacks: one after the other, nobody else at work meanwhile, undone when one part fails.
 * The design needs none; they are here because client libraries use them.
 */

const part = ofTable.extend({
  Key: item.optional(),
  Item: item.optional(),
  ReturnValuesOnConditionCheckFailure: z.string().optional(),
});
type Part = z.output<typeof part>;

const actions = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
} as const;
type Kind = keyof typeof actions;
const kinds = Object.keys(actions) as Kind[];

const writes = z.looseObject({
  ClientRequestToken: z.string().optional(),
  TransactItems: z.array(z.partialRecord(z.enum(['Put', 'Update', 'Delete', 'ConditionCheck']), part)),
});
const reads = z.looseObject({ TransactItems: z.array(z.looseObject({ Get: ofTable.extend({ Key: item }) })) });

interface Step {
  readonly kind: Kind;
  readonly part: Part;
  readonly key: Item;
  /** What stood there before. */
  readonly old: Item | undefined;
}

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

const longest = 100;
/** How long a token is remembered. */
const tokenLife = minutes(10);

export const transactionOperations = (shim: Shim): [string, Operation][] => {
  const { gate, store, setting } = shim;
  const tokens = new Map<string, { readonly digest: string; readonly at: number }>();

  const single = ({ kind, part: { ReturnValuesOnConditionCheckFailure: _, ...rest }, old }: Step): Promise<unknown> => {
    if (kind !== 'ConditionCheck') return store.call(actions[kind], rest);
    // A condition alone: a write that changes nothing.
    const { Key, ...condition } = rest;
    return old ? store.call('PutItem', { ...condition, Item: old }) : store.call('DeleteItem', rest);
  };

  const undo = async (done: readonly Step[]) => {
    for (const {
      part: { TableName },
      key,
      old,
    } of done.toReversed()) {
      await (old ? store.call('PutItem', { TableName, Item: old }) : store.call('DeleteItem', { TableName, Key: key }));
    }
  };

  const stepsOf = async (items: z.output<typeof writes>['TransactItems']): Promise<Step[]> => {
    const seen = new Set<string>();
    const steps: Step[] = [];
    for (const entry of items) {
      const kind = kinds.find((name) => entry[name] !== undefined);
      const chosen = kind && entry[kind];
      if (!chosen) throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
      const key = chosen.Key ?? (await keyOf(shim, chosen.TableName, chosen.Item ?? {}));
      const name = `${chosen.TableName} ${JSON.stringify(Object.entries(key).sort())}`;
      if (seen.has(name)) throw invalid('Transaction request cannot include multiple operations on one item');
      seen.add(name);
      steps.push({ kind, part: chosen, key, old: await readItem(shim, chosen.TableName, key) });
    }
    return steps;
  };

  const execute = async (steps: readonly Step[]): Promise<void> => {
    const reasons: Reason[] = [];
    const done: Step[] = [];
    for (const step of steps) {
      try {
        await single(step);
        if (step.kind !== 'ConditionCheck') done.push(step);
        reasons.push({ Code: 'None' });
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'ConditionalCheckFailedException') {
          await undo(done);
          throw error;
        }
        const shown = step.part.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? step.old : undefined;
        reasons.push({ Code: 'ConditionalCheckFailed', Message: error.message, ...(shown ? { Item: shown } : {}) });
      }
    }
    if (reasons.every(({ Code }) => Code === 'None')) return;
    await undo(done);
    const codes = reasons.map(({ Code }) => Code).join(', ');
    throw new ServiceError(
      'TransactionCanceledException',
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
      400,
      { CancellationReasons: reasons },
    );
  };

  const transactWrite = (input: z.output<typeof writes>) =>
    gate.alone(async () => {
      if (input.TransactItems.length > longest) throw invalid('Member must have length less than or equal to 100');
      const { ClientRequestToken: token, ...rest } = input;
      const now = setting.clock.now();
      for (const [old, { at }] of tokens) if (now - at > tokenLife) tokens.delete(old);
      const digest = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
      const known = token === undefined ? undefined : tokens.get(token);
      if (known?.digest === digest) return {};
      if (known) {
        throw new ServiceError(
          'IdempotentParameterMismatchException',
          'Request rejected because it reused a client token with different parameters',
        );
      }
      await execute(await stepsOf(input.TransactItems));
      if (token !== undefined) tokens.set(token, { digest, at: now });
      return {};
    });

  return [
    [
      'TransactWriteItems',
      operation(writes, {
        resource: () => tableArn(setting, '*'),
        run: (input, context) => {
          for (const entry of input.TransactItems) {
            for (const kind of kinds) {
              const { TableName } = entry[kind] ?? {};
              if (TableName !== undefined) observe(shim, context, actions[kind], tableArn(setting, TableName));
            }
          }
          return transactWrite(input);
        },
      }),
    ],
    [
      'TransactGetItems',
      operation(reads, {
        resource: () => tableArn(setting, '*'),
        run: (input, context) => {
          for (const { Get } of input.TransactItems)
            observe(shim, context, 'GetItem', tableArn(setting, Get.TableName));
          return gate.alone(async () => ({
            Responses: await Promise.all(
              input.TransactItems.map(async ({ Get }) => {
                const { Item } = await store.call('GetItem', { ...Get, ConsistentRead: true });
                return Item === undefined ? {} : { Item };
              }),
            ),
          }));
        },
      }),
    ],
  ];
};
