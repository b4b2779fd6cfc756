import { hours, minutes } from '../../shared/platform/clock.ts';
import type { Json } from '../aws/events/pattern.ts';
import type { LocalClock } from '../clock.ts';
import type { FunctionPool } from './function-pool.ts';
import type { AsyncInvocation } from './plan.ts';

const usual: AsyncInvocation = { maximumRetryAttempts: 2, maximumAgeMs: hours(6) };

/** Lambda waits a minute before the first retry and two before the second. */
const pause = (attempt: number): number => minutes(Math.min(attempt, 2));

export interface AsyncSetting {
  readonly pool: FunctionPool;
  readonly clock: LocalClock;
  readonly setting?: AsyncInvocation;
  /** Takes an event that was given up, for the function's failure destination. */
  giveUp(queueArn: string, event: Json): void;
  readonly closing: AbortSignal;
}

/** An invocation nobody waits for: tried again when it fails, given up when it is too old. Never rejects. */
export const invokeAsync = async (event: Json, { pool, clock, setting = usual, ...rest }: AsyncSetting) => {
  const until = clock.now() + setting.maximumAgeMs;
  for (let attempt = 1; attempt <= setting.maximumRetryAttempts + 1; attempt++) {
    const outcome = await pool.invoke(event, { until });
    if (outcome.kind === 'answered' || rest.closing.aborted) return;
    if (outcome.kind === 'dropped' || clock.now() + pause(attempt) > until) break;
    if (attempt <= setting.maximumRetryAttempts) await clock.sleep(pause(attempt), rest.closing);
    if (rest.closing.aborted) return;
  }
  if (setting.onFailureArn !== undefined) rest.giveUp(setting.onFailureArn, event);
};
