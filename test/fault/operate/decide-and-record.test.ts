import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Encounter } from '../../../shared/delivery/encounter.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import type { CommandOptions } from '../../../shared/operate/command.ts';
import { ann, bob, operator, said } from './operator.ts';

/** What people found out and did is recorded once; and what holds of every action. */

const desk = operator();
const { operate, recordOf, stateNow, postsOf, drop, sent, goOn, answered, undelivered, inDoubtTwice } = desk;

describe('deciding', () => {
  it('that what was in doubt has come lets later versions go, and awaits the answer', async () => {
    const { documentId, encounterId } = await inDoubtTwice();
    const next = await drop({ encounterId, version: 2 });
    await desk.rig.takeOutbox();
    expect(await postsOf(next.documentId)).toHaveLength(0);
    expect(await operate(`decide ${documentId}`, { ...ann, as: 'arrived', yes: true })).toMatchObject({ ok: true });
    const other = await operate(`decide ${documentId}`, { ...bob, as: 'lost', yes: true });
    expect([other.ok, said(other).includes('by Ann Bell, as arrived')]).toEqual([false, true]);
    for (let n = 0; n < 3; n++) await goOn();
    expect((await desk.rig.table.read<Encounter>(`ENCOUNTER#RX1#${encounterId}`))?.newest).toBe(2);
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
    const open = await operate('attention', { sender: 'RX1' });
    expect(said(open)).toContain(documentId);
    await operate(`resolve ${documentId}`, { ...ann, route: 'posted', yes: true });
    const twice = await operate(`resolve ${documentId}`, { ...bob, route: 'telephoned', yes: true });
    expect([twice.ok, said(twice).includes('by Ann Bell: posted')]).toEqual([true, true]);
    await goOn();
    expect(said(await operate('attention', { sender: 'RX1' }))).not.toContain(documentId);
    expect(await desk.rig.receipt(name)).toMatchObject({
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
    const none = await operate(`${words} ${missing}`, { ...ann, ...options, yes: true });
    expect([none.ok, said(none).includes(`There is no document ${missing}. ID is`)]).toEqual([false, true]);
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
        await desk.rig.takeOutbox();
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
});

describe('a document that is shown', () => {
  it('is found by whatever somebody has in hand, and says what can be done about it', async () => {
    const { documentId, name } = await undelivered();
    const composition = currentComposition(await recordOf(documentId));
    for (const id of [documentId, composition.messageHeaderId, composition.meshMessageId, `RX1/${name}`]) {
      const shown = await operate(`document show ${id}`, {});
      expect([shown.ok, said(shown).includes(documentId)]).toEqual([true, true]);
      expect((shown.data as { can: string[] }).can).toEqual([
        `resend ${documentId}`,
        `resolve ${documentId} --route resent|posted|emailed|telephoned|not-needed`,
      ]);
    }
    const none = await operate('document show RX1/never', {});
    expect([none.ok, said(none).includes('There is no document RX1/never')]).toEqual([false, true]);
  });
});
