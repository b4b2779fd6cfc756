import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scaledClock, virtualClock } from '../../../local/clock.ts';
import type { Fault, Operation } from '../../../local/mesh/fault-script.ts';
import type { MeshClient } from '../../../shared/mesh/client.ts';
import { bodyOf, envelope, part, practice, type Rig, sender, startRig } from './rig.ts';

let rig: Rig;
let client: MeshClient;
let steady: MeshClient;
/** Gives up on silence soon: used only where silence is the fault, or a busy machine would look like one. */
let hasty: MeshClient;
let waiting: string;
// Waits between attempts pass quickly.
const clock = scaledClock(50);
beforeAll(async () => {
  rig = await startRig({ clock });
  steady = rig.client({ timeouts: { diagnosisMs: 50 } });
  hasty = rig.client({ timeouts: { idleMs: 300, diagnosisMs: 50 } });
});
afterAll(() => rig.close());
beforeEach(() => {
  client = steady;
  rig.simulator.control.reset();
  const content = Buffer.from('<Bundle/>');
  waiting = rig.simulator.control.deliver(sender.mailboxId, { from: practice.mailboxId, workflowId: 'W', content });
});

const soap =
  '<?xml version="1.0"?><soap:Envelope xmlns:soap="urn:x"><soap:Body><soap:Fault/></soap:Body></soap:Envelope>';

type Script = Omit<Fault, 'operation'>;
const faults: Record<string, Script> = {
  'a cut before': { fault: 'reset-before' },
  'a cut after it was processed': { fault: 'reset-after-accept' },
  'no answer at all': { fault: 'hang' },
  'half an answer': { fault: 'cut-answer' },
  'a SOAP fault': { fault: 'status', status: 500, body: soap, contentType: 'text/xml' },
  'an HTML 502': { fault: 'status', status: 502, body: '<html>Bad gateway</html>', contentType: 'text/html' },
  'an empty 503': { fault: 'status', status: 503 },
  'a lost 504': { fault: 'status-after-accept', status: 504, body: 'null' },
  'a 429': { fault: 'status', status: 429, retryAfter: 2 },
  'a refused token': { fault: 'status', status: 403, body: '{"detail":[{"event":"","code":"","msg":"x"}]}' },
  'a redirect': { fault: 'status', status: 302, body: '<html/>' },
};

const faultNamed = (name: string): Script => {
  const fault = faults[name];
  if (!fault) throw new Error(name);
  if (fault.fault === 'hang') client = hasty;
  return fault;
};

type Expected = Record<keyof typeof faults, string>;
const row = (kinds: Partial<Expected>, otherwise: string): Expected =>
  Object.fromEntries(Object.keys(faults).map((name) => [name, kinds[name] ?? otherwise])) as Expected;

// A fault met once: what is safe to repeat is repeated and succeeds. `half an answer` breaks off inside the body.
const once = row({ 'a redirect': 'configuration' }, 'ok');
// A fault met every time.
const always = row({ 'a refused token': 'configuration', 'a redirect': 'configuration' }, 'transient');

const sendOne = () => client.send(envelope, [part(Buffer.from('<Bundle/>'))]);
const trackOne = async () => {
  const sent = await sendOne();
  return client.track(sent.kind === 'sent' ? sent.meshMessageId : '');
};

const harmless: [Operation, () => Promise<{ kind: string }>, Partial<Expected>, Partial<Expected>][] = [
  ['handshake', () => client.handshake(), {}, { 'half an answer': 'ok' }],
  ['list', () => client.listInbox(), { 'half an answer': 'transient' }, {}],
  ['head', () => client.head(waiting), {}, {}],
  ['acknowledge', () => client.acknowledge(waiting), {}, { 'half an answer': 'ok' }],
  ['track', trackOne, { 'half an answer': 'transient' }, {}],
  ['ping', () => client.ping(), {}, { 'half an answer': 'ok' }],
];

describe.each(harmless)('%s', (operation, call, onceToo, alwaysToo) => {
  test.each(Object.keys(faults))('meets %s once', async (name) => {
    const fault = faultNamed(name);
    rig.simulator.control.failNext({ operation, ...fault });
    expect((await call()).kind).toBe({ ...once, ...onceToo }[name]);
  });

  test.each(Object.keys(faults))('meets %s every time, and asks three times at most', async (name) => {
    const fault = faultNamed(name);
    rig.simulator.control.failNext({ operation, ...fault, times: 9 });
    expect((await call()).kind).toBe({ ...always, ...alwaysToo }[name]);
    expect(rig.simulator.control.requests[operation]).toBeLessThanOrEqual(3);
  });
});

