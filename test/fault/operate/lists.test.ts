import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../shared/operate/command.ts';
import type { DeadLetter, DeadLetters } from '../../../shared/platform/queue.ts';
import { declareDeployment } from '../../../shared/senders/deployment.ts';
import { CrashPlan, crashing } from '../../support/faults.ts';
import { ann, bob, operator, said } from './operator.ts';

/** Of many a list first, which can be looked at, and then exactly that list. */

const desk = operator();
const { operate, recordOf, stateNow, postsOf, drop, sent, goOn, answered, undelivered, files } = desk;

describe('many documents', () => {
  it('are written down first; then exactly those are done, each only if it still stands as it was listed', async () => {
    const made = [await undelivered(), await undelivered(), await undelivered()];
    const [one, two, three] = made.map(({ documentId }) => documentId);
    const listed = await operate('resend', { ...ann, list: 'some.csv', code: 'UNDELIVERED', sender: 'RX1' });
    expect(listed.ok).toBe(true);
    const text = files.get('some.csv') ?? '';
    for (const id of [one, two, three]) expect(text).toContain(id);
    expect(await stateNow(one ?? '')).toBe('UNDELIVERED');
    expect((await operate('resend', { ...ann, list: 'some.csv' })).ok).toBe(false);
    // One more comes, one is dealt with, one line is taken away.
    const late = await undelivered();
    await operate(`resolve ${two}`, { ...bob, route: 'telephoned', yes: true });
    const mine = text
      .split('\r\n')
      .filter((line, n) => n === 0 || line.includes(one ?? '') || line.includes(two ?? ''));
    files.set('mine.csv', mine.join('\r\n'));
    expect((await operate('cancel', { ...ann, 'from-list': 'mine.csv', yes: true })).ok).toBe(false);
    expect((await operate('resend', { ...ann, 'from-list': 'mine.csv' })).ok).toBe(false);
    const done = await operate('resend', { ...ann, 'from-list': 'mine.csv', yes: true });
    expect(done).toMatchObject({ ok: false, data: { changed: 1, settled: 0, not: 1 } });
    expect(said(done)).toContain('does not stand any more as it was shown');
    const again = await operate('resend', { ...bob, 'from-list': 'mine.csv', yes: true });
    expect(again).toMatchObject({ data: { changed: 0, settled: 1, not: 1 } });
    await goOn();
    const states = await Promise.all([one, two, three, late.documentId].map((id) => stateNow(id ?? '')));
    expect(states).toEqual(['SENT', 'UNDELIVERED', 'UNDELIVERED', 'UNDELIVERED']);
  });
});

