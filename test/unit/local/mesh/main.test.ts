import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SimulatorRun, simulatorRun } from '../../../../local/mesh/run-file.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mesh-main-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
});

const start = (...args: string[]) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/mesh/main.ts', ...args]);
  children.push(child);
  return child;
};

const folder = () => join(dir, 'run');
const up = async (...args: string[]): Promise<{ child: ChildProcess; run: SimulatorRun; printed: string }> => {
  const child = start('--dir', folder(), ...args);
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(printed)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk;
        if (printed.includes('Ctrl-C')) resolve();
      });
    }
  });
  return {
    child,
    printed,
    run: simulatorRun.parse(JSON.parse(readFileSync(join(folder(), 'simulator.json'), 'utf8'))),
  };
};

const ended = async (child: ChildProcess) => (await once(child, 'exit'))[0];

const refused = async (...args: string[]) => {
  const child = start(...args);
  const [complaint, code] = await Promise.all([text(child.stderr), ended(child)]);
  return { complaint, code };
};

const pingStatus = (run: SimulatorRun, files: { ca?: string; cert?: string; key?: string }) =>
  new Promise<number | undefined>((resolve, reject) => {
    const url = `${run.baseUrl}/messageexchange/_ping`;
    const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
    const options = { ca: read(files.ca), cert: read(files.cert), key: read(files.key), agent: false };
    const request = url.startsWith('https:') ? getSecurely(url, options) : getPlain(url);
    request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
  });

describe('the simulator by itself', () => {
  test('prints and writes down all that a client needs, asks for the certificate, and ends clean', async () => {
    const { child, run, printed } = await up();
    for (const shown of [run.baseUrl, run.ca, run.cert, run.key, run.sharedKey, 'X26ABC1', 'password']) {
      expect(printed).toContain(shown);
    }
    expect(await pingStatus(run, run)).toBe(200);
    await expect(pingStatus(run, run.ca === undefined ? {} : { ca: run.ca })).rejects.toThrow();

    const second = await refused('--dir', folder());
    expect(second).toMatchObject({ code: 1, complaint: expect.stringContaining('Another simulator') });

    child.kill('SIGINT');
    expect(await ended(child)).toBe(0);
    expect(existsSync(join(folder(), 'simulator.json'))).toBe(false);
    expect(existsSync(join(folder(), 'bodies'))).toBe(false);
  });

  test('asks for no certificate, and speaks without TLS, only where it is told to', async () => {
    const { child, run } = await up('--no-mutual-tls', '--end-with-input');
    expect(run.cert).toBeUndefined();
    expect(await pingStatus(run, run.ca === undefined ? {} : { ca: run.ca })).toBe(200);
    child.stdin?.end();
    expect(await ended(child)).toBe(0);
    const plain = await up('--plain-http');
    expect(plain.run.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await pingStatus(plain.run, {})).toBe(200);
  });

  test('does not write into somebody’s own folder, and says what it does not understand', async () => {
    mkdirSync(folder());
    writeFileSync(join(folder(), 'thesis.txt'), 'x');
    expect(await refused('--dir', folder())).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('--dir FOLDER'),
    });
    expect(await refused('--nonsense')).toMatchObject({ code: 1, complaint: expect.stringContaining('Usage:') });
  });
});
