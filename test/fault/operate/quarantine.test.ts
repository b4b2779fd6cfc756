import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { applyEvent } from '../../../shared/delivery/documents.ts';
import { quarantineKey } from '../../../shared/delivery/keys.ts';
import type { Quarantined } from '../../../shared/delivery/quarantine.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import type { CommandContext } from '../../../shared/operate/command.ts';
import { watch } from '../../../shared/pipeline/watch/watch.ts';
import { hours, minutes } from '../../../shared/platform/clock.ts';
import type { DocumentId, MeshMessageId } from '../../../shared/platform/ids.ts';
import { readWhole } from '../../../shared/platform/objects.ts';
import { practice, sender } from '../../support/rig.ts';
import { ann, bob, operator, said } from './operator.ts';

/** What people make of answers that match no document. */

const desk = operator();
const { operate, recordOf, stateNow, drop, sent, goOn } = desk;

describe('what waits in quarantine', () => {
  /** An answer that names no message of ours, about a document of ours. */
  const quarantined = async (code = '30001') => {
    const made = await sent();
    const before = new Set((await desk.rig.items()).map(({ pk }) => pk as string));
    desk.rig.answerInto(sender.mailboxId, randomUUID(), code);
    await desk.rig.poll();
    const key = (await desk.rig.items())
      .map(({ pk }) => pk as string)
      .find((pk) => pk.startsWith('QUARANTINE#') && !before.has(pk));
    return { ...made, id: key?.slice('QUARANTINE#'.length) ?? '' };
  };
  const item = (id: string) => desk.rig.table.read<Quarantined>(quarantineKey(id));

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
    expect((await desk.rig.receipt(name))?.history.at(-1)).toMatchObject({
      detail: '30001, matched by Ann Bell: practice has telephoned',
    });
    expect(said(await operate('quarantine list', {}))).not.toContain(id);
    expect(said(await operate(`quarantine show ${id}`, {}))).toContain('by Ann Bell');
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
    expect(await operate(`quarantine dismiss ${id}`)).toMatchObject({ ok: true, data: { meshMessageId: id } });
    const again = await operate(`quarantine dismiss ${id}`, { ...bob, yes: true });
    expect([again.ok, said(again)]).toEqual([
      true,
      expect.stringMatching(/^It was decided before, at .* by Ann Bell, to be/),
    ]);
    expect([await stateNow(documentId), (await item(id))?.decision?.by]).toEqual(['SENT', 'Ann Bell']);
    expect(said(await operate('quarantine list', {}))).not.toContain(id);
  });
  it('that was decided stays off the list while the archive takes no word of it', async () => {
    const { id } = await quarantined();
    await operate(`quarantine dismiss ${id}`);
    desk.rig.clock.leap(minutes(3));
    const { context, deadline } = desk.rig;
    const put = async () => {
      throw new Error('The archive takes nothing.');
    };
    await watch({ ...context, archive: { ...context.archive, put }, deadline: deadline() });
    expect((await item(id))?.journal?.pending).toHaveLength(1);
    expect(said(await operate('quarantine list', {}))).not.toContain(id);
    desk.rig.clock.leap(minutes(11));
    await desk.rig.watch();
    expect((await item(id))?.journal?.pending).toEqual([]);
  });
  it('applied by somebody who breaks off once it is decided is applied by watch', async () => {
    const { documentId, id } = await quarantined();
    const { table } = desk.rig;
    const breaking: CommandContext['table'] = {
      ...table,
      write: async (...args) => {
        await table.write(...args);
        throw new Error('AWS cannot be reached.');
      },
    };
    await expect(operate(`quarantine apply ${id} ${documentId}`, undefined, { table: breaking })).rejects.toThrow();
    expect([await stateNow(documentId), (await item(id))?.done]).toEqual(['SENT', undefined]);
    await goOn();
    expect([await stateNow(documentId), (await item(id))?.done !== undefined]).toEqual(['ACCEPTED', true]);
  });
  it('answers plainly about what is not there, not ours, or cannot be about that document', async () => {
    const { documentId } = await sent();
    const none = await operate(`quarantine apply no-such-message ${documentId}`);
    expect([none.ok, said(none).includes('is in quarantine')]).toEqual([false, true]);
    desk.rig.mesh.control.deliver(sender.mailboxId, {
      from: practice.mailboxId,
      workflowId: 'SOMEBODY_ELSES',
      content: Buffer.from('not ours'),
    });
    await desk.rig.poll();
    const foreign =
      (await desk.rig.items()).map(({ pk }) => pk as string).find((pk) => pk.startsWith('FOREIGN#')) ?? '';
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

describe('a report about a message that nobody knows', () => {
  /** MESH took it and its answer was lost: of the copy that went nobody here knows the name. */
  const inDoubt = async (overrides = {}) => {
    desk.rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    const made = await drop(overrides);
    await desk.rig.takeOutbox();
    expect(await stateNow(made.documentId)).toBe('SENDING');
    return { ...made, meshMessageId: `20261129_${randomUUID().slice(0, 8).toUpperCase()}` };
  };
  const reportOf = async (linkedMessageId: string, code = '14', event = 'TRANSFER') => {
    const id = desk.rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId,
      code,
      event,
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await desk.rig.poll();
    return id;
  };
  const item = (id: string) => desk.rig.table.read<Quarantined>(quarantineKey(id));
  /** Watch looks at what is parked, and nothing else goes on meanwhile. */
  const anHour = async () => {
    desk.rig.clock.leap(hours(1.1));
    await desk.rig.watch();
  };

  it('counts for the document in doubt that a person names, and for none of which all ids are known', async () => {
    const { documentId, meshMessageId } = await inDoubt();
    await operate('sender pause RX1', ann);
    const id = await reportOf(meshMessageId);
    await anHour();
    expect((await item(id))?.report).toMatchObject({ code: '14', linkedMessageId: meshMessageId });
    expect(said(await operate(`quarantine show ${id}`, {}))).toContain('document list --state SENDING');
    await operate('sender resume RX1', ann);
    const other = await sent();
    const wrong = await operate(`quarantine apply ${id} ${other.documentId}`);
    expect([wrong.ok, said(wrong).includes('it cannot be about it')]).toEqual([false, true]);
    const right = await operate(`quarantine apply ${id} RX1/${(await recordOf(documentId)).drops[0]?.name}`);
    expect([right.ok, said(right).includes('UNDELIVERED')]).toEqual([true, true]);
    expect(await stateNow(documentId)).toBe('UNDELIVERED');
  });

  it('is taken out by itself once it is known after all which message it is about, unless a person was first', async () => {
    await operate('sender pause RX1', ann);
    for (const dismissed of [false, true]) {
      await operate('sender resume RX1', ann);
      const { documentId, meshMessageId } = await inDoubt();
      await operate('sender pause RX1', ann);
      const id = await reportOf(meshMessageId);
      await anHour();
      expect(said(await operate('quarantine list', {}))).toContain(id);
      if (dismissed) await operate(`quarantine dismiss ${id}`);
      // The answer that was late, or what MESH says when it is asked: whichever function learns it writes it down so.
      await applyEvent(desk.rig.context, documentId as DocumentId, {
        kind: 'attempt-ended',
        composition: 1,
        attempt: 1,
        owner: currentComposition(await recordOf(documentId)).attempts[0]?.owner ?? '',
        outcome: { kind: 'sent', at: desk.rig.clock.now(), meshMessageId: meshMessageId as MeshMessageId },
      });
      desk.rig.clock.leap(minutes(3));
      await desk.rig.watch();
      expect(await stateNow(documentId)).toBe(dismissed ? 'SENT' : 'UNDELIVERED');
      expect(said(await operate('quarantine list', {}))).not.toContain(id);
      expect((await item(id))?.decision?.by).toBe(dismissed ? 'Ann Bell' : 'this system');
      desk.rig.clock.leap(minutes(2));
      await desk.rig.watch();
      // As it stands in the archive for good: who decided is no person where nobody did.
      const entry = await readWhole(desk.rig.archive, `audit/quarantine/${id}/000001-changed`, 1 << 16);
      const { actor } =
        entry && entry !== 'too-large' ? JSON.parse(entry.bytes.toString('utf8')) : { actor: undefined };
      expect(actor).toEqual(dismissed ? { kind: 'person', id: 'Ann Bell' } : { kind: 'system' });
    }
    await operate('sender resume RX1', ann);
  });

  it('that says that all is well moves nothing, also when a person says what it is about', async () => {
    const { documentId, meshMessageId } = await inDoubt();
    await operate('sender pause RX1', ann);
    const id = await reportOf(meshMessageId, '00');
    await anHour();
    await operate('sender resume RX1', ann);
    const before = await stateNow(documentId);
    expect((await operate(`quarantine apply ${id} ${documentId}`)).ok).toBe(true);
    expect(await stateNow(documentId)).toBe(before);
    expect((await recordOf(documentId)).history.at(-1)?.what).toBe('MESH says that it is delivered');
  });
});
