/** While the archive or a topic cannot be reached entries pile up on an item, and an item has 400 KB. */
export const pendingLimit = 96 * 1024;

/**
 * What waits stays as it is: it may have been written already, under its number. Past the limit an added one is not kept,
 * and its number is missing for good: so it is evident.
 */
export const withPending = <T>(waiting: readonly T[] = [], added: T): readonly T[] => {
  const pending = [...waiting, added];
  return Buffer.byteLength(JSON.stringify(pending)) > pendingLimit ? waiting : pending;
};
