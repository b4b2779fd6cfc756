import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { realClock, scaledClock, virtualClock } from '../../../../local/clock.ts';
import { clockVariable } from '../../../../local/engine/function-variables.ts';

const preload = new URL('../../../../local/runtime/preload.mjs', import.meta.url).href;

/** Runs a module in a process that has this clock, and gives what it prints as JSON. */
const withClock = async (clock: string, code: string): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', preload, '--input-type=module', '--eval', code],
    { env: { LOCAL_CLOCK: clock } },
  );
  return JSON.parse(stdout);
};

const origin = Date.UTC(2031, 0, 1);
const fast = () => clockVariable(scaledClock(1000, origin));

describe('a process with the engine’s clock', () => {
  it('dates by it, whichever way it asks', async () => {
    const readings = await withClock(
      fast(),
      'console.log(JSON.stringify([Date.now(), new Date().getTime(), Date.parse(Date()), new Date().constructor.now()]))',
    );
    for (const reading of readings as number[]) {
      expect(reading).toBeGreaterThanOrEqual(origin);
      expect(reading).toBeLessThan(origin + 3_600_000_000);
    }
  });

  it('keeps what dates are otherwise', async () => {
    const facts = await withClock(
      fast(),
      `class Own extends Date { year() { return this.getUTCFullYear(); } }
       console.log(JSON.stringify({
         instance: new Date() instanceof Date,
         own: new Own(0) instanceof Date && new Own(0) instanceof Own && new Own(0).year() === 1970 && new Own().year() >= 2031,
         parts: new Date(2020, 1, 29).getMonth() === 1 && new Date('2020-02-29T00:00:00Z').getTime() === Date.UTC(2020, 1, 29),
         parse: Date.parse('1970-01-01T00:00:01Z') === 1000,
         copy: new Date(new Date(5)).getTime() === 5 && structuredClone(new Date(7)).getTime() === 7,
         named: Date.name === 'Date' && Object.prototype.toString.call(new Date()) === '[object Date]',
         text: typeof Date() === 'string',
       }))`,
    );
    expect(facts).toEqual({ instance: true, own: true, parts: true, parse: true, copy: true, named: true, text: true });
  });

  it('waits by it, with every kind of timer', async () => {
    // Six minutes each; by the machine's clock this would outlast any test.
    const fired = await withClock(
      fast(),
      `import { setTimeout as wait, setInterval as every, scheduler } from 'node:timers/promises';
       import { setTimeout as imported } from 'node:timers';
       import { promisify } from 'node:util';
       const span = 360_000;
       const start = Date.now();
       await Promise.all([
         new Promise((done) => setTimeout(done, span)),
         new Promise((done) => imported(done, span)),
         new Promise((done) => { const timer = setInterval(() => { clearInterval(timer); done(); }, span); }),
         wait(span),
         scheduler.wait(span),
         promisify(setTimeout)(span),
         (async () => { for await (const _ of every(span)) break; })(),
       ]);
       const value = await wait(1000, 'handed on');
       console.log(JSON.stringify({ passed: Date.now() - start >= span, value }));`,
    );
    expect(fired).toEqual({ passed: true, value: 'handed on' });
  }, 30_000);

  it('lets a signal that bounds a call of the network wait by the machine, whose network it is', async () => {
    const facts = await withClock(
      fast(),
      `const signal = AbortSignal.timeout(360_000);
       // Twelve minutes by the clock, of which the machine sees less than a second.
       await new Promise((done) => setTimeout(done, 720_000));
       console.log(JSON.stringify({ aborted: signal.aborted }));`,
    );
    expect(facts).toEqual({ aborted: false });
  });

  it('has nothing patched in real time', async () => {
    const native = await withClock(
      clockVariable(realClock()),
      'console.log(JSON.stringify([Date.now, setTimeout, Date].map((f) => f.toString().includes("[native code]") || f.name === "setTimeout" && !f.toString().includes("shortened"))))',
    );
    expect(native).toEqual([true, true, true]);
  });
});

it('is told the same time that the engine has', () => {
  const clock = scaledClock(60, origin);
  const { scale, origin: at, realOrigin } = JSON.parse(clockVariable(clock));
  expect(scale).toBe(60);
  const same = scaledClock(scale, at, realOrigin);
  expect(Math.abs(same.now() - clock.now())).toBeLessThanOrEqual(60 * 5);
  expect(JSON.parse(clockVariable(virtualClock(origin)))).toMatchObject({ scale: 0, origin });
});
