import { describe, expect, it } from 'vitest';
import { afterWorkingDays, bankHolidays, dateOf, easterSunday } from '../../../../shared/delivery/working-days.ts';

const at = (text: string) => Date.parse(text);
const after = (text: string, count = 2) => new Date(afterWorkingDays(at(text), count)).toISOString();

describe('bank holidays of England, by rule', () => {
  // As the government published them for England and Wales.
  it.each([
    [2021, '01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28'],
    [2023, '01-02 04-07 04-10 05-01 05-29 08-28 12-25 12-26'],
    [2024, '01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26'],
    [2025, '01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26'],
    [2026, '01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28'],
    [2027, '01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28'],
    [2028, '01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26'],
  ])('of %d are those that were published', (year, dates) => {
    expect(bankHolidays(year)).toEqual(dates.split(' ').map((date) => `${year}-${date}`));
  });

  it('are moved and added by a list: the jubilee of 2022, and the coronation of 2023', () => {
    const jubilee = { added: ['2022-06-02', '2022-06-03', '2022-09-19'], removed: ['2022-05-30'] };
    expect(bankHolidays(2022, jubilee)).toEqual(
      ['01-03', '04-15', '04-18', '05-02', '06-02', '06-03', '08-29', '09-19', '12-26', '12-27'].map(
        (date) => `2022-${date}`,
      ),
    );
    expect(bankHolidays(2023, { added: ['2023-05-08'], removed: [] })).toContain('2023-05-08');
  });

  it('find Easter, early and late', () => {
    expect([1818, 2008, 2024, 2025, 2038].map((year) => dateOf(easterSunday(year)))).toEqual([
      '1818-03-22',
      '2008-03-23',
      '2024-03-31',
      '2025-04-20',
      '2038-04-25',
    ]);
  });
});

describe('two working days later', () => {
  it.each([
    ['within a week', '2026-11-24T10:00:00Z', '2026-11-26T10:00:00.000Z'],
    ['over a weekend', '2026-11-27T15:30:00Z', '2026-12-01T15:30:00.000Z'],
    ['from a Saturday, from the beginning of Monday', '2026-11-28T15:30:00Z', '2026-12-02T00:00:00.000Z'],
    ['over Easter', '2026-04-02T09:00:00Z', '2026-04-08T09:00:00.000Z'],
    ['from Good Friday', '2026-04-03T09:00:00Z', '2026-04-08T23:00:00.000Z'],
    ['over Christmas and a substitute day', '2026-12-24T12:00:00Z', '2026-12-30T12:00:00.000Z'],
    ['over New Year, into the next year', '2026-12-31T12:00:00Z', '2027-01-05T12:00:00.000Z'],
    // By London's clocks, which go forward on Sunday 29 March and back on Sunday 25 October 2026.
    ['into summer time, at the same time of day', '2026-03-27T10:00:00Z', '2026-03-31T09:00:00.000Z'],
    ['out of summer time, at the same time of day', '2026-10-23T09:00:00Z', '2026-10-27T10:00:00.000Z'],
    // 23:30 UTC on Thursday is Friday in London.
    ['late in a summer evening, which is the next day', '2026-07-09T23:30:00Z', '2026-07-13T23:30:00.000Z'],
  ])('%s', (_, from, expected) => {
    expect(after(from)).toBe(expected);
  });

  it('goes by the list of exceptions', () => {
    const exceptions = { added: ['2026-11-25'], removed: [] };
    expect(dateOf(afterWorkingDays(at('2026-11-24T10:00:00Z'), 2, exceptions))).toBe('2026-11-27');
    const removed = { added: [], removed: ['2026-12-28'] };
    expect(dateOf(afterWorkingDays(at('2026-12-24T12:00:00Z'), 2, removed))).toBe('2026-12-29');
  });

  it('is always later, and never on a day without work but at its beginning', () => {
    for (let from = at('2026-01-01T00:17:00Z'); from < at('2027-02-01T00:00:00Z'); from += 7 * 3_600_000 + 11_000) {
      const due = afterWorkingDays(from, 2);
      expect(due).toBeGreaterThan(from);
      const date = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(due);
      expect([0, 6]).not.toContain(new Date(`${date}T12:00:00Z`).getUTCDay());
      expect(bankHolidays(Number(date.slice(0, 4)))).not.toContain(date);
    }
  });
});
