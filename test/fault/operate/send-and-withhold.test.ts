import { describe, expect, it } from 'vitest';
import { currentComposition } from '../../../shared/delivery/record.ts';
import { stateOf } from '../../../shared/delivery/state-of.ts';
import { days, hours } from '../../../shared/platform/clock.ts';
import { ann, bob, operator, said } from './operator.ts';

/** What goes once more, and what is kept from going, for good or for a while. */

const desk = operator();
const { operate, recordOf, stateNow, postsOf, drop, sent, goOn, answered, undelivered, inDoubtTwice, silence } = desk;

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
    expect((await desk.rig.receipt(name))?.history).toContainEqual(
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
    desk.rig.clock.leap(days(31));
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
    expect((await desk.rig.receipt(name))?.history.at(-1)).toMatchObject({
      detail: 'by Ann Bell: practice has telephoned',
    });
  });
  it('afterwards says that it cannot be recalled, and where it went', async () => {
    const { documentId } = await sent();
    const late = await operate(`cancel ${documentId}`);
    expect(late.ok).toBe(false);
    expect(said(late)).toMatch(/cannot be recalled; it went to the practice .* at 20.*\. Telephone them\./);
    const doubtful = await drop();
    desk.rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await desk.rig.takeOutbox();
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
    await desk.rig.takeOutbox();
    desk.rig.clock.leap(hours(6));
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
    await desk.rig.takeOutbox();
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