describe('send', () => {
  const expected: Expected = {
    'a cut before': 'unknown',
    'a cut after it was processed': 'unknown',
    'no answer at all': 'unknown',
    'half an answer': 'unknown',
    'a SOAP fault': 'unknown',
    'an HTML 502': 'unknown',
    'an empty 503': 'unknown',
    'a lost 504': 'unknown',
    'a 429': 'transient',
    'a refused token': 'sent',
    'a redirect': 'configuration',
  };
  test.each(Object.keys(faults))('meets %s: one POST, unless a token was refused', async (name) => {
    const fault = faultNamed(name);
    rig.simulator.control.failNext({ operation: 'send', ...fault });
    expect((await sendOne()).kind).toBe(expected[name]);
    expect(rig.simulator.control.requests.send).toBe(name === 'a refused token' ? 2 : 1);
    expect(rig.simulator.control.sent().length).toBeLessThanOrEqual(1);
  });

  test('a lost answer leaves one message, whose sender does not know', async () => {
    rig.simulator.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    expect(await sendOne()).toEqual({ kind: 'unknown', reason: expect.stringContaining('ECONNRESET') });
    expect(rig.simulator.control.sent()).toHaveLength(1);
  });

  test('a token refused twice is a configuration fault', async () => {
    rig.simulator.control.failNext({ operation: 'send', fault: 'status', status: 403, times: 2 });
    expect((await sendOne()).kind).toBe('configuration');
    expect(rig.simulator.control.requests.send).toBe(2);
  });

  test('a wait that MESH asks for is handed on', async () => {
    rig.simulator.control.failNext({ operation: 'send', fault: 'status', status: 429, retryAfter: 120 });
    expect(await sendOne()).toMatchObject({ kind: 'transient', status: 429, retryAfterMs: 120_000 });
    const at = new Date(clock.now() + 3_600_000).toUTCString();
    rig.simulator.control.failNext({ operation: 'send', fault: 'status', status: 425, retryAfter: at });
    const outcome = await sendOne();
    expect(outcome).toMatchObject({ kind: 'transient', retryAfterMs: expect.any(Number) });
    if (outcome.kind === 'transient') expect(outcome.retryAfterMs).toBeGreaterThan(3_000_000);
  });

  test('a MESH that is out of order before the message goes out gets no message', async () => {
    client.dropIdleConnections();
    rig.simulator.control.failNext({ operation: 'ping', fault: 'status', status: 503, times: 3 });
    expect(await sendOne()).toMatchObject({ kind: 'transient', status: 503 });
    expect(rig.simulator.control.requests.send).toBe(0);
  });

  test('a server without a ping is sent to all the same', async () => {
    client.dropIdleConnections();
    rig.simulator.control.failNext({ operation: 'ping', fault: 'status', status: 404, body: '<html/>' });
    expect((await sendOne()).kind).toBe('sent');
  });
});

