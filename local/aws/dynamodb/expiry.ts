import { days, minutes, seconds } from '../../../shared/platform/clock.ts';
import { ServiceError } from '../service.ts';
import { keyOf, type Shim, scan } from './context.ts';

// DynamoDB leaves alone what expired longer ago than this: taken for a number that is no time.
const fiveYears = days(5 * 365);

/** Deletes every item whose time to live is over. */
export const expireItems = async (shim: Shim): Promise<void> => {
  const { notes, setting, store } = shim;
  for (const tableName of notes.tableNames()) {
    const { timeToLive } = notes.of(tableName);
    if (!timeToLive?.Enabled) continue;
    const now = setting.clock.now();
    const epochSeconds = (ms: number) => ({ N: String(Math.floor(ms / 1000)) });
    const over = {
      TableName: tableName,
      ExpressionAttributeNames: { '#t': timeToLive.AttributeName },
      ExpressionAttributeValues: { ':then': epochSeconds(now - fiveYears), ':now': epochSeconds(now) },
    };
    const condition = '#t BETWEEN :then AND :now';
    for await (const found of scan(shim, { ...over, FilterExpression: condition })) {
      const Key = await keyOf(shim, tableName, found);
      // Only if nobody has given it more time meanwhile.
      await store.call('DeleteItem', { ...over, Key, ConditionExpression: condition }).catch((error: unknown) => {
        if (!(error instanceof ServiceError) || error.code !== 'ConditionalCheckFailedException') throw error;
      });
    }
  }
};

/** Expires items by the clock, at most about once a second of real time. Gives back how to stop, after which no work runs. */
export const startExpiry = (shim: Shim, expire: () => Promise<void>): (() => Promise<void>) => {
  const { clock } = shim.setting;
  const period = Math.max(minutes(1), seconds(1) * clock.scale);
  let running: Promise<void> | undefined;
  let stopped = false;
  let disarm = () => {};
  const arm = () => {
    disarm = clock.at(clock.now() + period, () => {
      if (stopped) return;
      running ??= expire()
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
        });
      arm();
    });
  };
  arm();
  return async () => {
    stopped = true;
    disarm();
    await running;
  };
};
