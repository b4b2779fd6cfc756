import { createInterface } from 'node:readline/promises';

/**
 * Shows what would happen and asks whether to do it, on a terminal. The whole word: a key that is pressed twice by mistake
 * confirms nothing, and whoever goes away without an answer (Ctrl-C, Ctrl-D) has said no.
 */
export const askOn =
  (input: NodeJS.ReadableStream, output: NodeJS.WritableStream) =>
  async (lines: readonly string[]): Promise<boolean> => {
    for (const line of lines) output.write(`${line}\n`);
    const terminal = createInterface({ input, output });
    const gone = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
    try {
      const answer = await Promise.race([terminal.question('Type yes to do it: ').catch(() => undefined), gone]);
      if (answer === undefined) output.write('\n');
      return answer?.trim().toLowerCase() === 'yes';
    } finally {
      terminal.close();
    }
  };
