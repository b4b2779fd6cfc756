import { days, hours } from '../platform/clock.ts';

/**
 * Working days of England, by rule: Monday to Friday, without bank holidays. What proclamations add or move stands in a
 * list of exceptions, as dates (`2022-06-03`). Days begin at midnight in London, summer or winter.
 */
export interface BankHolidayExceptions {
  /** Days that are bank holidays this once. */
  readonly added: readonly string[];
  /** Days that are bank holidays by rule and this once are not. */
  readonly removed: readonly string[];
}

export const noExceptions: BankHolidayExceptions = { added: [], removed: [] };

/** A day as UTC midnight of the same date: arithmetic on it knows no summer time. */
type Day = number;
const dayOf = (year: number, month: number, date: number): Day => Date.UTC(year, month - 1, date);
const weekday = (day: Day): number => new Date(day).getUTCDay();
export const dateOf = (day: Day): string => new Date(day).toISOString().slice(0, 10);
const isWeekend = (day: Day): boolean => weekday(day) === 0 || weekday(day) === 6;

/** Gregorian, by Meeus, Jones and Butcher. */
export const easterSunday = (year: number): Day => {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  return dayOf(year, month, (h + l - 7 * m + 33 * month + 19) % 32);
};

const firstMonday = (year: number, month: number): Day => {
  const first = dayOf(year, month, 1);
  return first + days((8 - weekday(first)) % 7);
};
const lastMonday = (year: number, month: number): Day => {
  const last = dayOf(year, month + 1, 0);
  return last - days((weekday(last) + 6) % 7);
};

/** The bank holidays of England and Wales by rule, with their substitutes for days that fall on a weekend. */
const byRule = (year: number): readonly Day[] => {
  const newYear = dayOf(year, 1, 1);
  const christmas = dayOf(year, 12, 25);
  const boxing = dayOf(year, 12, 26);
  const easter = easterSunday(year);
  return [
    weekday(newYear) === 6 ? newYear + days(2) : weekday(newYear) === 0 ? newYear + days(1) : newYear,
    easter - days(2),
    easter + days(1),
    firstMonday(year, 5),
    lastMonday(year, 5),
    lastMonday(year, 8),
    // Both on a weekend, or one of them: the substitutes follow on the next days that are free.
    isWeekend(christmas) ? dayOf(year, 12, 27) : christmas,
    isWeekend(boxing) ? dayOf(year, 12, 28) : boxing,
  ];
};

/** Dates of a year's bank holidays, in their order. */
export const bankHolidays = (
  year: number,
  { added, removed }: BankHolidayExceptions = noExceptions,
): readonly string[] =>
  [...new Set([...byRule(year).map(dateOf), ...added.filter((date) => date.startsWith(`${year}-`))])]
    .filter((date) => !removed.includes(date))
    .sort();

const isWorkingDay = (day: Day, exceptions: BankHolidayExceptions): boolean =>
  !isWeekend(day) && !bankHolidays(new Date(day).getUTCFullYear(), exceptions).includes(dateOf(day));

const london = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/** Wall-clock time in London, as if it were UTC: epoch ms. */
const wallClock = (at: number): number => {
  const part = Object.fromEntries(london.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000);
};

/** The date in London, and how long its day has lasted by the clocks there. */
export const londonTime = (at: number): { readonly date: string; readonly timeOfDay: number } => {
  const wall = wallClock(at);
  const day = Math.floor(wall / days(1)) * days(1);
  return { date: dateOf(day), timeOfDay: wall - day };
};

export const isWorkingDate = (date: string, exceptions: BankHolidayExceptions = noExceptions): boolean =>
  isWorkingDay(Date.parse(`${date}T00:00:00Z`), exceptions);

/** The moment at which London's clocks show it; in the hour that summer time leaves out, an hour later. */
const momentOf = (wall: number): number => {
  const winter = wallClock(wall) - wall;
  const candidate = wall - winter;
  return wallClock(candidate) === wall ? candidate : wallClock(wall - hours(1)) === wall ? wall - hours(1) : wall;
};

/**
 * The same time of day so many working days later. What comes on a day without work counts from the beginning of the next
 * working day.
 */
export const afterWorkingDays = (
  at: number,
  count: number,
  exceptions: BankHolidayExceptions = noExceptions,
): number => {
  const wall = wallClock(at);
  let day = Math.floor(wall / days(1)) * days(1);
  let timeOfDay = wall - day;
  while (!isWorkingDay(day, exceptions)) {
    day += days(1);
    timeOfDay = 0;
  }
  for (let left = count; left > 0; ) {
    day += days(1);
    if (isWorkingDay(day, exceptions)) left -= 1;
  }
  return momentOf(day + timeOfDay);
};
