import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Encounter } from '../../shared/delivery/encounter.ts';
import { quarantineKey } from '../../shared/delivery/keys.ts';
import type { Quarantined } from '../../shared/delivery/quarantine.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import type { CommandContext, CommandOptions } from '../../shared/operate/command.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { days, hours, minutes } from '../../shared/platform/clock.ts';
import type { DeadLetter, DeadLetters } from '../../shared/platform/queue.ts';
import { declareDeployment } from '../../shared/senders/deployment.ts';
import { CrashPlan } from '../support/faults.ts';
import { createRig, headerOf, practice, type Rig, sender } from '../support/rig.ts';

/** What operators do to documents, with the whole pipeline behind it: the command changes the record, watch does the rest. */

let rig: Rig;
const files = new Map<string, string>();
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
beforeEach(() => {
  rig.crashWith(undefined);
  rig.mesh.control.clearFaults();
  rig.outbox.splice(0);
  files.clear();
});

const contextOf = (more: Partial<CommandContext> = {}): CommandContext => ({
  ...rig.operating,
  readText: (path) => files.get(path),
  writeText: (path, text) => {
    if (files.has(path)) return 'exists';
    files.set(path, text);
    return 'written';
  },
  ...more,
});
const ann = { by: 'Ann Bell', why: 'practice has telephoned' };
const by = { by: 'Ann Bell' };
const bob = { by: 'Bob Hall', why: 'on the list' };
const operate = (words: string, options: CommandOptions = { ...ann, yes: true }, more: Partial<CommandContext> = {}) =>
  runCommand(words.split(' '), contextOf(more), options);
const said = (result: { lines: readonly string[] }) => result.lines.join('\n');

const recordOf = async (documentId: string) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error(`There is no document ${documentId}.`);
  return record;
};
const stateNow = async (documentId: string) => stateOf(await recordOf(documentId));
const postsOf = async (documentId: string) => {
  const headers = (await recordOf(documentId)).compositions.map(({ messageHeaderId }) => messageHeaderId as string);
  // MESH forgets what nobody has fetched for five days.
  return rig.mesh.control
    .sent()
    .filter(({ from, body }) => from === sender.mailboxId && body.length > 0 && headers.includes(headerOf(body)));
};
const drop = async (overrides: Parameters<Rig['drop']>[1] = {}) => {
  const name = randomUUID();
  const { documentId, manifest } = await rig.drop(name, { encounterId: randomUUID(), ...overrides });
  await rig.takeEvents();
  return { documentId: documentId as string, name, encounterId: manifest.encounterId };
};
const sent = async (overrides: Parameters<Rig['drop']>[1] = {}) => {
  const made = await drop(overrides);
  await rig.takeOutbox();
  expect(await stateNow(made.documentId)).toBe('SENT');
  return made;
};
/** What watch and the queues do after a command. */
const goOn = async () => {
  rig.clock.leap(minutes(3));
  await rig.watch();
  await rig.takeEvents();
  await rig.takeOutbox();
};
const answered = async (documentId: string, ...codes: string[]) => {
  rig.answer();
  rig.answerTo(currentComposition(await recordOf(documentId)).messageHeaderId, ...codes);
  await rig.poll();
};
const undelivered = async () => {
  const made = await sent();
  rig.mesh.control.injectReport({
    mailboxId: sender.mailboxId,
    linkedMessageId: currentComposition(await recordOf(made.documentId)).meshMessageId ?? '',
    code: '14',
    workflowId: 'GPFED_CONSULT_REPORT',
  });
  await rig.poll();
  return made;
};
const inDoubtTwice = async () => {
  const made = await drop();
  rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
  await rig.takeOutbox();
  rig.clock.leap(minutes(25));
  await rig.watch();
  rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
  await rig.takeOutbox();
  rig.clock.leap(minutes(25));
  await rig.watch();
  expect((await recordOf(made.documentId)).holds).toMatchObject([{ reason: 'doubt' }]);
  return made;
};

/** The practice says nothing for longer than it should, and is noticed. */
const silence = async () => {
  rig.clock.leap(hours(25));
  await rig.poll();
  rig.clock.leap(minutes(6));
  await rig.watch();
};

