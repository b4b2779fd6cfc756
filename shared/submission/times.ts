const dateForm = /^(\d{4})-(\d{2})-(\d{2})$/;
const timeForm = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|[+-](\d{2}):(\d{2}))$/;

/** Midnight UTC of a calendar date `YYYY-MM-DD`, epoch ms; undefined if there is no such day. */
export const dateOf = (text: string): number | undefined => {
  const [, year, month, day] = dateForm.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? at.getTime() : undefined;
};

/** Epoch ms of an RFC 3339 time with offset; undefined if there is no such time (Date.parse takes 30 February). */
export const instantOf = (text: string): number | undefined => {
  const [, date, hour, minute, second, offsetHour = '00', offsetMinute = '00'] = timeForm.exec(text) ?? [];
  if (date === undefined || dateOf(date) === undefined) return undefined;
  const real =
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(offsetHour) < 24 &&
    Number(offsetMinute) < 60;
  return real ? Date.parse(text) : undefined;
};
