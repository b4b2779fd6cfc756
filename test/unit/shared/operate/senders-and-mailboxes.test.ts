import { beforeEach, describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import { documentKey } from '../../../../shared/delivery/keys.ts';
import { type CommandOptions, exitCodeOf } from '../../../../shared/operate/command.ts';
import { runCommand } from '../../../../shared/operate/commands.ts';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import { documentIdOf, type MailboxId, type OdsCode } from '../../../../shared/platform/ids.ts';
import type { Objects } from '../../../../shared/platform/objects.ts';
import { declareDeployment } from '../../../../shared/senders/deployment.ts';
import { readMailbox, readSender } from '../../../../shared/senders/registry.ts';
import { type MemoryTable, memoryTable } from '../../../support/memory-table.ts';
import { composed, dropped, recordAfter } from '../../../support/records.ts';
import { memorySubscriptions } from '../../../support/subscriptions.ts';
import { memoryObjects } from '../../../support/world/memory-objects.ts';

let table: MemoryTable;
let now: number;
let archive: Objects;
let mail: ReturnType<typeof memorySubscriptions>;
beforeEach(() => {
  table = memoryTable();
  mail = memorySubscriptions();
  now = Date.UTC(2026, 10, 29, 12);
  archive = memoryObjects('archive', { now: () => now });
});

const ann = { by: 'Ann Bell', why: 'a change' };
const run = (words: string, options: CommandOptions = {}, files: Record<string, unknown> = {}) =>
  runCommand(
    words.split(' '),
    {
      table,
      clock: { now: () => now, sleep: async () => undefined },
      subscriptions: async () => mail.port,
      objects: () => archive,
      readText: (path) => (path in files ? JSON.stringify(files[path]) : undefined),
    },
    options,
  );
const put = (what: 'sender' | 'mailbox', file: unknown, options: CommandOptions = ann) =>
  run(`${what} put f`, options, { f: file });

const mailbox = (over: object = {}) => ({ mailboxId: 'RX1OT001', odsCode: 'RX1', environment: 'integration', ...over });
const sender = (over: object = {}) => ({
  odsCode: 'RX1',
  name: 'Northfield',
  phone: '01632 960100',
  mailboxId: 'RX1OT001',
  ...over,
});
const addresses = { notices: ['records@northfield.example'] };

/** A document under way, as the functions would have left it; its id. */
const underWay = async (odsCode: string, mailboxId?: string): Promise<string> => {
  const documentId = documentIdOf(odsCode as OdsCode, 'encounter-1', 1);
  const record = mailboxId === undefined ? recordAfter(dropped()) : recordAfter(dropped(), composed());
  const item = {
    ...record,
    documentId,
    senderOds: odsCode as OdsCode,
    compositions: record.compositions.map((composition) =>
      composition.stored
        ? { ...composition, stored: { ...composition.stored, mailboxId: mailboxId as MailboxId } }
        : composition,
    ),
  };
  const settings = { doubtWait: minutes(15), giveUpAfter: hours(4) };
  await table.write(documentKey(documentId), item, 0, indexedRecord(item, now, settings));
  return documentId;
};

const registered = async () => {
  await declareDeployment(table, { stage: 'integration', archiveBucket: 'archive' });
  await put('mailbox', mailbox());
  await put('sender', sender({ addresses }));
  mail.confirmAll();
};

describe('putting a sender', () => {
  it('asks who, takes why, and says what changed and what it means', async () => {
    await put('mailbox', mailbox());
    expect(await put('sender', sender(), {})).toMatchObject({ ok: false, misused: true });
    const first = await put('sender', sender());
    expect(first.lines.join('\n')).toMatch(/RX1 created \(version 1\)[\s\S]*integration[\s\S]*not active/);
    const second = await put('sender', sender({ phone: '01632 960200' }), { by: 'Bob', why: 'new number' });
    expect(second.lines).toContain('  phone: "01632 960100" → "01632 960200"');
    expect(second.data).toMatchObject({ put: [{ id: 'RX1', outcome: 'replaced', version: 2 }] });
    expect(await readSender(table, 'RX1')).toMatchObject({ changedBy: 'Bob', why: 'new number', changedAt: now });
    expect((await put('sender', sender({ phone: '01632 960200' }))).lines.join()).toContain(
      'stays as it was (version 2)',
    );
  });

  it('takes no words with a patient in them, and no number for a name', async () => {
    const wrong = await put('sender', sender(), { by: '', why: 'about 969 137 5087', over: 'x' });
    expect(exitCodeOf(wrong)).toBe(2);
    for (const part of ['--by', '--why', '--over']) expect(wrong.lines.join('\n')).toContain(part);
  });

  it('refuses a mailbox that is not registered, and tests in production, all at once', async () => {
    await declareDeployment(table, { stage: 'production' });
    await put('mailbox', mailbox({ environment: 'production' }));
    expect((await put('sender', sender({ mailboxId: 'RX9OT001' }))).lines.join()).toContain('not registered');
    const tests = await put('sender', sender({ allowedNhsNumbers: ['9691375*'] }));
    expect(tests.lines.join()).toContain('allowedNhsNumbers');
    expect(await readSender(table, 'RX1')).toBeUndefined();
  });

  it('goes by the version that somebody looked at, where they say so', async () => {
    await registered();
    expect(await put('sender', sender({ name: 'New', addresses }), { ...ann, over: '1' })).toMatchObject({ ok: true });
    const late = await put('sender', sender({ name: 'Newer', addresses }), { by: 'Bob', over: '1' });
    expect(late.lines.join('\n')).toContain('version 2 stands, by Ann Bell, not version 1');
    expect((await readSender(table, 'RX1'))?.setting.name).toBe('New');
  });

  it('does not take documents that are not composed yet into another environment', async () => {
    await registered();
    await put('mailbox', mailbox({ mailboxId: 'RX1OT002', environment: 'deployment' }));
    const waiting = await underWay('RX1');
    const moved = await put('sender', sender({ mailboxId: 'RX1OT002', addresses }));
    expect(moved.ok).toBe(false);
    expect(moved.lines.join()).toContain(waiting);
    await put('mailbox', mailbox({ mailboxId: 'RX1OT003' }));
    expect((await put('sender', sender({ mailboxId: 'RX1OT003', addresses }))).ok).toBe(true);
  });
});

describe('putting a mailbox', () => {
  it('keeps the production MESH to stage production, and that of one machine out of it', async () => {
    const production = mailbox({ environment: 'production' });
    expect((await put('mailbox', production)).lines.join()).toContain('which stage this is is not known yet');
    await declareDeployment(table, { stage: 'integration' });
    expect((await put('mailbox', production)).lines.join()).toContain('this is integration');
    await declareDeployment(table, { stage: 'production' });
    expect((await put('mailbox', production)).ok).toBe(true);
    const local = mailbox({ mailboxId: 'RX1OT009', environment: 'local', baseUrl: 'https://127.0.0.1:1' });
    expect((await put('mailbox', local)).lines.join()).toContain('this is production');
  });

  it('leaves its environment alone while documents are under way through it, whoever sent them', async () => {
    await registered();
    await put('sender', sender({ odsCode: 'RX10', name: 'Ten', mailboxId: 'RX1OT001', addresses }));
    const sent = await underWay('RX10', 'RX1OT001');
    const moved = await put('mailbox', mailbox({ environment: 'deployment' }));
    expect(moved.ok).toBe(false);
    expect(moved.lines.join()).toContain(sent);
    expect((await put('mailbox', mailbox({ shared: true }))).ok).toBe(true);
    expect((await readMailbox(table, 'RX1OT001'))?.setting).toMatchObject({ environment: 'integration', shared: true });
  });
});

describe('an export', () => {
  it('put again changes nothing, and brings up another deployment as it was', async () => {
    await registered();
    await put('sender', sender({ odsCode: 'RX10', name: 'Ten', practiceProfiles: { Y12345: 'v2' } }));
    const [senders, mailboxes] = [await run('sender export'), await run('mailbox export')];
    const files = { s: senders.data, m: mailboxes.data };
    expect(JSON.parse(senders.lines.join('\n'))).toEqual(senders.data);
    expect((await run('sender put s', ann, files)).data).toMatchObject({
      put: [{ outcome: 'same' }, { outcome: 'same' }],
    });
    table = memoryTable();
    expect((await run('sender put s', ann, files)).lines.join('\n')).toMatch(/RX1: mailboxId[\s\S]*RX10: mailboxId/);
    expect((await run('mailbox put m', ann, files)).ok).toBe(true);
    expect((await run('sender put s', ann, files)).ok).toBe(true);
    expect((await run('sender export')).data).toEqual(senders.data);
    // Being active is no setting: in another deployment its address is to be looked at first.
    expect((await readSender(table, 'RX1'))?.active).toBeUndefined();
  });

  it('of which one is wrong is not put at all, and every problem has the name of its sender', async () => {
    await registered();
    const file = {
      kind: 'send-document-registry',
      schemaVersion: 1,
      senders: [sender({ odsCode: 'RX2' }), sender({ odsCode: 'RX3', phone: 'none' }), { colour: 'blue' }],
    };
    const wrong = await run('sender put f', ann, { f: file });
    expect(wrong.ok).toBe(false);
    for (const part of ['RX3: phone', 'senders[2]: odsCode', 'senders[2]: colour: there is no such setting']) {
      expect(wrong.lines.join('\n')).toContain(part);
    }
    expect(await readSender(table, 'RX2')).toBeUndefined();
    expect((await run('sender put f', ann, { f: { ...file, schemaVersion: 2 } })).lines.join()).toContain(
      'schemaVersion',
    );
    expect((await run('mailbox put f', ann, { f: { ...file, senders: [] } })).lines.join()).toContain('no mailboxes');
    expect((await run('sender put f', ann, { f: { ...file, senders: [sender(), sender()] } })).lines.join()).toContain(
      'twice',
    );
  });
});

describe('versions and what differs', () => {
  it('are shown for senders and mailboxes, with who and why, against each other and against a file', async () => {
    await registered();
    await put('sender', sender({ name: 'New', addresses }), { by: 'Bob', why: 'merger' });
    await put('sender', sender({ name: 'New', phone: '01632 960200', addresses }));
    await run('sender pause RX1', ann);
    const versions = await run('sender versions RX1');
    expect(versions.lines).toEqual([
      'version 1  2026-11-29T12:00:00.000Z by Ann Bell: a change',
      'version 2  2026-11-29T12:00:00.000Z by Bob: merger',
      'version 3  2026-11-29T12:00:00.000Z by Ann Bell: a change',
      'paused  2026-11-29T12:00:00.000Z by Ann Bell: a change',
    ]);
    expect((await run('sender diff RX1')).lines).toEqual([
      'sender RX1, version 2 → version 3:',
      '  phone: "01632 960100" → "01632 960200"',
    ]);
    expect((await run('sender diff RX1 1 2')).lines[1]).toBe('  name: "Northfield" → "New"');
    expect((await run('sender diff RX1 1')).lines).toHaveLength(3);
    const file = await run('sender diff RX1', { with: 'f' }, { f: sender({ name: 'New', phone: '01632 960200' }) });
    expect(file.lines).toEqual([
      'sender RX1, version 3 → f:',
      '  addresses.notices: ["records@northfield.example"] → []',
    ]);
    expect((await run('mailbox diff RX1OT001')).lines.join()).toContain('only version 1');
    for (const words of [
      'sender diff RX1 1 9',
      'sender diff RX9',
      'mailbox versions RX9',
      'sender show RX9',
      'mailbox export RX9',
    ]) {
      expect(exitCodeOf(await run(words)), words).toBe(1);
    }
  });
});

describe('activating a sender', () => {
  it('is refused while it has nobody to tell, and says why', async () => {
    await put('mailbox', mailbox());
    await put('sender', sender());
    expect(exitCodeOf(await run('sender activate RX1'))).toBe(2);
    const refused = await run('sender activate RX1', ann);
    expect(exitCodeOf(refused)).toBe(1);
    expect(refused.lines.join()).toContain('addresses.notices');
    await put('sender', sender({ addresses }));
    expect((await run('sender activate RX1', ann)).lines.join()).toContain('None of its addresses');
    mail.confirmAll();
    expect((await run('sender activate RX1', ann)).ok).toBe(true);
    expect((await run('sender activate RX1', ann)).lines.join()).toContain('was active before');
    // It stays so: whoever is active has somebody who is told.
    expect((await put('sender', sender())).lines.join()).toContain('addresses.notices');
    expect((await run('sender deactivate RX1', ann)).lines.join()).toContain('wait');
    expect((await put('sender', sender())).ok).toBe(true);
    expect(exitCodeOf(await run('sender activate RX9', ann))).toBe(1);
  });
});

describe('pausing', () => {
  it('of a sender, a mailbox or everybody is seen in the lists, and twice is once', async () => {
    await registered();
    expect(exitCodeOf(await run('sender pause RX1', { by: 'Ann' }))).toBe(2);
    await run('sender pause RX1', { by: 'Ann', why: 'odd dates' });
    const again = await run('sender pause RX1', { by: 'Bob', why: 'me too' });
    expect(again.lines.join()).toContain('was paused before, 2026-11-29T12:00:00.000Z by Ann: odd dates');
    await run('mailbox pause RX1OT001', ann);
    await run('pause', ann);
    const [senders, mailboxes] = [await run('sender list'), await run('mailbox list')];
    expect(senders.lines.join('\n')).toMatch(
      /EVERYTHING IS PAUSED.*Ann Bell[\s\S]*RX1 .*NOT ACTIVE.*PAUSED.*odd dates/,
    );
    expect(mailboxes.lines.join('\n')).toMatch(/RX1OT001 .*dedicated.*PAUSED/);
    expect(senders.data).toMatchObject({
      senders: [{ paused: { by: 'Ann' } }],
      pausedForEverybody: { by: 'Ann Bell' },
    });
    // Who ends one of several is told of the others.
    expect((await run('resume', ann)).lines.slice(2)).toEqual([
      'STILL PAUSED: Sending for RX1, 2026-11-29T12:00:00.000Z by Ann: odd dates',
      'STILL PAUSED: Mailbox RX1OT001, 2026-11-29T12:00:00.000Z by Ann Bell: a change',
    ]);
    await run('pause', ann);
    for (const words of ['resume', 'mailbox resume RX1OT001', 'sender resume RX1']) {
      expect((await run(words, ann)).ok, words).toBe(true);
      expect((await run(words, ann)).lines.join(), words).toContain('is not paused');
    }
    expect((await run('sender list')).lines.join()).not.toContain('PAUSED');
    expect(exitCodeOf(await run('sender pause RX9', ann))).toBe(1);
    expect(exitCodeOf(await run('mailbox resume RX9', ann))).toBe(1);
  });
});

describe('the lists', () => {
  it('say that there is nothing, on an empty table', async () => {
    expect((await run('sender list')).lines).toEqual(['No sender is registered.']);
    expect((await run('mailbox list')).data).toEqual({ mailboxes: [] });
    expect(JSON.parse((await run('sender export')).lines.join('\n'))).toMatchObject({ senders: [] });
  });
});