describe('download', () => {
  const whole = async () => {
    const outcome = await client.download(waiting);
    return outcome.kind === 'ok' ? (await bodyOf(outcome.value.body)).toString() : outcome.kind;
  };

  test.each([
    'a cut before',
    'a cut after it was processed',
    'no answer at all',
    'a SOAP fault',
    'a 429',
    'a refused token',
  ])('meets %s once and is repeated', async (name) => {
    const fault = faultNamed(name);
    rig.simulator.control.failNext({ operation: 'download', ...fault });
    expect(await whole()).toBe('<Bundle/>');
  });

  test('a body that breaks off is an error of the stream, never a short message', async () => {
    rig.simulator.control.failNext({ operation: 'download', fault: 'cut-answer' });
    await expect(whole()).rejects.toMatchObject({ name: 'MeshFault', outcome: { kind: 'transient' } });
    expect(await whole()).toBe('<Bundle/>');
  });

  test('a later part that cannot be had is an error of the stream', async () => {
    const content = [{ bytes: Buffer.from('a') }, { bytes: Buffer.from('b') }];
    waiting = rig.simulator.control.deliver(sender.mailboxId, { from: 'X', workflowId: 'W', content });
    rig.simulator.control.failNext({ operation: 'downloadChunk', fault: 'status', status: 410, times: 9 });
    await expect(whole()).rejects.toMatchObject({ outcome: { kind: 'gone', status: 410 } });
  });

  test('bytes that are not gzip though they say so are an error of the stream', async () => {
    const content = [{ bytes: Buffer.from('not gzip'), encoding: 'gzip' }];
    waiting = rig.simulator.control.deliver(sender.mailboxId, { from: 'X', workflowId: 'W', content });
    await expect(whole()).rejects.toMatchObject({ name: 'MeshFault', outcome: { kind: 'transient' } });
  });

  test('a body that nobody reads gives its connection back', async () => {
    const narrow = rig.client({ maxConnections: 1 });
    const content = Buffer.alloc(3_000_000);
    waiting = rig.simulator.control.deliver(sender.mailboxId, { from: 'X', workflowId: 'W', content });
    const outcome = await narrow.download(waiting);
    if (outcome.kind !== 'ok') throw new Error(outcome.kind);
    outcome.value.body.destroy();
    expect((await narrow.handshake()).kind).toBe('ok');
  });
});

describe('time', () => {
  test('nothing is posted when too little is left', async () => {
    const late = rig.client({ deadline: () => clock.now() + 500 });
    expect(await late.send(envelope, [part(Buffer.from('x'))])).toMatchObject({ kind: 'transient' });
    expect(rig.simulator.control.requests.send).toBe(0);
    const over = rig.client({ deadline: () => clock.now() - 1 });
    expect(await over.handshake()).toMatchObject({
      kind: 'transient',
      reason: 'No time was left for another request.',
    });
  });

  test('a request without an answer ends with the deadline, which is kept by the clock', async () => {
    const still = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
    const own = await startRig({ clock: still });
    const until = still.now() + 60_000;
    const patient = own.client({ deadline: () => until });
    expect((await patient.ping()).kind).toBe('ok');
    own.simulator.control.failNext({ operation: 'send', fault: 'hang' });
    const pending = patient.send(envelope, [part(Buffer.from('x'))]);
    await expect.poll(() => own.simulator.control.requests.send).toBe(1);
    await still.advance(60_000);
    expect(await pending).toMatchObject({ kind: 'unknown', reason: 'The time for this request ran out.' });
    await own.close();
  });

  test('repeats stop where the next wait would pass the deadline', async () => {
    rig.simulator.control.failNext({ operation: 'list', fault: 'status', status: 503, retryAfter: 4, times: 9 });
    const short = rig.client({ deadline: () => clock.now() + 3000 });
    expect(await short.listInbox()).toMatchObject({ kind: 'transient', retryAfterMs: 4000 });
    expect(rig.simulator.control.requests.list).toBe(1);
  });

  test('two tokens are never the same, though every request repeats', async () => {
    const seen: string[] = [];
    const own = rig.client({
      ids: {
        uuid: () => {
          const id = randomUUID();
          seen.push(id);
          return id;
        },
      },
    });
    rig.simulator.control.failNext({ operation: 'handshake', fault: 'reset-after-accept', times: 2 });
    expect((await own.handshake()).kind).toBe('ok');
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('a token used twice is refused', async () => {
    const own = rig.client({ ids: { uuid: () => 'bd0e2bd5-218e-41d0-83a9-73fdec414803' } });
    expect((await own.handshake()).kind).toBe('ok');
    expect((await own.handshake()).kind).toBe('configuration');
  });

  test('a clock more than two hours off is refused, and the handshake tells a smaller skew', async () => {
    const off = (ms: number) => ({ ...clock, now: () => clock.now() + ms });
    expect((await rig.client({ clock: off(-7_500_000) }).handshake()).kind).toBe('configuration');
    expect((await rig.client({ clock: off(7_500_000) }).handshake()).kind).toBe('configuration');
    const outcome = await rig.client({ clock: off(3_600_000) }).handshake();
    if (outcome.kind !== 'ok') throw new Error(outcome.kind);
    expect(Math.round((outcome.value.clockSkewMs ?? 0) / 600_000)).toBe(6);
  });
});