describe('a list', () => {
  it('that broke off half way is run again, and what it did itself counts as done, however that has gone on', async () => {
    const made = [await undelivered(), await undelivered(), await undelivered()].map(({ documentId }) => documentId);
    await operate('resend', { ...ann, list: 'all.csv', code: 'UNDELIVERED' });
    const rows = (files.get('all.csv') ?? '').split('\r\n');
    files.set('these.csv', rows.filter((row, n) => n === 0 || made.some((id) => row.includes(id))).join('\r\n'));
    const run = (more = {}) => operate('resend', { ...ann, 'from-list': 'these.csv', yes: true }, more);
    // The connection is lost behind the first write: of the others nothing is known.
    let calls = 0;
    const table: CommandContext['table'] = {
      ...desk.rig.table,
      read: (key) => (calls > 0 ? Promise.reject(new Error('AWS cannot be reached.')) : desk.rig.table.read(key)),
      write: async (...args) => {
        calls += 1;
        await desk.rig.table.write(...args);
        throw new Error('AWS cannot be reached.');
      },
    };
    expect(await run({ table })).toMatchObject({ ok: false, data: { changed: 0, not: 3 } });
    // What it did goes its way meanwhile.
    await goOn();
    const states = async () => (await Promise.all(made.map(stateNow))).sort();
    expect(await states()).toEqual(['SENT', 'UNDELIVERED', 'UNDELIVERED']);
    const again = await run();
    expect(again).toMatchObject({ ok: true, data: { changed: 2, settled: 1, not: 0 } });
    expect(said(again)).toContain('It was done before');
    await goOn();
    expect(await states()).toEqual(['SENT', 'SENT', 'SENT']);
    for (const id of made) expect(await postsOf(id)).toHaveLength(2);
    // Somebody else is told otherwise: it was not they who had it sent again.
    expect(await operate('resend', { ...bob, 'from-list': 'these.csv', yes: true })).toMatchObject({
      ok: false,
      data: { changed: 0, settled: 0, not: 3 },
    });
  });
  it('is of documents in a state, whoever sends them, also of those that need no person', async () => {
    const { documentId } = await drop();
    const without = await operate('hold', { ...ann, list: 'none.csv', code: 'UNSENT', sender: 'RX9' });
    expect([without.misused, files.has('none.csv')]).toEqual([true, false]);
    const nobody = await operate('hold', { ...ann, list: 'none.csv', sender: 'RX9' });
    expect([nobody.ok, files.has('none.csv')]).toEqual([true, false]);
    expect(said(nobody)).toContain('that need a person of sender RX9 there is none');
    expect(said(nobody)).toContain('--state');
    expect((await operate('hold', { ...ann, list: 'hold.csv', state: 'COMPOSED' })).ok).toBe(true);
    expect(files.get('hold.csv')).toContain(documentId);
    await operate('hold', { ...ann, 'from-list': 'hold.csv', yes: true });
    expect((await recordOf(documentId)).holds).toMatchObject([{ reason: 'operator', ...ann }]);
    // Let go meanwhile by somebody who knew why: the list does not hold it once more.
    await operate(`release ${documentId}`, { ...bob, reason: 'operator', yes: true });
    await operate('hold', { ...ann, 'from-list': 'hold.csv', yes: true });
    expect((await recordOf(documentId)).holds).toEqual([]);
    await operate(`cancel ${documentId}`);
  });
  it('names the command that does it, and why others are left out, the same reason once', async () => {
    const [one, two] = [await sent(), await sent()];
    const made = await operate('resend', { ...ann, list: 'sent.csv', state: 'SENT', sender: 'RX1' });
    expect(made.data).toMatchObject({
      leftOut: [{ line: expect.stringContaining('time for its answer is not over') }],
    });
    const held = await drop();
    await operate(`hold ${held.documentId}`);
    const listed = await operate('release', { ...ann, reason: 'operator', list: 'go.csv', state: 'COMPOSED' });
    expect(listed.lines.at(-1)).toContain('then: release --reason operator --from-list go.csv');
    await operate(`cancel ${held.documentId}`);
    for (const { documentId } of [one, two]) await answered(documentId, '30001');
  });
  it.each([
    ['resend ID', { code: 'UNDELIVERED' }, '--code and --state'],
    ['resend', { 'from-list': 'f', state: 'SENT' }, '--code and --state'],
    ['resend', { list: 'f', seen: '0123456789ab' }, '--seen is for one document'],
    ['resend', { list: 'f', 'from-list': 'g' }, 'one of them'],
    ['resend', {}, 'one of them'],
  ])('passes over nothing in silence: %s %o', async (words, options, why) => {
    const result = await operate(words.replace('ID', randomUUID()), { ...ann, ...options, yes: true });
    expect([result.misused, said(result).includes(why)]).toEqual([true, true]);
  });
});

describe('documents', () => {
  it('are listed with where they are and whose move it is, what changed last first, whoever sends them', async () => {
    const first = await undelivered();
    const second = await drop();
    await operate(`hold ${second.documentId}`);
    const all = await operate('document list', { sender: 'RX1', limit: '2' });
    expect(all.lines).toEqual([
      expect.stringMatching(new RegExp(`${second.documentId}  COMPOSED, held: operator  the move of the operators`)),
      expect.stringMatching(new RegExp(`${first.documentId}  UNDELIVERED  the move of the sender`)),
      expect.stringContaining('There are more than these 2'),
    ]);
    const some = await operate('document list', { state: 'UNDELIVERED' });
    const { documents } = some.data as { documents: { documentId: string; state: string }[] };
    expect(documents[0]?.documentId).toBe(first.documentId);
    expect(new Set(documents.map(({ state }) => state))).toEqual(new Set(['UNDELIVERED']));
    expect(said(await operate('document list', { sender: 'RX10' }))).toBe('There is no such document.');
    expect(said(await operate('document list', { limit: '0', sender: 'rx' }))).toMatch(/--sender.*\n.*--limit/);
    await operate(`cancel ${second.documentId}`);
  });
});