describe('resending', () => {
  it('what MESH handed back goes with the same bytes and ids, once, whoever asks how often', async () => {
    const { documentId, name } = await undelivered();
    expect(await stateNow(documentId)).toBe('UNDELIVERED');
    const results = await Promise.all([
      operate(`resend ${documentId}`),
      operate(`resend ${documentId}`, { ...bob, yes: true }),
    ]);
    // One wins, the other is told by whom it was done.
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(results.filter(({ data }) => (data as { changed: boolean }).changed)).toHaveLength(1);
    const winner = currentComposition(await recordOf(documentId)).earlierSends?.at(-1)?.by ?? '';
    const loser = results.find(({ data }) => !(data as { changed: boolean }).changed);
    expect(said(loser ?? { lines: [] })).toContain(`was asked for before`);
    expect(said(loser ?? { lines: [] })).toContain(`by ${winner}`);
    await goOn();
    const posts = await postsOf(documentId);
    expect(posts).toHaveLength(2);
    expect(posts[0]?.body.equals(posts[1]?.body ?? Buffer.alloc(0))).toBe(true);
    const record = await recordOf(documentId);
    expect([stateOf(record), record.compositions.length]).toEqual(['SENT', 1]);
    const again = await operate(`resend ${documentId}`);
    expect(again.ok).toBe(false);
    expect(said(again)).toContain(`It was sent again at the wish of ${winner}`);
    await answered(documentId, '20013', '30001');
    const accepted = await operate(`resend ${documentId}`);
    expect([accepted.ok, said(accepted).includes('it is ACCEPTED by the practice')]).toEqual([false, true]);
    expect((await rig.receipt(name))?.history).toContainEqual(
      expect.objectContaining({
        what: 'to be sent again, same bytes and ids',
        detail: expect.stringContaining(winner),
      }),
    );
  });

  it('what was refused goes as a new composition with other ids, linked to the old one', async () => {
    const { documentId } = await sent();
    await answered(documentId, '20013', '30002');
    const shown = await operate(`resend ${documentId}`, ann);
    expect([shown.ok, await stateNow(documentId)]).toEqual([false, 'BUSINESS_REJECTED']);
    expect(said(shown)).toContain('under ids of its own (composition 2)');
    expect(said(shown)).toContain('say it again with --yes');
    expect(await operate(`resend ${documentId}`)).toMatchObject({ ok: true });
    await goOn();
    const record = await recordOf(documentId);
    const [first, second] = record.compositions;
    expect(second?.resendOf).toMatchObject({ ...ann, composition: 1 });
    expect(second?.messageHeaderId).not.toBe(first?.messageHeaderId);
    expect([stateOf(record), (await postsOf(documentId)).length]).toEqual(['SENT', 2]);
    await answered(documentId, '20013', '30001');
    expect(await stateNow(documentId)).toBe('ACCEPTED');
  });

  it('what the practice may hold says so first, and is marked as a possible duplicate', async () => {
    const { documentId } = await sent();
    const early = await operate(`resend ${documentId}`);
    expect([early.ok, said(early).includes('the time for its answer is not over')]).toEqual([false, true]);
    await silence();
    const shown = await operate(`resend ${documentId}`, ann);
    expect(said(shown)).toContain('TELEPHONE FIRST');
    expect(said(shown)).toContain('possible duplicate');
    await operate(`resend ${documentId}`);
    await goOn();
    expect(currentComposition(await recordOf(documentId)).possibleDuplicate).toBe(true);
    // The practice says that it has a copy: a third would help nobody.
    await answered(documentId, '20007');
    await silence();
    const third = await operate(`resend ${documentId}`);
    expect([third.ok, said(third).includes('has a copy')]).toEqual([false, true]);
  });

  it('is refused below the newest version begun, and for what can only be handed over again', async () => {
    const { documentId, encounterId } = await sent();
    await answered(documentId, '20009');
    await sent({ encounterId, version: 2 });
    const older = await operate(`resend ${documentId}`);
    expect([older.ok, said(older).includes('a later version of its encounter')]).toEqual([false, true]);
    const gone = await sent();
    await answered(gone.documentId, '20009');
    rig.clock.leap(days(31));
    const late = await operate(`resend ${gone.documentId}`);
    expect([late.ok, said(late).includes('kept for 30 days')]).toEqual([false, true]);
    expect(await stateNow(gone.documentId)).toBe('INFRASTRUCTURE_REJECTED');
  });
});

