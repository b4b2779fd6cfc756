// Gives a function's process the engine's clock, before any of its own code is loaded:
//   LOCAL_CLOCK={"scale":60,"origin":1700000000000,"realOrigin":1700000000000}
// means that it was `origin` when the machine's clock said `realOrigin`, and that time runs `scale` times as fast.
// Dates and timers follow; what measures the machine itself (performance, hrtime, socket timeouts) does not, nor does
// AbortSignal.timeout, which libraries bound a call of the network by: the network is the machine's, and no faster.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

const { scale, origin, realOrigin } = JSON.parse(process.env.LOCAL_CLOCK ?? '{"scale":1,"origin":0,"realOrigin":0}');

const longestTimer = 2_147_483_647;
// Node turns what it cannot time into 1 ms with a warning: that must stay as it is. It cuts fractions off: rounded up,
// no timer goes off early.
const shortened = (ms) => (Number(ms) >= 1 && Number(ms) <= longestTimer ? Math.ceil(Number(ms) / scale) : ms);

if (origin !== realOrigin || scale !== 1) {
  const MachineDate = Date;
  const machineNow = MachineDate.now;
  const now = () => Math.floor(origin + (machineNow() - realOrigin) * scale);
  // A proxy, not a subclass: prototype, `instanceof`, `Date.UTC`, `Date.parse` and subclasses stay what they were.
  const ClockDate = new Proxy(MachineDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new MachineDate(now()).toString(),
  });
  MachineDate.now = now;
  MachineDate.prototype.constructor = ClockDate;
  globalThis.Date = ClockDate;
}

if (scale !== 1) {
  const { setTimeout: machineTimeout, setInterval: machineInterval } = timers;
  const { setTimeout: wait, setInterval: every } = timersPromises;

  timersPromises.setTimeout = (ms, ...rest) => wait(shortened(ms), ...rest);
  timersPromises.setInterval = (ms, ...rest) => every(shortened(ms), ...rest);
  timersPromises.scheduler.wait = (ms, options) => wait(shortened(ms), undefined, options);
  timers.setTimeout = (callback, ms, ...rest) => machineTimeout(callback, shortened(ms), ...rest);
  timers.setInterval = (callback, ms, ...rest) => machineInterval(callback, shortened(ms), ...rest);
  Object.defineProperty(timers.setTimeout, promisify.custom, { value: timersPromises.setTimeout });
  globalThis.setTimeout = timers.setTimeout;
  globalThis.setInterval = timers.setInterval;
  syncBuiltinESMExports();
}
