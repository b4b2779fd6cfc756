import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_PATIENTS } from '../../local/samples/variants.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { hasWork } from '../../shared/delivery/work.ts';
import type { CommandOptions } from '../../shared/operate/command.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { CrashPlan } from '../support/faults.ts';
import { createRig, headerOf, type Rig } from '../support/rig.ts';

/** A PDF that names another patient than its manifest, through the whole pipeline. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const [patient, somebodyElse] = TEST_PATIENTS;
const printed = (number = '') => number.replace(/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3');
const othersReport = `NHS No ${printed(somebodyElse?.nhsNumber)}`;

const drop = async (text: string, encounterId = randomUUID(), name: string = encounterId) => {
  const { documentId } = await rig.drop(name, { encounterId }, { text });
  return { documentId, encounterId, name };
};
const record = async (documentId: string) => {
  const found = await rig.record(documentId);
  if (!found) throw new Error('the document is lost');
  return found;
};
const reasons = async (documentId: string) => (await record(documentId)).holds.map(({ reason }) => reason);
const posts = (header: string) =>
  rig.mesh.control.sent().filter(({ body, from }) => from === 'RX1OT001' && headerOf(body) === header).length;
const command: CommandOptions = { by: 'Ann Bell', why: 'both are right', reason: 'other-patient', yes: true };
const release = (id: string, options: CommandOptions = command) => runCommand(['release', id], rig.operating, options);

/** What queues, schedule and practice do, until the document is ACCEPTED. */
const finish = async (documentId: string) => {
  for (let n = 0; n < 6; n++) {
    await rig.takeEvents();
    await rig.takeOutbox();
    const header = currentComposition(await record(documentId)).messageHeaderId;
    if (posts(header) > 0) rig.answer('20013', '30001');
    await rig.poll();
    const now = await record(documentId);
    if (stateOf(now) === 'ACCEPTED' && !hasWork(now.work)) return;
    rig.clock.leap(minutes(21));
    await rig.watch();
  }
};

describe('a PDF that names another patient', () => {
  it('is held before anything is composed, and stays so: nothing is sent, however often it is looked at', async () => {
    const { documentId, name } = await drop(othersReport);
    await rig.takeEvents();
    expect(await reasons(documentId)).toEqual(['other-patient']);
    const receipt = await rig.receipt(name);
    expect(receipt).toMatchObject({
      state: 'RECEIVED',
      whoseMove: 'the sender',
      held: [{ reason: 'other-patient' }],
      patientCheck: { outcome: 'other-patient' },
    });
    expect(await rig.keys(rig.context.messages, `messages/${documentId}/`)).toEqual([]);
    expect(await rig.keys(rig.drops, `inbox/RX1/${name}`)).toEqual([]);
    for (let n = 0; n < 3; n++) {
      rig.clock.leap(minutes(26 * 60));
      await rig.watch();
      expect([...rig.events, ...rig.outbox]).toEqual([]);
    }
    expect(await reasons(documentId)).toEqual(['other-patient']);
    // No number, of whomever, is anywhere but in the manifest and the PDF.
    for (const number of [patient.nhsNumber, somebodyElse?.nhsNumber ?? '']) {
      const said = [JSON.stringify(receipt), JSON.stringify(await rig.items()), rig.lines.join('\n')].join('\n');
      expect(said).not.toContain(number);
      expect(said).not.toContain(printed(number));
    }
  });

  it('goes on when a person releases it: composed anew and sent once', async () => {
    const { documentId, name } = await drop(othersReport);
    await rig.takeEvents();
    const first = await release(documentId);
    expect(first).toMatchObject({ ok: true });
    expect(first.lines.join(' ')).toContain('By Ann Bell: both are right');
    const second = await release(documentId, { ...command, by: 'Bob' });
    expect(second.ok).toBe(true);
    expect(second.lines.join(' ')).toContain('was released before');
    expect(second.lines.join(' ')).toContain('by Ann Bell: both are right');
    await rig.watch();
    expect(rig.events).toEqual([{ documentId, composeAgain: true }]);
    // A queue delivers twice.
    rig.events.push(...rig.events);
    await finish(documentId);
    const after = await record(documentId);
    expect(stateOf(after)).toBe('ACCEPTED');
    expect(posts(currentComposition(after).messageHeaderId)).toBe(1);
    expect(await rig.receipt(name)).toMatchObject({
      state: 'ACCEPTED',
      patientCheck: { meaning: expect.stringContaining('released') },
      history: expect.arrayContaining([
        expect.objectContaining({ what: 'released: other patient', detail: 'by Ann Bell: both are right' }),
      ]),
    });
    expect((await release(documentId)).lines.join(' ')).toContain('It is ACCEPTED now; nothing was changed.');
  });

  it('makes way for the right PDF under the same encounter and version', async () => {
    const { documentId, encounterId } = await drop(othersReport);
    await rig.takeEvents();
    await drop(`NHS No ${printed(patient.nhsNumber)}`, encounterId, randomUUID());
    await finish(documentId);
    const after = await record(documentId);
    expect([stateOf(after), after.holds, after.compositions.length]).toEqual(['ACCEPTED', [], 2]);
    expect(currentComposition(after).patientCheck?.outcome).toBe('matched');
    expect(posts(after.compositions[0]?.messageHeaderId ?? '')).toBe(0);
  });

  it('dropped again is held again, and out of the inbox', async () => {
    const { documentId, encounterId } = await drop(othersReport);
    await rig.takeEvents();
    const { name } = await drop(othersReport, encounterId, randomUUID());
    await rig.takeEvents();
    expect(await reasons(documentId)).toEqual(['other-patient']);
    expect(await rig.keys(rig.drops, `inbox/RX1/${name}`)).toEqual([]);
    expect((await rig.receipt(name))?.held).toHaveLength(1);
  });

  it('that is not the one the manifest names is waited for, not held', async () => {
    const encounterId = randomUUID();
    const { documentId } = await rig.drop(
      encounterId,
      { encounterId, pdf: { sha256: 'f'.repeat(64) } },
      { text: othersReport },
    );
    await rig.takeEvents();
    expect(await reasons(documentId)).toEqual([]);
    expect(currentComposition(await record(documentId)).awaitingFiles?.paths).toEqual(['pdf.sha256']);
  });
});

