/**
 * Keeps what was made for the last few keys, so that it is not made again: for what costs much, depends on nothing but
 * its key, and is never changed by whoever gets it.
 */
export const lastFew = <T>(most: number): ((key: string, make: () => T) => T) => {
  const kept = new Map<string, T>();
  return (key, make) => {
    if (kept.has(key)) {
      const found = kept.get(key) as T;
      // To the end of the line: what is asked for often stays.
      kept.delete(key);
      kept.set(key, found);
      return found;
    }
    const made = make();
    kept.set(key, made);
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    return made;
  };
};
