/** Who may work on the store at once. First come, first served. */
export interface Gate {
  /** Runs together with others that share. */
  share<T>(work: () => Promise<T>): Promise<T>;
  /** Runs while nobody else does: for what DynamoDB does as one step and the store does in several. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export const createGate = (): Gate => {
  const waiting: { readonly alone: boolean; readonly start: () => void }[] = [];
  let running = 0;
  let closed = false;

  const admit = () => {
    for (let first = waiting[0]; first && !closed && !(first.alone && running > 0); first = waiting[0]) {
      waiting.shift();
      running++;
      closed = first.alone;
      first.start();
    }
  };
  const enter = async <T>(alone: boolean, work: () => Promise<T>): Promise<T> => {
    await new Promise<void>((start) => {
      waiting.push({ alone, start });
      admit();
    });
    try {
      return await work();
    } finally {
      running--;
      closed = false;
      admit();
    }
  };
  return { share: (work) => enter(false, work), alone: (work) => enter(true, work) };
};
