import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { documentToCompose } from '../../../fixtures/itk3/documents.ts';
import { meshWorld, sender } from './mesh-world.ts';

const main = fileURLToPath(new URL('../../../../local/practice/main.ts', import.meta.url));
let world: Awaited<ReturnType<typeof meshWorld>>;
let child: ChildProcess | undefined;
beforeAll(async () => {
  world = await meshWorld();
});
afterEach(() => {
  child?.kill('SIGKILL');
});
afterAll(() => world.close());

const start = (configuration: unknown, environment: Record<string, string> = {}) => {
  const started = spawn(process.execPath, ['--import', 'tsx', main], { env: { ...process.env, ...environment } });
  child = started;
  const output = { stdout: '', stderr: '' };
  started.stdout.on('data', (data: Buffer) => {
    output.stdout += data.toString();
  });
  started.stderr.on('data', (data: Buffer) => {
    output.stderr += data.toString();
  });
  if (configuration !== undefined) started.stdin.write(`${JSON.stringify(configuration)}\n`);
  return { process: started, output };
};

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('the practice simulator as a process', () => {
  it('takes its configuration on stdin, says ready, answers a document, and ends when stdin closes', async () => {
    const run = start(world.configuration);
    await until(() => run.output.stdout !== '');
    expect(run.output).toEqual({ stdout: 'ready\n', stderr: '' });

    await world.sendDocument(documentToCompose());
    await until(() => world.mesh.control.inbox(sender.mailboxId).length === 2);
    expect(world.answers().map(({ decisive }) => decisive)).toEqual(['20013', '30001']);

    run.process.stdin.end();
    const [code] = await once(run.process, 'exit');
    expect([code, run.output.stderr]).toEqual([0, '']);
  });

  it('takes its configuration from the environment as well', async () => {
    const run = start(undefined, { PRACTICE_CONFIGURATION: JSON.stringify(world.configuration) });
    await until(() => run.output.stdout !== '');
    run.process.stdin.end();
    const [code] = await once(run.process, 'exit');
    expect([code, run.output.stdout]).toEqual([0, 'ready\n']);
  });

  it('tells a password that MESH refuses, once, and is not ready', async () => {
    const [practice] = world.configuration.mailboxes;
    const run = start({ ...world.configuration, mailboxes: [{ ...practice, password: 'wrong' }] });
    await until(() => run.output.stderr !== '');
    run.process.stdin.end();
    await once(run.process, 'exit');
    expect(run.output.stdout).toBe('');
    expect(run.output.stderr.split('\n')).toHaveLength(2);
    expect(run.output.stderr).toMatch(/^practice A20047OT001: handshake: /);
  });
});