describe('cancelling', () => {
  it('before it is handed to MESH keeps it from going; twice is once', async () => {
    const { documentId, name } = await drop();
    const first = await operate(`cancel ${documentId}`);
    expect(said(first)).toContain('is cancelled. By Ann Bell: practice has telephoned');
    const second = await operate(`cancel ${documentId}`, { ...bob, yes: true });
    expect([second.ok, said(second).includes('by Ann Bell')]).toEqual([true, true]);
    await goOn();
    expect([await stateNow(documentId), (await postsOf(documentId)).length]).toEqual(['CANCELLED', 0]);
    expect((await rig.receipt(name))?.history.at(-1)).toMatchObject({ detail: 'by Ann Bell: practice has telephoned' });
  });
  it('afterwards says that it cannot be recalled, and where it went', async () => {
    const { documentId } = await sent();
    const late = await operate(`cancel ${documentId}`);
    expect(late.ok).toBe(false);
    expect(said(late)).toMatch(/cannot be recalled; it went to the practice .* at 20.*\. Telephone them\./);
    const doubtful = await drop();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    const flight = await operate(`cancel ${doubtful.documentId}`);
    expect([flight.ok, said(flight).includes('it may have gone to')]).toEqual([false, true]);
    await answered(doubtful.documentId, '30001');
    await answered(documentId, '30001');
  });
  it('of a further sending calls that off, and leaves what went as it was', async () => {
    const { documentId } = await undelivered();
    await operate(`resend ${documentId}`);
    expect(said(await operate(`cancel ${documentId}`))).toContain('Sending it again is called off');
    await goOn();
    expect([await stateNow(documentId), (await postsOf(documentId)).length]).toEqual(['UNDELIVERED', 1]);
  });
});

describe('holding and releasing', () => {
  it('keeps a document until it is released, and says who did either', async () => {
    const { documentId } = await drop();
    expect(await operate(`hold ${documentId}`)).toMatchObject({ ok: true });
    expect(said(await operate(`hold ${documentId}`, { ...bob, yes: true }))).toContain('by Ann Bell');
    await rig.takeOutbox();
    rig.clock.leap(hours(6));
    await goOn();
    expect([await stateNow(documentId), (await postsOf(documentId)).length]).toEqual(['COMPOSED', 0]);
    const wrong = await operate(`release ${documentId}`, { ...ann, reason: 'doubt', yes: true });
    expect([wrong.ok, said(wrong).includes('is not held for doubt')]).toEqual([false, true]);
    expect(await operate(`release ${documentId}`, { ...bob, reason: 'operator', yes: true })).toMatchObject({
      ok: true,
    });
    const again = await operate(`release ${documentId}`, { ...ann, reason: 'operator', yes: true });
    expect([again.ok, said(again).includes('by Bob Hall')]).toEqual([true, true]);
    await goOn();
    expect(await stateNow(documentId)).toBe('SENT');
  });
  it('does not release what a pause still holds, and says how to end that', async () => {
    await operate('sender pause RX1', ann);
    const { documentId } = await drop();
    await rig.takeOutbox();
    const held = await operate(`release ${documentId}`, { ...ann, reason: 'paused', yes: true });
    expect([held.ok, said(held).includes('sender resume')]).toEqual([false, true]);
    await operate('sender resume RX1', ann);
    await goOn();
    await goOn();
    expect(await stateNow(documentId)).toBe('SENT');
  });
  it('lets a doubt be followed by one more, flagged, and says to telephone first', async () => {
    const { documentId } = await inDoubtTwice();
    expect(said(await operate(`resend ${documentId}`))).toContain('--reason doubt');
    const shown = await operate(`release ${documentId}`, { ...ann, reason: 'doubt' });
    expect(said(shown)).toContain('TELEPHONE FIRST');
    await operate(`release ${documentId}`, { ...ann, reason: 'doubt', yes: true });
    await goOn();
    const posts = await postsOf(documentId);
    expect([await stateNow(documentId), posts.length]).toEqual(['SENT', 3]);
    expect(posts.every(({ body }) => body.equals(posts[0]?.body ?? Buffer.alloc(0)))).toBe(true);
  });
});

