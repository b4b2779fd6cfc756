import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CommandLineContext, commandLine } from '../../../../shared/operate/command-line.ts';
import { type Target, targetOf } from '../../../../shared/operate/target.ts';
import type { AttentionIndex, MailboxIndex, SenderIndex, Table } from '../../../../shared/platform/table.ts';

const table: Table & SenderIndex & AttentionIndex & MailboxIndex = {
  openAttention: async () => ({ count: 0 }),
  attention: async () => ({ rows: [] }),
  bySender: async () => ({ rows: [] }),
  read: async (key) => {
    if (key === 'CLIENT#broken') throw new Error('AWS does not answer.');
    return undefined;
  },
  write: async () => 'conflict',
  remove: async () => 'conflict',
  due: async () => [],
  listed: async () => ({ rows: [] }),
};
const context: CommandLineContext = {
  readText: () => undefined,
  targetOf: () => ({
    kind: 'target',
    table,
    objects: () => {
      throw new Error('No command here looks into a bucket.');
    },
    clock: { now: () => 0, sleep: async () => undefined },
    name: 'the local run in .local',
  }),
};

describe('npm run operate', () => {
  it('shows help on request and ends with 0, without any deployment', async () => {
    const nowhere = { ...context, targetOf };
    for (const args of [['--help'], ['help'], ['release', '--help'], ['help', 'release']]) {
      const ended = await commandLine([...args, '--dir', 'no-such-folder'], nowhere);
      expect(ended).toMatchObject({ exitCode: 0, errors: [] });
      expect(ended.out.join('\n')).toContain('release [ID]');
    }
  });
  it('ends with 2 where nothing is asked, an option is nobody’s, or no deployment is named', async () => {
    expect(await commandLine([], context)).toMatchObject({ exitCode: 2, out: [] });
    const unknown = await commandLine(['client', 'show', 'a', '--colour', 'blue'], context);
    expect(unknown).toMatchObject({ exitCode: 2, out: [] });
    expect(unknown.errors).toEqual([
      'There is no option --colour.',
      'Usage: npm run operate -- client show ID',
      'npm run operate -- help client show shows its options and examples.',
    ]);
    const nowhere = await commandLine(['client', 'show', 'a', '--dir', 'no-such-folder'], { ...context, targetOf });
    expect(nowhere).toMatchObject({ exitCode: 2, errors: [expect.stringContaining('npm start')] });
  });
  it('ends with 1 where it is refused, and with 3 where it broke off: asking again does no harm then', async () => {
    expect(await commandLine(['client', 'show', 'a'], context)).toMatchObject({ exitCode: 1, out: [] });
    const broken = await commandLine(['client', 'show', 'broken'], context);
    expect(broken).toMatchObject({ exitCode: 3, errors: [expect.stringContaining('Asking again does no harm')] });
  });
  it('says one line of JSON to a program, however it ends', async () => {
    for (const [args, ok] of [
      [['client', 'show', 'a'], false],
      [['client', 'show', 'broken'], false],
      [['help', 'client'], true],
      [['resned', 'a'], false],
      [['client', 'show', 'a', '--colour'], false],
    ] as const) {
      const { out, errors } = await commandLine([...args, '--json'], context);
      expect(errors).toEqual([]);
      expect(out).toHaveLength(1);
      expect(JSON.parse(out[0] ?? '')).toMatchObject({
        ok,
        command: args.filter((arg) => !arg.startsWith('--')).join(' '),
        messages: expect.any(Array),
      });
    }
  });
  it('tells everything that is wrong with options at once, and what may have been meant', async () => {
    const { exitCode, errors } = await commandLine(
      ['cancel', 'x', '--tabel', 'T', '--yes=no', '--by', '--why', 'a', '--sender', 'RX1', '--sender', 'RX2'],
      context,
    );
    expect(exitCode).toBe(2);
    expect(errors.slice(0, 4)).toEqual([
      'There is no option --tabel. Did you mean --table?',
      '--yes takes no value.',
      '--by needs a value: --by WHO',
      '--sender is given twice.',
    ]);
    expect(errors[4]).toContain('cancel [ID] [OPTIONS]');
  });
  it('names the command that was meant, and never guesses', async () => {
    for (const [typed, meant] of [
      ['resned X', 'resend'],
      ['doc show X', 'document show'],
      ['senders list', 'sender list'],
      ['mailbox pasue RX1OT001', 'mailbox pause'],
      ['quarantine aply M D', 'quarantine apply'],
    ] as const) {
      const { exitCode, errors } = await commandLine(typed.split(' '), context);
      expect([exitCode, errors[0]?.endsWith(`Did you mean ${meant}?`)], typed).toEqual([2, true]);
    }
    expect((await commandLine(['elephant'], context)).errors).toEqual([
      'There is no command elephant.',
      'npm run operate -- help lists all of them.',
    ]);
    expect(await commandLine(['help', 'elephant'], context)).toMatchObject({ exitCode: 2, out: [] });
    expect((await commandLine(['sender', 'put'], context)).errors[0]).toBe('sender put needs FILE.');
    expect((await commandLine(['sender', 'list', 'x'], context)).errors[0]).toBe(
      'sender list takes nothing behind it.',
    );
  });
  it('says whose move it is where AWS or the local run is in the way', async () => {
    const failing = async (error: Error, args: readonly string[] = ['--table', 'records']) => {
      const read = async () => Promise.reject(error);
      const targets = (): Target => ({
        ...(context.targetOf({}) as Extract<Target, { kind: 'target' }>),
        table: { ...table, read },
      });
      const { exitCode, errors } = await commandLine(['client', 'show', 'a', ...args], {
        ...context,
        targetOf: targets,
      });
      expect(exitCode).toBe(3);
      return errors.join(' ');
    };
    const named = (name: string, more: object = {}) => Object.assign(new Error('words'), { name, ...more });
    expect(await failing(named('CredentialsProviderError'))).toContain('log in again');
    expect(await failing(named('ExpiredTokenException'))).toContain('log in again');
    expect(await failing(named('AccessDeniedException'))).toContain('docs/operating.md');
    expect(await failing(named('ResourceNotFoundException'))).toContain('no table records');
    expect(await failing(new Error('Region is missing'))).toContain('AWS_REGION=eu-west-2');
    const refused = new AggregateError([named('Error', { code: 'ECONNREFUSED' })]);
    expect(await failing(refused, [])).toContain('npm start');
    expect(await failing(named('SomethingElse'))).not.toContain('undefined');
  });
  it('does not break over a file that is no local run’s', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'operate-'));
    writeFileSync(join(dir, 'run.json'), '{ half');
    const ended = await commandLine(['sender', 'list', '--dir', dir], { ...context, targetOf });
    rmSync(dir, { recursive: true });
    expect(ended).toMatchObject({ exitCode: 2, errors: [expect.stringContaining('is not a local run’s file')] });
  });
});
