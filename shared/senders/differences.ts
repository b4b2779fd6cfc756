/** One setting that differs. `undefined` where it is not there. */
export interface Difference {
  /** `phone`, `practiceProfiles.Y12345`. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What differs between two settings, in the order of the later one; groups setting by setting, lists as a whole. */
export const differences = (from: unknown, to: unknown, path = ''): readonly Difference[] => {
  if (!isGroup(from) || !isGroup(to)) return same(from, to) ? [] : [{ path, from, to }];
  const keys = [...Object.keys(to), ...Object.keys(from).filter((key) => !(key in to))];
  return keys.flatMap((key) => differences(from[key], to[key], path === '' ? key : `${path}.${key}`));
};

const shown = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value));

/** `phone: "01632 960100" → "01632 960200"`. */
export const differenceLine = ({ path, from, to }: Difference): string => `${path}: ${shown(from)} → ${shown(to)}`;
