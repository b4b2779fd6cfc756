import { expect, test } from 'vitest';
import { parseOptions, usage } from '../../../../local/mesh/options.ts';

const options = (...args: string[]) => {
  const parsed = parseOptions(args);
  if (parsed.kind !== 'options') throw new Error(parsed.kind);
  return parsed.options;
};

test('without options it is a MESH: mutual TLS, 100 MB, any free port', () => {
  expect(options()).toMatchObject({ port: 0, tls: 'mutual', maxBodyBytes: 100_000_000, endWithInput: false });
});

test('each option does what it says', () => {
  expect(options('--port', '8443', '--dir', '/somewhere', '--max-body-mb', '20')).toMatchObject({
    port: 8443,
    dir: '/somewhere',
    maxBodyBytes: 20_000_000,
  });
  expect(options('--no-mutual-tls').tls).toBe('server');
  expect(options('--plain-http').tls).toBe('none');
  expect(parseOptions(['--help'])).toEqual({ kind: 'help' });
});

test.each([
  [['--port', 'many'], /--port/],
  [['--max-body-mb', '0'], /--max-body-mb/],
  [['--plain-http', '--no-mutual-tls'], /one of the two/],
  [['--unknown'], /unknown/],
])('%j is a problem with a sentence', (args, sentence) => {
  expect(parseOptions(args)).toMatchObject({ kind: 'problem', sentence: expect.stringMatching(sentence) });
});

test('the usage names every option', () => {
  for (const option of ['port', 'dir', 'max-body-mb', 'no-mutual-tls', 'plain-http', 'end-with-input', 'help']) {
    expect(usage).toContain(`--${option}`);
  }
});
