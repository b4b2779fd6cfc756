import { describe, expect, it } from 'vitest';
import { mailboxFile } from '../../../../shared/senders/mailbox.ts';
import {
  changeCourse,
  mailboxVersions,
  putMailbox,
  putSender,
  readMailbox,
  readSender,
  senderVersions,
  switchSenderActive,
  switchSenderPause,
} from '../../../../shared/senders/registry.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const sender = (over: object = {}) =>
  senderFile.parse({ odsCode: 'RX1', name: 'N', phone: '01632 960100', mailboxId: 'RX1OT001', ...over });
const mailbox = mailboxFile.parse({ mailboxId: 'RX1OT001', odsCode: 'RX1', environment: 'integration' });

describe('a sender’s versions', () => {
  it('are numbered, each with who, when and why, and the older ones stay as they were', async () => {
    const table = memoryTable();
    expect(await putSender(table, sender(), { at: 1, by: 'Ann' })).toEqual({ kind: 'created', version: 1 });
    expect(await putSender(table, sender({ name: 'M' }), { at: 2, by: 'Bob', why: 'new name' })).toEqual({
      kind: 'replaced',
      version: 2,
    });
    expect(await putSender(table, sender({ name: 'O' }), { at: 3, by: 'Cy' })).toMatchObject({ version: 3 });
    const versions = await senderVersions(table, 'RX1');
    expect(
      versions.map(({ setting, version, changedAt, changedBy, why }) => [
        setting.name,
        version,
        changedAt,
        changedBy,
        why,
      ]),
    ).toEqual([
      ['N', 1, 1, 'Ann', undefined],
      ['M', 2, 2, 'Bob', 'new name'],
      ['O', 3, 3, 'Cy', undefined],
    ]);
    expect(await readSender(table, 'RX1')).toMatchObject({ version: 3, changedBy: 'Cy' });
    expect((await readSender(table, 'RX1'))?.why).toBeUndefined();
  });

  it('are not made of the same settings put again', async () => {
    const table = memoryTable();
    await putSender(table, sender(), { at: 1, by: 'Ann' });
    expect(await putSender(table, sender(), { at: 2, by: 'Bob' })).toEqual({ kind: 'same', version: 1 });
    expect(await senderVersions(table, 'RX1')).toHaveLength(1);
  });

  it('of two operators at once one wins, and the other is told', async () => {
    const table = memoryTable();
    await putSender(table, sender(), { at: 1, by: 'Ann' });
    const both = await Promise.all([
      putSender(table, sender({ name: 'A' }), { at: 2, by: 'Ann' }, 1),
      putSender(table, sender({ name: 'B' }), { at: 2, by: 'Bob' }, 1),
    ]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['overtaken', 'replaced']);
    expect(await senderVersions(table, 'RX1')).toHaveLength(2);
  });

  it('survive a crash at every write: no version is lost, none is changed', async () => {
    for (let at = 1; at <= 4; at++) {
      for (const when of ['before', 'after'] as const) {
        const table = memoryTable();
        await putSender(table, sender(), { at: 1, by: 'Ann' });
        let writes = 0;
        const dying = {
          ...table,
          async write(...args: Parameters<typeof table.write>) {
            writes += 1;
            if (writes === at && when === 'before') throw new Error('crash');
            const outcome = await table.write(...args);
            if (writes === at) throw new Error('crash');
            return outcome;
          },
        };
        await putSender(dying, sender({ name: 'M' }), { at: 2, by: 'Bob' }).catch(() => undefined);
        await putSender(table, sender({ name: 'M' }), { at: 3, by: 'Bob' });
        const names = (await senderVersions(table, 'RX1')).map(({ setting, version }) => [setting.name, version]);
        expect(names, `${when} ${at}`).toEqual([
          ['N', 1],
          ['M', 2],
        ]);
      }
    }
  });

  it('of one organisation are not those of another whose code begins alike', async () => {
    const table = memoryTable();
    await putSender(table, sender({ odsCode: 'RX1' }), { at: 1, by: 'Ann' });
    await putSender(table, sender({ odsCode: 'RX10', name: 'Ten' }), { at: 1, by: 'Ann' });
    await putSender(table, sender({ odsCode: 'RX10', name: 'Tenth' }), { at: 2, by: 'Ann' });
    await switchSenderPause(table, 'RX10', true, { at: 3, by: 'Ann' });
    expect((await readSender(table, 'RX1'))?.paused).toBeUndefined();
    expect(await senderVersions(table, 'RX1')).toHaveLength(1);
    expect((await senderVersions(table, 'RX10')).map(({ setting }) => setting.name)).toEqual(['Ten', 'Tenth']);
  });
});

