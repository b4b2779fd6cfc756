import { describe, expect, test } from 'vitest';
import { nextFireTime } from '../../../../../local/aws/events/schedule.ts';

const at = (text: string) => Date.parse(text);
const next = (expression: string, after: string) => {
  const time = nextFireTime(expression, at(after));
  return time === undefined ? undefined : new Date(time).toISOString().replace(':00.000Z', 'Z');
};

describe('schedules', () => {
  test('a rate counts from when it last fired', () => {
    expect(nextFireTime('rate(1 minute)', 5)).toBe(60_005);
    expect(nextFireTime('rate(5 minutes)', 0)).toBe(300_000);
    expect(nextFireTime('rate(2 hours)', 0)).toBe(7_200_000);
    expect(nextFireTime('rate(1 day)', 0)).toBe(86_400_000);
  });

  test('a cron expression fires at its minute in UTC, strictly after', () => {
    expect(next('cron(0 12 * * ? *)', '2026-11-22T11:59:59.999Z')).toBe('2026-11-22T12:00Z');
    expect(next('cron(0 12 * * ? *)', '2026-11-22T12:00:00Z')).toBe('2026-11-23T12:00Z');
    expect(next('cron(15 10 ? * * *)', '2026-12-31T10:15:00Z')).toBe('2027-01-01T10:15Z');
  });

  test('lists, ranges, steps and names are understood', () => {
    expect(next('cron(0/15 * * * ? *)', '2026-11-22T10:14:00Z')).toBe('2026-11-22T10:15Z');
    expect(next('cron(0/15 * * * ? *)', '2026-11-22T10:45:00Z')).toBe('2026-11-22T11:00Z');
    expect(next('cron(0 8-17/4 * * ? *)', '2026-11-22T12:30:00Z')).toBe('2026-11-22T16:00Z');
    expect(next('cron(*/20 3,5 * * ? *)', '2026-11-22T03:40:00Z')).toBe('2026-11-22T05:00Z');
    expect(next('cron(0 18 ? * MON-FRI *)', '2026-11-20T18:00:00Z')).toBe('2026-11-23T18:00Z');
    expect(next('cron(0 0 ? * 1 *)', '2026-11-23T00:00:00Z')).toBe('2026-11-29T00:00Z');
    expect(next('cron(0 9 1 jan,JUL ? *)', '2026-02-01T00:00:00Z')).toBe('2026-07-01T09:00Z');
  });

  test('days that a month does not have are passed over', () => {
    expect(next('cron(0 0 31 * ? *)', '2026-11-01T00:00:00Z')).toBe('2026-12-31T00:00Z');
    expect(next('cron(0 0 29 2 ? *)', '2026-11-01T00:00:00Z')).toBe('2028-02-29T00:00Z');
  });

  test('a schedule whose years are over never fires again', () => {
    expect(next('cron(0 0 1 1 ? 2026)', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(next('cron(0 0 1 1 ? 2028-2030/2)', '2028-01-01T00:00:00Z')).toBe('2030-01-01T00:00Z');
    expect(next('cron(0 0 30 2 ? *)', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  test.each([
    'rate(0 minutes)',
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(5 seconds)',
    'cron(* * * * * *)',
    'cron(0 12 * * ?)',
    'cron(60 12 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(0 0 ? * 8 *)',
    'cron(0 0 ? * FRI-MON *)',
    'cron(0/0 0 * * ? *)',
    'cron(0 0 L * ? *)',
    'at(2026-11-22T10:00:00)',
    'every minute',
  ])('%s is refused with a sentence', (expression) => {
    expect(() => nextFireTime(expression, 0)).toThrow(`The schedule ${expression} is not valid`);
  });
});
