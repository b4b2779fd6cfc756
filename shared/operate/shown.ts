import { isoTime } from '../platform/clock.ts';

const isTime = (key: string): boolean => key === 'at' || key === 'since' || key === 'until' || /[a-z]At$/.test(key);

/** An item as a person reads it: times in ISO 8601 instead of milliseconds, no revision, and nothing of what waits for the archive. */
export const shown = (value: unknown, key = ''): unknown => {
  if (typeof value === 'number' && isTime(key)) return value === 0 ? 'not recorded' : isoTime(value);
  if (Array.isArray(value)) return value.map((each) => shown(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      name === 'revision' || name === 'journal' ? [] : [[name, shown(inner, name)]],
    ),
  );
};

export const shownText = (value: unknown): string => JSON.stringify(shown(value), undefined, 2);