describe('a sender', () => {
  it('is not active at first; activation and pauses are kept with who and why, through new versions too', async () => {
    const table = memoryTable();
    await putSender(table, sender(), { at: 1, by: 'Ann' });
    expect((await readSender(table, 'RX1'))?.active).toBeUndefined();
    expect(await switchSenderActive(table, 'RX1', true, { at: 2, by: 'Bob', why: 'live' })).toEqual({
      kind: 'changed',
    });
    expect(await switchSenderActive(table, 'RX1', true, { at: 3, by: 'Cy' })).toMatchObject({
      kind: 'same',
      since: { at: 2, by: 'Bob' },
    });
    await switchSenderPause(table, 'RX1', true, { at: 4, by: 'Cy', why: 'odd' });
    await putSender(table, sender({ name: 'M' }), { at: 5, by: 'Ann' });
    expect(await readSender(table, 'RX1')).toMatchObject({
      version: 2,
      active: { at: 2, by: 'Bob', why: 'live' },
      paused: { at: 4, by: 'Cy', why: 'odd' },
    });
    expect((await readSender(table, 'RX1'))?.history.map(({ what, by }) => [what, by])).toEqual([
      ['version 1', 'Ann'],
      ['activated', 'Bob'],
      ['paused', 'Cy'],
      ['version 2', 'Ann'],
    ]);
    expect(await switchSenderPause(table, 'RX9', true, { at: 5, by: 'Ann' })).toBeUndefined();
  });

  it('that was put before versions were kept goes on, active, and its old settings become version 0', async () => {
    const table = memoryTable();
    await table.write('SENDER#RX1', sender(), 0);
    expect(await readSender(table, 'RX1')).toMatchObject({ version: 0, setting: { name: 'N' }, active: { at: 0 } });
    expect(await putSender(table, sender({ name: 'M' }), { at: 2, by: 'Bob' })).toEqual({
      kind: 'replaced',
      version: 1,
    });
    expect((await senderVersions(table, 'RX1')).map(({ setting, version }) => [setting.name, version])).toEqual([
      ['N', 0],
      ['M', 1],
    ]);
    expect((await readSender(table, 'RX1'))?.active).toBeDefined();
  });
});

describe('a mailbox', () => {
  it('keeps its versions and what was learned of it apart: a poll makes no version and loses none', async () => {
    const table = memoryTable();
    await putMailbox(table, mailbox, { at: 1, by: 'Ann' });
    await changeCourse(table, 'RX1OT001', ({ course }) => ({ ...course, lastPollAt: 5 }));
    await putMailbox(table, { ...mailbox, shared: true }, { at: 6, by: 'Bob' });
    await changeCourse(table, 'RX1OT001', ({ course }) => ({ ...course, lastGoodPollAt: 7 }));
    expect(await readMailbox(table, 'RX1OT001')).toMatchObject({
      version: 2,
      changedBy: 'Bob',
      course: { registeredAt: 1, lastPollAt: 5, lastGoodPollAt: 7 },
    });
    expect((await mailboxVersions(table, 'RX1OT001')).map(({ setting }) => setting.shared)).toEqual([false, true]);
  });

  it('that was put before versions were kept is polled as ever', async () => {
    const table = memoryTable();
    await table.write('MAILBOX#RX1OT001', { setting: mailbox, course: { nextPollAt: 3 } }, 0);
    await table.write('MAILBOXES', { mailboxIds: ['RX1OT001'] }, 0);
    await changeCourse(table, 'RX1OT001', ({ course }) => ({ ...course, nextPollAt: 9 }));
    expect(await readMailbox(table, 'RX1OT001')).toMatchObject({ version: 0, course: { nextPollAt: 9 } });
    await putMailbox(table, { ...mailbox, shared: true }, { at: 6, by: 'Bob' });
    expect(await readMailbox(table, 'RX1OT001')).toMatchObject({ version: 1 });
  });
});
