import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scaledClock } from '../../../local/clock.ts';
import type { MeshClient } from '../../../shared/mesh/client.ts';
import type { UploadProgress } from '../../../shared/mesh/outcomes.ts';
import type { MeshPart } from '../../../shared/mesh/part-pump.ts';
import { envelope, part, type Rig, startRig } from '../../contract/mesh/rig.ts';

// A message in parts: in parallel where that is wanted, resumed after a crash, abandoned where it must be.

let rig: Rig;
let client: MeshClient;
beforeAll(async () => {
  rig = await startRig({ clock: scaledClock(100), settings: { strictChunkOrder: false } });
  client = rig.client();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const pieces = Array.from({ length: 8 }, (_, n) => Buffer.from(`part ${n + 1};`));
const whole = Buffer.concat(pieces).toString();
const parts = pieces.map((bytes) => part(bytes));

/** The same parts; `opened` notes which was opened when. Middle parts wait until so many are under way at a time. */
const watched = (together = 1) => {
  const opened: number[] = [];
  let release = () => {};
  const enough = new Promise<void>((resolve) => {
    release = resolve;
  });
  let underWay = 0;
  let most = 0;
  const list = pieces.map(
    (bytes, n): MeshPart => ({
      length: bytes.length,
      async open() {
        opened.push(n + 1);
        underWay++;
        most = Math.max(most, underWay);
        if (underWay === together) release();
        await (n === 0 || n === pieces.length - 1 ? new Promise(setImmediate) : enough);
        // Whoever else could begin now does.
        await new Promise((resolve) => setTimeout(resolve, 10));
        underWay--;
        return bytes;
      },
    }),
  );
  return { list, opened, most: () => most };
};

describe('middle parts', () => {
  test('go one by one, unless more is asked for', async () => {
    const { list, opened, most } = watched();
    expect((await client.send(envelope, list)).kind).toBe('sent');
    expect(opened).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(most()).toBe(1);
  });

  test('go several at a time; the first and the last go alone, and the message is whole', async () => {
    const { list, opened, most } = watched(3);
    const progress: UploadProgress[] = [];
    const outcome = await client.send(envelope, list, { parallelParts: 3, onProgress: (at) => void progress.push(at) });
    expect(outcome.kind).toBe('sent');
    expect([opened[0], opened.at(-1), most()]).toEqual([1, 8, 3]);
    expect(rig.simulator.control.sent()[0]?.body.toString()).toBe(whole);
    // Never past a gap, never back.
    const told = progress.map(({ nextPart }) => nextPart);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect([told[0], told.at(-1)]).toEqual([2, 8]);
  });

  test('that fail among others leave the upload at the first gap, the last part unsent', async () => {
    rig.simulator.control.failNext({ operation: 'sendChunk', fault: 'status', status: 500, times: 3 });
    const stopped = await client.send(envelope, parts, { parallelParts: 1 });
    expect(stopped).toMatchObject({ kind: 'transient', upload: { nextPart: 2 } });
    expect(rig.simulator.control.sent()).toEqual([]);
    if (stopped.kind === 'sent' || !stopped.upload) throw new Error(stopped.kind);
    const resumed = await client.send(envelope, parts, { resume: stopped.upload, parallelParts: 4 });
    expect(resumed).toEqual({ kind: 'sent', meshMessageId: stopped.upload.meshMessageId });
    expect(rig.simulator.control.sent()[0]?.body.toString()).toBe(whole);
    expect(rig.simulator.control.requests.send).toBe(1);
  });
});

describe('after a crash', () => {
  test.each([1, 3])(
    'at any part the written progress finishes the same message (%i at a time)',
    async (parallelParts) => {
      for (let crashAt = 2; crashAt <= pieces.length; crashAt++) {
        rig.simulator.control.reset();
        const told: UploadProgress[] = [];
        const dies = parts.map((one, n) =>
          n + 1 === crashAt ? { ...one, open: () => Promise.reject(new Error('crash')) } : one,
        );
        await client.send(envelope, dies, { parallelParts, onProgress: (at) => void told.push(at) });
        const written = told.at(-1);
        if (!written) throw new Error('nothing written');
        const resumed = await client.send(envelope, parts, { resume: written, parallelParts });
        expect(resumed).toEqual({ kind: 'sent', meshMessageId: written.meshMessageId });
        expect(rig.simulator.control.sent().map(({ body }) => body.toString())).toEqual([whole]);
        expect(rig.simulator.control.requests.send).toBe(1);
      }
    },
  );

  test('whose last answer was lost: 423 says that MESH has it, and there is one message', async () => {
    const told: UploadProgress[] = [];
    await client.send(envelope, parts, { onProgress: (at) => void told.push(at) });
    const written = told.at(-1);
    if (!written) throw new Error('nothing written');
    for (const nextPart of [2, written.nextPart]) {
      const resume = { ...written, nextPart };
      expect((await client.send(envelope, parts, { resume })).kind).toBe('sent');
    }
    expect(rig.simulator.control.sent()).toHaveLength(1);
  });
});

test('progress that cannot be written stops the upload before the next part goes', async () => {
  for (const failsAt of [2, 5]) {
    rig.simulator.control.reset();
    const outcome = await client.send(envelope, parts, {
      onProgress: ({ nextPart }) => {
        if (nextPart === failsAt) throw new Error('Marker');
      },
    });
    expect(outcome).toMatchObject({ kind: 'transient', upload: { nextPart: failsAt } });
    expect(JSON.stringify(outcome)).not.toContain('Marker');
    expect(rig.simulator.control.requests.sendChunk).toBe(failsAt - 2);
  }
});

test('an upload that MESH does not know any more is abandoned, and says so', async () => {
  const resume = { meshMessageId: '20200529155357895317_3573F8', nextPart: 3 };
  expect(await client.send(envelope, parts, { resume })).toMatchObject({
    kind: 'refused',
    status: 404,
    abandoned: true,
    upload: resume,
  });
});

test('a resume point that fits no message is refused before anything is sent', async () => {
  for (const resume of [
    { meshMessageId: '', nextPart: 2 },
    { meshMessageId: 'X', nextPart: 1 },
    { meshMessageId: 'X', nextPart: 10 },
  ]) {
    expect((await client.send(envelope, parts, { resume })).kind).toBe('refused');
  }
  expect(rig.simulator.control.requests.sendChunk).toBe(0);
});
