import { days, hours, minutes } from '../../../shared/platform/clock.ts';

const fault = (expression: string, why: string) => new Error(`The schedule ${expression} is not valid: ${why}`);

const units: Readonly<Record<string, number>> = { minute: minutes(1), hour: hours(1), day: days(1) };

const period = (expression: string, text: string): number => {
  const [, count = '', unit = '', plural = ''] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(text.trim()) ?? [];
  const length = units[unit];
  if (!length) throw fault(expression, 'rate needs a positive number and minutes, hours or days');
  if ((count === '1') !== (plural === '')) throw fault(expression, 'one is singular, more are plural');
  return Number(count) * length;
};

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  readonly label: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

/** In the order of a cron expression; weekdays count from Sunday = 1. */
const fields = {
  minutes: { label: 'minutes', least: 0, most: 59 },
  hours: { label: 'hours', least: 0, most: 23 },
  days: { label: 'day of month', least: 1, most: 31 },
  months: { label: 'month', least: 1, most: 12, names: months },
  weekdays: { label: 'day of week', least: 1, most: 7, names: weekdays },
  years: { label: 'year', least: 1970, most: 2199 },
} as const satisfies Record<string, Field>;

/** The values that a field's text allows: `*`, `5`, `MON`, `1-5`, `0/15`, `1-30/5` and lists of them. */
const allowed = (expression: string, field: Field, text: string): Set<number> => {
  const number = (part: string): number => {
    const named = field.names?.indexOf(part.toUpperCase()) ?? -1;
    const value = named >= 0 ? named + field.least : /^\d+$/.test(part) ? Number(part) : Number.NaN;
    if (!(value >= field.least && value <= field.most)) throw fault(expression, `${field.label} cannot be ${part}`);
    return value;
  };
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', step] = part.split('/');
    const every = step === undefined ? 1 : Number(step);
    if (!(Number.isInteger(every) && every > 0)) throw fault(expression, `${field.label} has an impossible step`);
    const [from = '', to] = span.split('-');
    const first = span === '*' ? field.least : number(from);
    const last = span === '*' ? field.most : to !== undefined ? number(to) : step === undefined ? first : field.most;
    if (last < first) throw fault(expression, `${field.label} runs backwards`);
    for (let value = first; value <= last; value += every) values.add(value);
  }
  return values;
};

interface Cron {
  readonly minutes: Set<number>;
  readonly hours: Set<number>;
  /** Undefined for `?`. */
  readonly days: Set<number> | undefined;
  readonly months: Set<number>;
  readonly weekdays: Set<number> | undefined;
  readonly years: Set<number>;
}

const cronOf = (expression: string, text: string): Cron => {
  const parts = text.trim().split(/\s+/);
  const [minute, hour, day, month, weekday, year] = parts;
  if (parts.length !== 6 || !minute || !hour || !day || !month || !weekday || !year) {
    throw fault(expression, 'cron needs six fields');
  }
  if ((day === '?') === (weekday === '?')) {
    throw fault(expression, 'exactly one of day of month and day of week must be ?');
  }
  return {
    minutes: allowed(expression, fields.minutes, minute),
    hours: allowed(expression, fields.hours, hour),
    days: day === '?' ? undefined : allowed(expression, fields.days, day),
    months: allowed(expression, fields.months, month),
    weekdays: weekday === '?' ? undefined : allowed(expression, fields.weekdays, weekday),
    years: allowed(expression, fields.years, year),
  };
};

const ascending = (values: Set<number>): number[] => [...values].sort((a, b) => a - b);

const nextCron = (cron: Cron, after: number): number | undefined => {
  const earliest = Math.floor(after / minutes(1)) * minutes(1) + minutes(1);
  const [firstYear, lastYear] = [new Date(earliest).getUTCFullYear(), fields.years.most];
  const times = ascending(cron.hours).flatMap((h) => ascending(cron.minutes).map((m) => hours(h) + minutes(m)));
  const isDay = (midnight: number): boolean => {
    const date = new Date(midnight);
    return (cron.days?.has(date.getUTCDate()) ?? true) && (cron.weekdays?.has(date.getUTCDay() + 1) ?? true);
  };
  for (let year = firstYear; year <= lastYear; year++) {
    if (!cron.years.has(year)) continue;
    for (const month of ascending(cron.months)) {
      const end = Date.UTC(year, month, 1);
      if (end <= earliest) continue;
      for (let midnight = Date.UTC(year, month - 1, 1); midnight < end; midnight += days(1)) {
        if (midnight + days(1) <= earliest || !isDay(midnight)) continue;
        const time = times.find((offset) => midnight + offset >= earliest);
        if (time !== undefined) return midnight + time;
      }
    }
  }
  return undefined;
};

/**
 * When an EventBridge schedule fires next after `after`, epoch ms; undefined where it never does again. `rate(…)`
 * counts from `after`; `cron(…)` is in UTC, with six fields. Throws a sentence for an expression that is not valid
 * (of cron's characters `L`, `W` and `#` are not known here).
 */
export const nextFireTime = (expression: string, after: number): number | undefined => {
  const [, kind, text = ''] = /^(rate|cron)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') return after + period(expression, text);
  if (kind === 'cron') return nextCron(cronOf(expression, text), after);
  throw fault(expression, 'it is neither rate(…) nor cron(…)');
};