describe('deciding', () => {
  it('that what was in doubt has come lets later versions go, and awaits the answer', async () => {
    const { documentId, encounterId } = await inDoubtTwice();
    const next = await drop({ encounterId, version: 2 });
    await rig.takeOutbox();
    expect(await postsOf(next.documentId)).toHaveLength(0);
    expect(await operate(`decide ${documentId}`, { ...ann, as: 'arrived', yes: true })).toMatchObject({ ok: true });
    const other = await operate(`decide ${documentId}`, { ...bob, as: 'lost', yes: true });
    expect([other.ok, said(other).includes('by Ann Bell, as arrived')]).toEqual([false, true]);
    for (let n = 0; n < 3; n++) await goOn();
    expect((await rig.table.read<Encounter>(`ENCOUNTER#RX1#${encounterId}`))?.newest).toBe(2);
    expect((await postsOf(documentId)).length).toBe(2);
    expect(await stateNow(next.documentId)).toBe('SENT');
  });
  it('that nothing came ends it; it can be sent again then', async () => {
    const { documentId } = await inDoubtTwice();
    await operate(`decide ${documentId}`, { ...ann, as: 'lost', yes: true });
    await goOn();
    expect([await stateNow(documentId), (await recordOf(documentId)).holds]).toEqual(['SEND_FAILED', []]);
    await operate(`resend ${documentId}`);
    await goOn();
    expect([await stateNow(documentId), (await postsOf(documentId)).length]).toEqual(['SENT', 3]);
  });
  it('a contradiction is done once: of two who say otherwise one is told', async () => {
    const { documentId } = await sent();
    await answered(documentId, '20013', '30001');
    await answered(documentId, '30002');
    expect(await stateNow(documentId)).toBe('CONTRADICTED');
    const results = await Promise.all([
      operate(`decide ${documentId}`, { ...ann, as: 'accepted', yes: true }),
      operate(`decide ${documentId}`, { ...bob, as: 'rejected', yes: true }),
    ]);
    expect(results.map(({ ok }) => ok).sort()).toEqual([false, true]);
    const lost = results.find(({ ok }) => !ok) ?? { lines: [] };
    expect(said(lost)).toMatch(/was decided before, at .* by (Ann Bell, as accepted|Bob Hall, as rejected)/);
    expect(await stateNow(documentId)).toBe(results[0]?.ok ? 'ACCEPTED' : 'BUSINESS_REJECTED');
  });
});

describe('what was done about a document', () => {
  it('is recorded, takes it off the list, and sends nothing', async () => {
    const { documentId, name } = await sent();
    await answered(documentId, '30003');
    const open = await operate('attention', { ...by, sender: 'RX1' });
    expect(said(open)).toContain(documentId);
    await operate(`resolve ${documentId}`, { ...ann, route: 'posted', yes: true });
    const twice = await operate(`resolve ${documentId}`, { ...bob, route: 'telephoned', yes: true });
    expect([twice.ok, said(twice).includes('by Ann Bell: posted')]).toEqual([true, true]);
    await goOn();
    expect(said(await operate('attention', { ...by, sender: 'RX1' }))).not.toContain(documentId);
    expect(await rig.receipt(name)).toMatchObject({
      state: 'BUSINESS_REJECTED',
      whoseMove: 'nobody',
      resolutions: [{ by: 'Ann Bell', route: 'posted', note: 'practice has telephoned' }],
    });
    expect(await postsOf(documentId)).toHaveLength(1);
  });
});