describe('dead messages', () => {
  /** A dead-letter queue and its queue, in memory. */
  const deadQueue = (bodies: readonly object[]) => {
    const dead = new Map(bodies.map((body, n) => [`m-${n}`, JSON.stringify(body)]));
    const hidden = new Set<string>();
    const back: unknown[] = [];
    const queue: DeadLetters = {
      count: async () => dead.size,
      receive: async () => {
        const found = [...dead].filter(([id]) => !hidden.has(id)).slice(0, 2);
        for (const [id] of found) hidden.add(id);
        return found.map(([messageId, body]) => ({ messageId, body, sentAt: 0, receipt: messageId }));
      },
      handBack: async ({ body }: DeadLetter) => void back.push(JSON.parse(body)),
      remove: async ({ messageId }: DeadLetter) => void dead.delete(messageId),
      letGo: async ({ messageId }: DeadLetter) => void hidden.delete(messageId),
    };
    return { queue, dead, back, show: () => hidden.clear() };
  };
  const urls = { ingest: 'i', outbox: 'o', poll: 'p' };

  it('are grouped by cause without being touched, and then done as the list says', async () => {
    await declareDeployment(desk.rig.table, { stage: 'test', queues: urls });
    const waits = await drop();
    const gone = await sent();
    const messageOf = (documentId: string) => ({ documentId, composition: 1, attempt: 1 });
    const { queue, dead, back } = deadQueue([
      messageOf(waits.documentId),
      messageOf(gone.documentId),
      messageOf(randomUUID()),
      { nobody: 'knows' },
    ]);
    // As sent() has sent both, hold the first back as a document that waits.
    const more = { deadLettersOf: () => queue };
    const dry = await operate('redrive outbox', { 'dry-run': true }, more);
    expect(dry).toMatchObject({ ok: true, data: { messages: 4 } });
    expect(said(dry)).toContain('the document has gone on: SENT');
    expect(said(dry)).toContain('names a document that does not exist');
    expect([dead.size, back]).toEqual([4, []]);
    const fresh = await drop();
    dead.set('m-9', JSON.stringify(messageOf(fresh.documentId)));
    expect((await operate('redrive outbox', { list: 'dead.csv' }, more)).ok).toBe(true);
    const late = messageOf(randomUUID());
    dead.set('m-10', JSON.stringify(late));
    const unconfirmed = await operate('redrive outbox', { ...ann, 'from-list': 'dead.csv' }, more);
    expect([unconfirmed.ok, dead.size]).toEqual([false, 6]);
    const done = await operate('redrive outbox', { ...ann, 'from-list': 'dead.csv', yes: true }, more);
    expect(done.ok).toBe(true);
    expect(back).toEqual([messageOf(fresh.documentId)]);
    // What cannot be read is left to be looked at, and what came after the list is not touched.
    expect([...dead.keys()].sort()).toEqual(['m-10', 'm-3']);
    expect((await recordOf(fresh.documentId)).history.at(-1)).toMatchObject({
      what: 'handed back to the outbox queue',
      detail: 'by Ann Bell: practice has telephoned',
    });
    expect(await operate('redrive outbox', { ...ann, 'from-list': 'dead.csv', yes: true }, more)).toMatchObject({
      ok: true,
      data: { handedBack: 0, removed: 0 },
    });
    expect(said(await operate('redrive outbox', {}, more))).toContain('by Ann Bell: practice has telephoned');
  });

  it('of a queue that is none, or before watch has said where queues are, are refused plainly', async () => {
    expect(await operate('redrive archive', {}, { deadLettersOf: () => deadQueue([]).queue })).toMatchObject({
      ok: false,
      misused: true,
    });
    expect((await operate('redrive outbox', {})).ok).toBe(false);
  });

  it('broken off before or after each effect are done once the list is run again: perhaps twice, never not at all', async () => {
    await declareDeployment(desk.rig.table, { stage: 'test', queues: urls });
    const { documentId } = await drop();
    const message = { documentId, composition: 1, attempt: 1 };
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const { queue, dead, back, show } = deadQueue([message, { ...message, documentId: randomUUID() }]);
        await operate('redrive outbox', { list: `${when}-${at}.csv` }, { deadLettersOf: () => queue });
        const plan = new CrashPlan(at, when);
        const run = (deadLetters: DeadLetters) =>
          operate(
            'redrive outbox',
            { ...ann, 'from-list': `${when}-${at}.csv`, yes: true },
            { deadLettersOf: () => deadLetters },
          ).catch(() => undefined);
        await run(crashing('dead', queue, () => plan));
        // What whoever broke off had received comes back by itself.
        show();
        const again = await run(queue);
        expect(again?.ok).toBe(true);
        expect(dead.size).toBe(0);
        expect([1, 2]).toContain(back.length);
        if (!plan.crashed) break;
      }
    }
    await operate(`cancel ${documentId}`);
  });
});
