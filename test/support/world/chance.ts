/** Chance with a seed: the same seed is the same run. */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  /** A whole number from `from` up to and with `to`. */
  whole(from: number, to: number): number;
  pick<T>(of: readonly [T, ...T[]] | readonly T[]): T;
  uuid(): string;
}

export const chance = (seed: number): Chance => {
  let state = seed >>> 0;
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  return {
    next,
    happens: (probability) => next() < probability,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: <T>(of: readonly T[]) => of[Math.floor(next() * of.length)] as T,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  };
};
