import { expect, it } from 'vitest';
import { virtualClock } from '../../../../local/clock.ts';
import { invokeAsync } from '../../../../local/engine/async-invocations.ts';
import type { FunctionPool } from '../../../../local/engine/function-pool.ts';
import type { InvocationOutcome } from '../../../../local/engine/invocation.ts';
import { hours, minutes, seconds } from '../../../../shared/platform/clock.ts';

const failed: InvocationOutcome = { kind: 'failed', errorType: 'Error', errorMessage: 'no' };
const answered: InvocationOutcome = { kind: 'answered', payload: null };

const rig = (outcomes: InvocationOutcome[]) => {
  const clock = virtualClock(Date.UTC(2026, 10, 22, 12));
  const start = clock.now();
  const tried: number[] = [];
  const givenUp: string[] = [];
  const pool: FunctionPool = {
    concurrency: 1,
    size: 0,
    reserve: () => undefined,
    close: () => Promise.resolve(),
    invoke() {
      tried.push(clock.now() - start);
      return Promise.resolve(outcomes[tried.length - 1] ?? failed);
    },
  };
  const closing = new AbortController();
  const giveUp = (arn: string) => givenUp.push(arn);
  return { clock, tried, givenUp, setting: { pool, clock, giveUp, closing: closing.signal }, closing };
};

it('tries a failed event again after one minute and after two more, then gives it up', async () => {
  const { clock, tried, givenUp, setting } = rig([]);
  const done = invokeAsync(
    {},
    { ...setting, setting: { maximumRetryAttempts: 2, maximumAgeMs: hours(6), onFailureArn: 'dlq' } },
  );
  await clock.advance(minutes(10));
  await done;
  expect(tried).toEqual([0, minutes(1), minutes(3)]);
  expect(givenUp).toEqual(['dlq']);
});

it('tries no more than the template says, and gives nothing up that was answered', async () => {
  const never = rig([]);
  await invokeAsync({}, { ...never.setting, setting: { maximumRetryAttempts: 0, maximumAgeMs: seconds(60) } });
  expect(never.tried).toEqual([0]);
  const second = rig([failed, answered]);
  const done = invokeAsync(
    {},
    { ...second.setting, setting: { maximumRetryAttempts: 2, maximumAgeMs: hours(6), onFailureArn: 'dlq' } },
  );
  await second.clock.advance(minutes(10));
  await done;
  expect(second.tried).toEqual([0, minutes(1)]);
  expect(second.givenUp).toEqual([]);
});

it('gives up an event that would be too old for its next try, and stops at once when the engine closes', async () => {
  const old = rig([]);
  await invokeAsync(
    {},
    { ...old.setting, setting: { maximumRetryAttempts: 2, maximumAgeMs: seconds(30), onFailureArn: 'dlq' } },
  );
  expect(old.tried).toEqual([0]);
  expect(old.givenUp).toEqual(['dlq']);
  const closed = rig([]);
  const done = invokeAsync({}, { ...closed.setting });
  await closed.clock.advance(seconds(1));
  closed.closing.abort();
  await done;
  expect(closed.tried).toEqual([0]);
});