describe('every action', () => {
  const all: readonly [string, CommandOptions][] = [
    ['resend', {}],
    ['cancel', {}],
    ['hold', {}],
    ['release', { reason: 'operator' }],
    ['resolve', { route: 'posted' }],
    ['decide', { as: 'accepted' }],
    ['decide', { as: 'lost' }],
  ];
  it.each(all)('%s %o answers plainly about what is missing, ended or another sender’s', async (words, options) => {
    const missing = randomUUID();
    expect(said(await operate(`${words} ${missing}`, { ...ann, ...options, yes: true }))).toBe(
      `There is no document ${missing}.`,
    );
    const { documentId } = await sent();
    await answered(documentId, '20013', '30001');
    const before = await recordOf(documentId);
    const ended = await operate(`${words} ${documentId}`, { ...ann, ...options, yes: true });
    expect([ended.ok, said(ended).includes('ACCEPTED')]).toEqual([false, true]);
    const foreign = await operate(`${words} ${documentId}`, { ...ann, ...options, sender: 'RX10', yes: true });
    expect([foreign.ok, said(foreign).includes('is of sender RX1, not of RX10')]).toEqual([false, true]);
    expect(await recordOf(documentId)).toEqual(before);
    const nobody = await operate(`${words} ${documentId}`, { ...options, yes: true });
    expect(nobody).toMatchObject({ ok: false, misused: true });
  });

  it('is done only when it is confirmed, and only if the document still stands as it was shown', async () => {
    const { documentId } = await drop();
    const asked: string[] = [];
    const no = await operate(`hold ${documentId}`, ann, {
      confirm: async (lines) => {
        asked.push(...lines);
        return false;
      },
    });
    expect([no.ok, asked.join(' ').includes('not sent until it is released')]).toEqual([false, true]);
    expect((await recordOf(documentId)).holds).toEqual([]);
    // Meanwhile it goes: what was shown is not what would be done.
    const moved = await operate(`hold ${documentId}`, ann, {
      confirm: async () => {
        await rig.takeOutbox();
        return true;
      },
    });
    expect([moved.ok, await stateNow(documentId)]).toEqual([false, 'SENT']);
    const other = await drop();
    const { seen } = (await operate(`hold ${other.documentId}`, ann)).data as { seen: string };
    await operate(`hold ${other.documentId}`, { ...bob, yes: true });
    await operate(`release ${other.documentId}`, { ...bob, reason: 'operator', yes: true });
    await operate(`cancel ${other.documentId}`, { ...bob, yes: true });
    const stale = await operate(`hold ${other.documentId}`, { ...ann, seen, yes: true });
    expect(stale.ok).toBe(false);
  });

  it('broken off at any call of the table is done once when it is asked again', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const { documentId } = await drop();
        const plan = new CrashPlan(at, when);
        rig.crashWith(plan);
        await operate(`cancel ${documentId}`, { ...ann, yes: true }, { table: rig.context.table }).catch(
          () => undefined,
        );
        rig.crashWith(undefined);
        const again = await operate(`cancel ${documentId}`);
        expect([again.ok, await stateNow(documentId)]).toEqual([true, 'CANCELLED']);
        expect((await recordOf(documentId)).history.filter(({ what }) => what === 'cancelled')).toHaveLength(1);
        if (!plan.crashed) break;
      }
    }
  });
});

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

describe('what waits in quarantine', () => {
  /** An answer that names no message of ours, about a document of ours. */
  const quarantined = async (code = '30001') => {
    const made = await sent();
    const before = new Set((await rig.items()).map(({ pk }) => pk as string));
    rig.answerInto(sender.mailboxId, randomUUID(), code);
    await rig.poll();
    const key = (await rig.items())
      .map(({ pk }) => pk as string)
      .find((pk) => pk.startsWith('QUARANTINE#') && !before.has(pk));
    return { ...made, id: key?.slice('QUARANTINE#'.length) ?? '' };
  };
  const item = (id: string) => rig.table.read<Quarantined>(quarantineKey(id));

  it('counts for the document that a person names, who is recorded with it; twice is once', async () => {
    const { documentId, id, name } = await quarantined();
    const shown = await operate(`quarantine apply ${id} ${documentId}`, ann);
    expect([shown.ok, said(shown).includes('becomes ACCEPTED')]).toEqual([false, true]);
    expect(await operate(`quarantine apply ${id} ${documentId}`)).toMatchObject({ ok: true });
    expect(await operate(`quarantine apply ${id} ${documentId}`, { ...bob, yes: true })).toMatchObject({
      ok: true,
      data: { changed: false },
    });
    const dismissed = await operate(`quarantine dismiss ${id}`, { ...bob, yes: true });
    expect([dismissed.ok, said(dismissed).includes('by Ann Bell')]).toEqual([false, true]);
    await goOn();
    expect(await stateNow(documentId)).toBe('ACCEPTED');
    expect((await rig.receipt(name))?.history.at(-1)).toMatchObject({
      detail: '30001, matched by Ann Bell: practice has telephoned',
    });
    expect(said(await operate('quarantine list', by))).not.toContain(id);
    expect(said(await operate(`quarantine show ${id}`, by))).toContain('by Ann Bell');
  });
  it('is decided by one of two who do it at once', async () => {
    const { documentId, id } = await quarantined('30002');
    const other = await sent();
    const results = await Promise.all([
      operate(`quarantine apply ${id} ${documentId}`),
      operate(`quarantine apply ${id} ${other.documentId}`, { ...bob, yes: true }),
    ]);
    expect(results.map(({ ok }) => ok).sort()).toEqual([false, true]);
    const states = [await stateNow(documentId), await stateNow(other.documentId)].sort();
    expect(states).toEqual(['BUSINESS_REJECTED', 'SENT']);
  });
  it('is dismissed with who and why, and changes nothing', async () => {
    const { documentId, id } = await quarantined();
    expect(await operate(`quarantine dismiss ${id}`)).toMatchObject({ ok: true });
    expect([await stateNow(documentId), (await item(id))?.decision?.by]).toEqual(['SENT', 'Ann Bell']);
    expect(said(await operate('quarantine list', by))).not.toContain(id);
  });
  it('applied by somebody who breaks off at any call is applied once all the same, by watch if need be', async () => {
    for (let at = 1; ; at++) {
      for (const when of ['before', 'after'] as const) {
        const { documentId, id } = await quarantined();
        const plan = new CrashPlan(at, when);
        rig.crashWith(plan);
        await operate(
          `quarantine apply ${id} ${documentId}`,
          { ...ann, yes: true },
          { table: rig.context.table },
        ).catch(() => undefined);
        rig.crashWith(undefined);
        const decided = (await item(id))?.decision !== undefined;
        await goOn();
        expect(await stateNow(documentId)).toBe(decided ? 'ACCEPTED' : 'SENT');
        expect((await item(id))?.done !== undefined).toBe(decided);
        if (!plan.crashed) return;
        // After a call that only reads it is as it was before it.
        if (plan.names.at(-1)?.endsWith('.read')) break;
      }
    }
  });
  it('answers plainly about what is not there, not ours, or cannot be about that document', async () => {
    const { documentId } = await sent();
    const none = await operate(`quarantine apply no-such-message ${documentId}`);
    expect([none.ok, said(none).includes('is in quarantine')]).toEqual([false, true]);
    rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'SOMEBODY_ELSES',
      content: Buffer.from('not ours'),
    });
    await rig.poll();
    const foreign = (await rig.items()).map(({ pk }) => pk as string).find((pk) => pk.startsWith('FOREIGN#')) ?? '';
    const left = await operate(`quarantine dismiss ${foreign.split('#')[2]}`);
    expect([left.ok, said(left).includes('is not ours')]).toEqual([false, true]);
    const { id } = await quarantined();
    const unsent = await drop();
    const wrong = await operate(`quarantine apply ${id} ${unsent.documentId}`);
    expect([wrong.ok, said(wrong).includes('cannot be about it')]).toEqual([false, true]);
    expect((await operate(`quarantine apply ${id} ${randomUUID()}`)).ok).toBe(false);
    expect((await item(id))?.decision).toBeUndefined();
  });
});