describe('any other PDF', () => {
  it.each([
    ['this patient', `NHS No ${printed(patient.nhsNumber)}`, { outcome: 'matched' }],
    ['this patient beside another', `${printed(patient.nhsNumber)}, mother ${othersReport}`, { outcome: 'matched' }],
    ['nobody', 'Sore throat', { outcome: 'no-number' }],
  ])('that names %s is sent, and its receipt says what was found', async (_, text, finding) => {
    const { documentId, name } = await drop(text);
    await finish(documentId);
    const after = await record(documentId);
    expect(stateOf(after)).toBe('ACCEPTED');
    expect(currentComposition(after).patientCheck).toMatchObject(finding);
    expect((await rig.receipt(name))?.patientCheck).toMatchObject(finding);
  });

  it('whose text cannot be had is sent, recorded as unchecked', async () => {
    const { readPdfText } = rig.context;
    Object.assign(rig.context, { readPdfText: async () => 'time' });
    const { documentId, name } = await drop(othersReport);
    await finish(documentId).finally(() => Object.assign(rig.context, { readPdfText }));
    expect(currentComposition(await record(documentId)).patientCheck).toMatchObject({
      outcome: 'unchecked',
      why: 'time',
    });
    expect((await rig.receipt(name))?.patientCheck?.meaning).toContain('took too long');
  });
});

describe('releasing', () => {
  it('answers plainly where there is nothing to release', async () => {
    const nobody = await release(randomUUID());
    expect(nobody).toMatchObject({ ok: false, lines: [expect.stringContaining('There is no document')] });
    const { documentId } = await drop('Sore throat');
    await finish(documentId);
    const ended = await release(documentId);
    expect(ended.ok).toBe(false);
    expect(ended.lines.join(' ')).toContain('is not held for other-patient: it is ACCEPTED');
  });

  it('wants a reason, a name and a why, without patient data', async () => {
    const { documentId } = await drop(othersReport);
    await rig.takeEvents();
    const wrong = await release('report-1', { reason: 'whatever', by: ' ', why: `NHS No ${patient.nhsNumber}` });
    expect(wrong.ok).toBe(false);
    const text = wrong.lines.join('\n');
    for (const part of ['--reason', '--by', '--why: must not hold an NHS number']) {
      expect(text).toContain(part);
    }
    expect((await release(documentId, {})).ok).toBe(false);
    expect(await reasons(documentId)).toEqual(['other-patient']);
  });
});

describe('a crash at any call while a PDF that names another patient is taken', () => {
  it('before or after its effect, in turn: it is held in the end, once, and released it is sent once', async () => {
    // Reading the PDF itself is shown above: here it takes its share of calls, not of time.
    const { readPdfText } = rig.context;
    const readAtOnce: typeof readPdfText = async (source, onPage) => {
      await source.read(0, source.size);
      onPage(othersReport);
      return 'all';
    };
    Object.assign(rig.context, { readPdfText: readAtOnce });
    for (let at = 1; ; at++) {
      const when = at % 2 === 1 ? 'before' : 'after';
      const plan = new CrashPlan(at, when);
      const { documentId, name } = await drop(othersReport);
      rig.crashWith(plan);
      await rig.takeEvents();
      rig.crashWith(undefined);
      const where = `crash ${when} call ${at}, ${plan.crashed ? plan.names.at(-1) : 'none'}`;
      for (let n = 0; n < 3 && (rig.events.length > 0 || n < 1); n++) {
        await rig.takeEvents();
        rig.clock.leap(minutes(21));
        await rig.watch();
      }
      await rig.takeEvents();
      expect(await reasons(documentId), where).toEqual(['other-patient']);
      expect((await rig.receipt(name))?.held, where).toHaveLength(1);
      expect(await rig.keys(rig.drops, `inbox/RX1/${name}`), where).toEqual([]);
      expect(rig.events, where).toEqual([]);
      expect((await record(documentId)).history.filter(({ what }) => what === 'held: other patient')).toHaveLength(1);

      const releasing = new CrashPlan(at, when);
      await release(documentId);
      rig.crashWith(releasing);
      await rig.watch().catch(() => undefined);
      await rig.takeEvents();
      rig.crashWith(undefined);
      await finish(documentId);
      const after = await record(documentId);
      expect(`${where} ${stateOf(after)}`).toBe(`${where} ACCEPTED`);
      expect(posts(currentComposition(after).messageHeaderId), where).toBe(1);
      if (!plan.crashed && !releasing.crashed) {
        expect(at).toBeGreaterThan(15);
        break;
      }
    }
    Object.assign(rig.context, { readPdfText });
  }, 240_000);
});
