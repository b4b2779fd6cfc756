/** How many letters must be changed, put in, taken out or swapped with the next to make one word the other. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j] ?? 0, (before[j - 2] ?? 0) + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
};

const isBegun = (typed: string, word: string): boolean => {
  const [begun, whole] = [typed.split(' '), word.split(' ')];
  return begun.length === whole.length && begun.every((part, n) => part.length > 1 && whole[n]?.startsWith(part));
};

/** What somebody may have meant who typed this; `undefined` where nothing is near. Pure. */
export const nearest = (typed: string, words: readonly string[]): string | undefined => {
  const begun = words.find((word) => isBegun(typed, word));
  if (begun !== undefined) return begun;
  const [found] = words
    .map((word) => ({ word, far: distance(typed, word) }))
    .filter(({ word, far }) => far <= Math.max(1, Math.floor(word.length / 4)))
    .sort((a, b) => a.far - b.far);
  return found?.word;
};
