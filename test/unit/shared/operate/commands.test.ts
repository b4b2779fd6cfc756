import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../../shared/operate/command.ts';
import { commands, help, runCommand, usage } from '../../../../shared/operate/commands.ts';
import { targetOf } from '../../../../shared/operate/target.ts';
import type { AttentionIndex, MailboxIndex, SenderIndex, Table } from '../../../../shared/platform/table.ts';
import { mailboxFile } from '../../../../shared/senders/mailbox.ts';

const nothing: Table & SenderIndex & AttentionIndex & MailboxIndex = {
  bySender: async () => ({ rows: [] }),
  openAttention: async () => ({ count: 0 }),
  attention: async () => ({ rows: [] }),
  read: async () => undefined,
  write: async () => {
    throw new Error('written');
  },
  remove: async () => 'conflict',
  due: async () => [],
  listed: async () => ({ rows: [] }),
};
const context = (files: Record<string, string>) => ({
  table: nothing,
  clock: { now: () => 0, sleep: async () => undefined },
  readText: (path: string) => files[path],
});
const mailbox = { mailboxId: 'RX1OT001', odsCode: 'RX1', environment: 'integration' };

describe('operator commands', () => {
  it('refuse a file with every problem at once, and write nothing', async () => {
    const file = JSON.stringify({ odsCode: 'rx1', name: '', mailboxId: 'RX1OT001', colour: 'blue' });
    const { ok, lines } = await runCommand(['sender', 'put', 'f'], context({ f: file }), { by: 'Ann' });
    expect(ok).toBe(false);
    const text = lines.join('\n');
    for (const part of ['odsCode', 'name', 'phone', 'colour']) expect(text).toContain(part);
  });
  it('say it in words that an operator knows, and what a name may have meant', async () => {
    const file = {
      odsCode: 'rx1',
      nmae: 'Northfield',
      phone: 5,
      mailboxId: 'RX1OT001',
      profile: 'v3',
      practiceProfiles: { y1: 'v2' },
      allowedNhsNumbers: ['x'],
      addresses: { notice: [] },
      dueTimes: { handoverMinutes: 1, businessWorkingDays: 21 },
    };
    const { lines } = await runCommand(['sender', 'put', 'f'], context({ f: JSON.stringify(file) }), { by: 'Ann' });
    expect(lines[0]).toBe('f cannot be used; put these right:');
    expect([...lines.slice(1)].sort()).toEqual(
      [
        '  addresses.notice: there is no such setting; did you mean notices?',
        '  allowedNhsNumbers.0: must be ten digits, or fewer with * for the rest',
        '  dueTimes.businessWorkingDays: must be 20 or less',
        '  dueTimes.handoverMinutes: must be 5 or more',
        '  name: is missing',
        '  nmae: there is no such setting; did you mean name?',
        '  odsCode: must be an ODS code: 3 to 10 capital letters and digits',
        '  phone: must be text in quotes',
        '  practiceProfiles.y1: must be the ODS code of a practice: 3 to 10 capital letters and digits',
        '  profile: must be one of v1, v2',
      ].sort(),
    );
    const mailboxes = JSON.stringify({
      ...mailbox,
      shared: 'yes',
      pollEverySeconds: 60,
      baseUrl: 'https://example.org',
    });
    const wrong = await runCommand(['mailbox', 'put', 'f'], context({ f: mailboxes }), { by: 'Ann' });
    expect(wrong.lines.slice(1)).toEqual([
      '  shared: must be true or false without quotes',
      '  baseUrl: only a local mailbox has one: the others are fixed',
      '  pollEverySeconds: MESH must not be polled more often than every 300 seconds',
    ]);
  });
  it('say what is wrong with a file that cannot be read or is not JSON', async () => {
    expect((await runCommand(['sender', 'put', 'gone'], context({}), { by: 'Ann' })).lines[0]).toContain('Cannot read');
    expect((await runCommand(['mailbox', 'put', 'f'], context({ f: '{' }), { by: 'Ann' })).lines[0]).toContain(
      'not JSON',
    );
  });
  it('put no sender whose mailbox is not registered', async () => {
    const sender = JSON.stringify({ odsCode: 'RX1', name: 'N', phone: '01632 960100', mailboxId: 'RX1OT001' });
    const { ok, lines } = await runCommand(['sender', 'put', 'f'], context({ f: sender }), { by: 'Ann' });
    expect(ok).toBe(false);
    expect(lines.join()).toContain('put the mailbox first');
  });
  it('show their usage for anything else', async () => {
    for (const words of [[], ['sender'], ['sender', 'drop', 'x'], ['sender', 'put', 'a', 'b']]) {
      const result = await runCommand(words, context({}));
      expect(exitCodeOf(result)).toBe(2);
      expect(result.lines.join('\n')).toContain('Usage');
    }
  });
  it('never guess which deployment is meant', () => {
    expect(targetOf({ dir: 'a', table: 'b' }).kind).toBe('problem');
    expect(targetOf({ dir: 'no-such-folder' })).toMatchObject({
      kind: 'problem',
      sentence: expect.stringContaining('npm start'),
    });
  });
});

describe('a mailbox file', () => {
  it('is polled every five minutes unless it says otherwise, and never more often outside the local MESH', () => {
    expect(mailboxFile.parse(mailbox).pollEverySeconds).toBe(300);
    expect(mailboxFile.safeParse({ ...mailbox, pollEverySeconds: 60 }).success).toBe(false);
    expect(
      mailboxFile.safeParse({ ...mailbox, environment: 'local', baseUrl: 'https://127.0.0.1:1', pollEverySeconds: 60 })
        .success,
    ).toBe(true);
  });
  it('has an address only for a local MESH', () => {
    expect(mailboxFile.safeParse({ ...mailbox, baseUrl: 'https://example.org' }).success).toBe(false);
    expect(mailboxFile.safeParse({ ...mailbox, environment: 'local' }).success).toBe(false);
  });
});

describe('the list of commands', () => {
  it('has each under words of its own, with an example that asks for it and options that all commands mean alike', () => {
    const words = commands.map((command) => command.words);
    expect(new Set(words).size).toBe(words.length);
    const forms = new Map<string, string | undefined>();
    for (const command of commands) {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(example.startsWith(`${command.words}`)).toBe(true);
      for (const { name, form } of command.options ?? []) {
        expect(['dir', 'table', 'json', 'help']).not.toContain(name);
        // The command line parses before it knows which command is meant.
        expect(forms.has(name) ? forms.get(name) === undefined : form === undefined).toBe(form === undefined);
        forms.set(name, form);
      }
    }
  });
  it('shows one with its options and examples, a subject, or everything', async () => {
    const shown = (...words: string[]) => help(words).lines.join('\n');
    expect(shown('sender', 'put')).toContain('npm run operate -- sender put');
    expect(shown('release')).toContain('--by WHO');
    const subject = shown('mailbox');
    expect(subject).toContain('mailbox show ID');
    expect(subject).not.toContain('sender show');
    expect(await runCommand(['help', 'mailbox'], context({}))).toEqual(help(['mailbox']));
    expect(help([]).lines).toEqual(usage);
    expect(help(['nonsense'])).toMatchObject({ ok: false, misused: true });
  });
  it('refuses an option that the command does not take, before it looks at anything', async () => {
    const result = await runCommand(['sender', 'show', 'RX1'], context({}), { reason: 'other-patient' });
    expect(result).toMatchObject({ ok: false, misused: true });
    expect(result.lines[0]).toContain('takes no --reason');
  });
});
