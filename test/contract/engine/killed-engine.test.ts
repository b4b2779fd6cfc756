import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isRunning, templateOf, writeAssembly } from './rig.ts';

it('an engine that is killed takes its functions’ processes with it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'engine-'));
  await writeAssembly(dir, { 'a-stack': templateOf({}) });
  const script = fileURLToPath(new URL('fixtures/engine-process.ts', import.meta.url));
  const engine = spawn(process.execPath, ['--import', 'tsx', script, dir, join(dir, 'state')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(engine.stdout.setEncoding('utf8'), 'data');
  const { payload: pid } = JSON.parse(line);
  expect(isRunning(pid)).toBe(true);
  engine.kill('SIGKILL');
  await once(engine, 'exit');
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  rmSync(dir, { recursive: true, force: true });
});
