/** While the archive or a topic cannot be reached entries pile up on an item, and an item has 400 KB. */
export const pendingLimit = 96 * 1024;

const fits = (pending: readonly unknown[]): boolean => Buffer.byteLength(JSON.stringify(pending)) <= pendingLimit;

/**
 * What waits stays as it is: it may have been written already, under its number. Past the limit an added one is not kept,
 * and its number is missing for good: so it is evident.
 */
export const withPending = <T>(waiting: readonly T[] = [], added: T): readonly T[] => {
  const pending = [...waiting, added];
  return fits(pending) ? pending : waiting;
};

/**
 * The other way about: past the limit the oldest go, since whoever follows goes by the highest number. A topic that is back
 * tells how things stand, and the numbers that are missing that something was left out.
 */
export const withNewest = <T>(waiting: readonly T[] = [], added: T): readonly T[] => {
  let pending = [...waiting, added];
  while (pending.length > 1 && !fits(pending)) pending = pending.slice(1);
  return pending;
};
