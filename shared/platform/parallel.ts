/**
 * Runs `work` over items, at most `width` at a time, in their order of beginning. When one says `stop`, no further
 * item is begun; what is under way is finished. A throw of `work` is a bug: catch inside.
 */
export const inParallel = async <T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<'go on' | 'stop'>,
): Promise<void> => {
  const iterator = items[Symbol.iterator]();
  let stopped = false;
  const worker = async (): Promise<void> => {
    while (!stopped) {
      const next = iterator.next();
      if (next.done) return;
      if ((await work(next.value)) === 'stop') stopped = true;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
};
