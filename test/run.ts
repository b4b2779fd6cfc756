import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * `npm test`: every check there is. Prints each one's seconds and ends with `N passed, N failed, N skipped`.
 * `npm test -- unit infra` runs only those. Two run side by side, because what starts processes and waits for them leaves
 * most of a machine idle; a check's output is printed whole, when it has ended.
 */

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Check {
  readonly name: string;
  run(): Promise<Tally & { readonly output: string }>;
}

const scratch = mkdtempSync(join(tmpdir(), 'send-document-test-'));

const execute = (
  command: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });

/** A tool that only says yes or no counts as one check. */
const tool = (name: string, command: string, args: readonly string[]): Check => ({
  name,
  async run() {
    const { code, output } = await execute(command, args);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, output };
  },
});

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** A suite that ran nothing, crashed, or left no report has failed: silence is not success. */
const suite = (name: string): Check => ({
  name,
  async run() {
    const outputFile = join(scratch, `${name}.json`);
    const { code, output } = await execute('node_modules/vitest/vitest.mjs', [
      'run',
      '--project',
      name,
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${outputFile}`,
    ]);
    let text: string;
    try {
      text = readFileSync(outputFile, 'utf8');
    } catch {
      return { passed: 0, failed: 1, skipped: 0, output };
    }
    const read = report.parse(JSON.parse(text));
    const brokenFiles = read.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    const failed = read.numFailedTests + brokenFiles.length;
    return {
      passed: read.numPassedTests,
      failed: failed === 0 && (code !== 0 || read.numPassedTests === 0) ? 1 : failed,
      skipped: read.numPendingTests + read.numTodoTests,
      output,
    };
  },
});

/** What is quick to say no first, then what takes longest, so that both lanes end at about the same time. */
const checks: readonly Check[] = [
  tool('format and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '.', '--error-on-warnings']),
  tool('types', 'node_modules/typescript/bin/tsc', ['-p', '.']),
  suite('fault'),
  suite('acceptance'),
  suite('contract'),
  suite('infra'),
  suite('property'),
  suite('unit'),
];

/** Only when asked for by name (`npm test -- drill`): it takes longer than everybody's every run can bear. */
const onRequest: readonly Check[] = [suite('drill')];

const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? checks : [...checks, ...onRequest].filter(({ name }) => wanted.includes(name));
if (chosen.length === 0) {
  const names = [...checks, ...onRequest].map(({ name }) => name);
  throw new Error(`No such check. There are: ${names.join(', ')}.`);
}

const total = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
const waiting = [...chosen];
const lane = async (): Promise<void> => {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const began = performance.now();
    const tally = await check.run();
    const took = ((performance.now() - began) / 1000).toFixed(1);
    total.passed += tally.passed;
    total.failed += tally.failed;
    total.skipped += tally.skipped;
    const { passed, failed, skipped } = tally;
    const line = `${check.name.padEnd(16)} ${took.padStart(6)} s   ${passed} passed, ${failed} failed, ${skipped} skipped`;
    lines.push(line);
    console.log(`\n── ${line}`);
    if (tally.output.trim() !== '') console.log(tally.output);
  }
};
await Promise.all([lane(), lane()]);
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
