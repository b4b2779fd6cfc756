import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bodies, openBodies } from '../../../../local/mesh/bodies.ts';

let dir: string;
let bodies: Bodies;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'bodies-')), 'bodies');
  bodies = openBodies(dir);
});
afterEach(() => {
  bodies.close();
  rmSync(join(dir, '..'), { recursive: true, force: true });
});

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test('a stream is written down as it comes, and read again whole or in part', async () => {
  const body = await bodies.receive(pieces('one ', 'two'), 7);
  if (!body) throw new Error('too long');
  expect(body.length).toBe(7);
  expect(bodies.read(body).toString()).toBe('one two');
  expect((await buffer(bodies.open(body, { bytes: 3 }))).toString()).toBe('one');
  bodies.remove(body);
  expect(readdirSync(dir)).toEqual([]);
});

test('a stream past the limit is read to its end and leaves nothing behind', async () => {
  let ended = false;
  const source = (async function* () {
    yield* pieces('one ', 'two', ' three');
    ended = true;
  })();
  expect(await bodies.receive(source, 6)).toBeUndefined();
  expect(ended).toBe(true);
  expect(readdirSync(dir)).toEqual([]);
});

test('a stream that breaks off is no body, and leaves nothing behind', async () => {
  const source = (async function* () {
    yield* pieces('one');
    throw new Error('cut');
  })();
  await expect(bodies.receive(source, 100)).rejects.toThrow('cut');
  expect(readdirSync(dir)).toEqual([]);
});

test('what an earlier run left in the folder is gone, and the folder goes at the end', () => {
  writeFileSync(join(dir, 'left'), 'x');
  bodies.close();
  bodies = openBodies(dir);
  expect(readdirSync(dir)).toEqual([]);
  bodies.close();
  expect(existsSync(dir)).toBe(false);
});
