import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { runFile } from '../../local/run-file.ts';
import { makePdf } from '../../local/samples/variants.ts';

/** `npm start` as a newcomer uses it: a process of its own, in a folder of its own. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders: string[] = [];
const running: ChildProcess[] = [];
const folder = () => {
  const dir = mkdtempSync(join(tmpdir(), 'send-document-start-'));
  folders.push(dir);
  return dir;
};
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

/** Runs what an npm script runs; `until` resolves as soon as the output holds a text. */
const script = (entry: string, ...args: string[]) => {
  const child = spawn(process.execPath, ['local/bootstrap.mjs', entry, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const until = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => output.includes(text) && resolve();
      waiting.add(look);
      look();
      exit.then(() => reject(new Error(`ended before it said "${text}":\n${output}`)));
    });
  return { child, exit, until, output: () => output };
};
const start = (...args: string[]) => script('local/start.ts', ...args);

describe('npm start', () => {
  it('-- --once takes the sample to ACCEPTED, state by state, exits 0 and leaves nothing running', async () => {
    const dir = folder();
    const run = start('--once', '--dir', dir);
    expect(await run.exit, run.output()).toBe(0);
    for (const word of [
      'Handed over',
      'received',
      'composed',
      'sending',
      'sent',
      'infrastructure acknowledged',
      'accepted',
      'ACCEPTED',
    ]) {
      expect(run.output()).toContain(word);
    }
    expect(existsSync(join(dir, 'run.json'))).toBe(false);
  });

  it('stays up until Ctrl-C, says where everything is, takes another PDF, and a second one runs beside it', async () => {
    const [one, two] = [folder(), folder()];
    const first = start('--dir', one);
    const second = start('--dir', two, '--no-sample');
    await Promise.all([first.until('Ctrl-C stops everything.'), second.until('Ctrl-C stops everything.')]);
    const run = runFile.parse(JSON.parse(readFileSync(join(one, 'run.json'), 'utf8')));
    expect(first.output()).toContain(run.s3Endpoint);
    expect(first.output()).toContain('npm run submit -- --dir');
    expect(readFileSync(join(two, 'run.json'), 'utf8')).not.toContain(run.s3Endpoint);

    const pdf = join(one, 'another.pdf');
    writeFileSync(pdf, await makePdf({ text: 'Another report' }));
    const submit = script('local/submit.ts', '--dir', one, pdf);
    expect(await submit.exit, submit.output()).toBe(0);
    expect(submit.output()).toContain('ACCEPTED');

    // What the practice does not accept is told by e-mail, shown and kept (GPCM-SD-094).
    const refused = script('local/submit.ts', '--dir', one, '--answer', '30002');
    expect(await refused.exit, refused.output()).toBe(1);
    await first.until('E-mail to records@northfield.example: Send Document RX1: 1 document needs somebody');
    const mails = readdirSync(run.mailDir).map((name) => readFileSync(join(run.mailDir, name), 'utf8'));
    expect(mails.filter((mail) => mail.includes('BUSINESS_REJECTED, since'))).toHaveLength(1);

    const shown = script('shared/operate/cli.ts', 'sender', 'show', run.senderOdsCode, '--dir', one);
    expect(await shown.exit, shown.output()).toBe(0);
    expect(shown.output()).toContain(run.senderOdsCode);

    // As a newcomer who copies what it printed into a shell: each line by itself, one after the other.
    const printed = first
      .output()
      .split('\n')
      .filter((line) => /^ {2}(TOKEN=|curl )/.test(line));
    expect(printed).toHaveLength(3);
    const [token = '', post = '', get = ''] = printed;
    const shell = (...lines: string[]) =>
      promisify(execFile)('bash', ['-ec', lines.join('\n')], { cwd: root }).then(({ stdout }) => JSON.parse(stdout));
    const submitted = await shell(token, post);
    expect(submitted).toMatchObject({ state: 'RECEIVED' });
    expect(get).toContain(`${run.apiUrl}/v1/documents/${submitted.documentId}`);
    let seen: { state?: string } = {};
    for (let looks = 0; looks < 60 && seen.state !== 'ACCEPTED'; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      seen = await shell(token, get);
    }
    expect(seen).toMatchObject({ documentId: submitted.documentId, state: 'ACCEPTED' });

    const again = start('--dir', one);
    expect(await again.exit).toBe(1);
    expect(again.output()).toContain('Another run');

    for (const { child } of [first, second]) child.kill('SIGTERM');
    expect(await Promise.all([first.exit, second.exit])).toEqual([0, 0]);
    expect(existsSync(join(one, 'run.json'))).toBe(false);
  });

  it('empties no folder that is not a run’s own', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'mine.txt'), 'mine');
    const run = start('--once', '--dir', dir);
    expect(await run.exit).toBe(1);
    expect(run.output()).toContain('a folder of its own');
    expect(readFileSync(join(dir, 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('stops at once and quietly while it is still starting', async () => {
    const run = start('--dir', folder());
    await run.until('Synthesising');
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    expect(run.output()).toContain('Stopped before everything was up');
    expect(run.output()).not.toContain('could not');
  });

  it('says what is wrong with its options', async () => {
    for (const args of [['--time-scale', '1000'], ['--port', 'ftp=21'], ['--faster']]) {
      const run = start(...args);
      expect(await run.exit).toBe(2);
      expect(run.output()).toContain('Usage');
    }
  });

  it('-- --once exits non-zero with the reason when the sample is not accepted', async () => {
    // The run's clock is the machine's, so the practice's answers take longer than that.
    const run = start('--once', '--dir', folder(), '--time-scale', '1', '--within', '5');
    expect(await run.exit).toBe(1);
    expect(run.output()).toContain('not ACCEPTED within 5 seconds');
    expect(run.output()).toContain('It is SENT');
    expect(run.output()).toContain('the practice');
  });
});