describe('a document that is shown', () => {
  it('is found by whatever somebody has in hand, and says what can be done about it', async () => {
    const { documentId, name } = await undelivered();
    const composition = currentComposition(await recordOf(documentId));
    for (const id of [documentId, composition.messageHeaderId, composition.meshMessageId, `RX1/${name}`]) {
      const shown = await operate(`document show ${id}`, by);
      expect([shown.ok, said(shown).includes(documentId)]).toEqual([true, true]);
      expect((shown.data as { can: string[] }).can).toEqual([
        `resend ${documentId}`,
        `resolve ${documentId} --route resent|posted|emailed|telephoned|not-needed`,
      ]);
    }
    const none = await operate('document show RX1/never', by);
    expect([none.ok, said(none).includes('There is no document RX1/never')]).toEqual([false, true]);
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
    return { queue, dead, back };
  };
  const urls = { ingest: 'i', outbox: 'o', poll: 'p' };

  it('are grouped by cause without being touched, and then done as the list says', async () => {
    await declareDeployment(rig.table, { stage: 'test', queues: urls });
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
    const dry = await operate('redrive outbox', { ...by, 'dry-run': true }, more);
    expect(dry).toMatchObject({ ok: true, data: { messages: 4 } });
    expect(said(dry)).toContain('the document has gone on: SENT');
    expect(said(dry)).toContain('names a document that does not exist');
    expect([dead.size, back]).toEqual([4, []]);
    const fresh = await drop();
    dead.set('m-9', JSON.stringify(messageOf(fresh.documentId)));
    expect((await operate('redrive outbox', { ...by, list: 'dead.csv' }, more)).ok).toBe(true);
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
    expect(said(await operate('redrive outbox', by, more))).toContain('by Ann Bell: practice has telephoned');
  });

  it('of a queue that is none, or before watch has said where queues are, are refused plainly', async () => {
    expect(await operate('redrive archive', {}, { deadLettersOf: () => deadQueue([]).queue })).toMatchObject({
      ok: false,
      misused: true,
    });
    expect((await operate('redrive outbox', by)).ok).toBe(false);
  });
});
