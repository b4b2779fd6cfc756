import { expect, it } from 'vitest';
import { virtualClock } from '../../../../local/clock.ts';
import { startSchedules } from '../../../../local/engine/schedules.ts';
import { minutes, seconds } from '../../../../shared/platform/clock.ts';

const start = Date.UTC(2026, 10, 22, 12, 0, 30);

it('fires a rate from when it was made, a cron on the hour, and neither once stopped', async () => {
  const clock = virtualClock(start);
  const fired: string[] = [];
  const stop = startSchedules(
    [
      { ruleName: 'each-minute', expression: 'rate(1 minute)' },
      { ruleName: 'hourly', expression: 'cron(0 * * * ? *)' },
    ],
    clock,
    (rule) => fired.push(`${rule} ${new Date(clock.now()).toISOString().slice(11, 19)}`),
  );
  await clock.advance(seconds(59));
  expect(fired).toEqual([]);
  await clock.advance(minutes(2));
  expect(fired).toEqual(['each-minute 12:01:30', 'each-minute 12:02:30']);
  await clock.advance(minutes(58));
  expect(fired.filter((each) => each.startsWith('hourly'))).toEqual(['hourly 13:00:00']);
  stop();
  fired.length = 0;
  await clock.advance(minutes(120));
  expect(fired).toEqual([]);
});

it('refuses a schedule that nobody could keep', () => {
  expect(() => startSchedules([{ ruleName: 'r', expression: 'now and then' }], virtualClock(start), () => {})).toThrow(
    /now and then/,
  );
});
