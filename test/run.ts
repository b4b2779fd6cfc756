import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * `npm test`: every check there is, quick ones first. Prints each one's seconds and ends with
 * `N passed, N failed, N skipped`. `npm test -- unit infra` runs only those.
 */

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Check {
  readonly name: string;
  run(): Promise<Tally>;
}

const scratch = mkdtempSync(join(tmpdir(), 'send-document-test-'));

const execute = (command: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('exit', (code) => resolve(code ?? 1));
  });

/** A tool that only says yes or no counts as one check. */
const tool = (name: string, command: string, args: readonly string[]): Check => ({
  name,
  run: async () =>
    (await execute(command, args)) === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 },
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
    const code = await execute('node_modules/vitest/vitest.mjs', [
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
      return { passed: 0, failed: 1, skipped: 0 };
    }
    const read = report.parse(JSON.parse(text));
    const brokenFiles = read.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    const failed = read.numFailedTests + brokenFiles.length;
    const tally = {
      passed: read.numPassedTests,
      failed: failed === 0 && (code !== 0 || read.numPassedTests === 0) ? 1 : failed,
      skipped: read.numPendingTests + read.numTodoTests,
    };
    return tally;
  },
});

const checks: readonly Check[] = [
  tool('format and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '.', '--error-on-warnings']),
  tool('types', 'node_modules/typescript/bin/tsc', ['-p', '.']),
  suite('unit'),
  suite('property'),
  suite('contract'),
  suite('infra'),
  suite('fault'),
  suite('acceptance'),
];

/** Only when asked for by name (`npm test -- drill`): it takes longer than everybody's every run can bear. */
const onRequest: readonly Check[] = [suite('drill')];

const wanted = process.argv.slice(2);
const all = [...checks, ...onRequest];
const chosen = wanted.length === 0 ? checks : all.filter(({ name }) => wanted.includes(name));
if (chosen.length === 0) throw new Error(`No such check. There are: ${all.map(({ name }) => name).join(', ')}.`);

const total = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
for (const check of chosen) {
  console.log(`\n── ${check.name}`);
  const began = performance.now();
  const tally = await check.run();
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  const took = ((performance.now() - began) / 1000).toFixed(1);
  lines.push(
    `${check.name.padEnd(16)} ${took.padStart(6)} s   ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`,
  );
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
