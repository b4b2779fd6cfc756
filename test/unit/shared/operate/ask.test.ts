import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askOn } from '../../../../shared/operate/ask.ts';

const asked = async (typed: string | undefined) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = askOn(input, output)(['It is sent again.']);
  if (typed === undefined) input.end();
  else input.write(typed);
  return { said: await answer, shown: String(output.read()) };
};

describe('being asked', () => {
  it('shows what would happen, and takes the whole word only', async () => {
    expect(await asked('yes\n')).toEqual({ said: true, shown: 'It is sent again.\nType yes to do it: ' });
    for (const other of ['y\n', 'no\n', '\n', 'yes please\n']) expect((await asked(other)).said, other).toBe(false);
  });
  it('means no where somebody goes away without an answer', async () => {
    expect((await asked(undefined)).said).toBe(false);
  });
});
