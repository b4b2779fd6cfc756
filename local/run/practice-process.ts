import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PracticeConfiguration } from '../practice/configuration.ts';

export interface PracticeProcess {
  close(): Promise<void>;
}

const main = fileURLToPath(new URL('../practice/main.ts', import.meta.url));

/** Starts the GP practice simulator in a process of its own; resolves when it polls. It ends with its stdin. */
export const startPractice = async (configuration: PracticeConfiguration, logDir: string): Promise<PracticeProcess> => {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', main], { stdio: ['pipe', 'pipe', 'pipe'] });
  const log = createWriteStream(join(logDir, 'gp-practice.log'), { flags: 'a' });
  child.stderr?.pipe(log);
  child.stdin?.write(`${JSON.stringify(configuration)}\n`);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    if (!child.stdout) return reject(new Error('The GP practice simulator has no output.'));
    createInterface({ input: child.stdout }).on('line', (line) => line === 'ready' && resolve());
    gone.then(() =>
      reject(new Error(`The GP practice simulator ended before it was ready: see ${join(logDir, 'gp-practice.log')}`)),
    );
  });
  return {
    async close() {
      child.stdin?.end();
      const late = setTimeout(() => child.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(late);
      log.end();
    },
  };
};
