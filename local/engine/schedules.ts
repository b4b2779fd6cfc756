import { nextFireTime } from '../aws/events/schedule.ts';
import type { LocalClock } from '../clock.ts';
import type { ScheduleDefinition } from './plan.ts';

/** Fires each schedule's rule when the clock says so. Returns how to stop. Throws for an expression that is not valid. */
export const startSchedules = (
  schedules: readonly ScheduleDefinition[],
  clock: LocalClock,
  fire: (ruleName: string) => void,
): (() => void) => {
  const disarm = new Map<string, () => void>();
  const arm = ({ ruleName, expression }: ScheduleDefinition, after: number): void => {
    const next = nextFireTime(expression, after);
    if (next === undefined) return;
    disarm.set(
      ruleName,
      clock.at(next, () => {
        fire(ruleName);
        // By the clock's reading where it has run on past a whole turn: missed ones are not made up for.
        const turn = nextFireTime(expression, next) ?? next;
        arm({ ruleName, expression }, clock.now() > turn ? clock.now() : next);
      }),
    );
  };
  for (const schedule of schedules) arm(schedule, clock.now());
  return () => {
    for (const stop of disarm.values()) stop();
  };
};
