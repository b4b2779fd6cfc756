import { describe, expect, it } from 'vitest';
import { type CommandLineContext, commandLine } from '../../../../shared/operate/command-line.ts';
import { targetOf } from '../../../../shared/operate/target.ts';
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
      expect(ended.out.join('\n')).toContain('release [DOCUMENT_ID]');
    }
  });
  it('ends with 2 where nothing is asked, an option is nobody’s, or no deployment is named', async () => {
    expect(await commandLine([], context)).toMatchObject({ exitCode: 2, out: [] });
    const unknown = await commandLine(['client', 'show', 'a', '--colour', 'blue'], context);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.errors[0]).toContain('--colour');
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
    ] as const) {
      const { out, errors } = await commandLine([...args, '--json'], context);
      expect(errors).toEqual([]);
      expect(out).toHaveLength(1);
      expect(JSON.parse(out[0] ?? '')).toMatchObject({ ok, command: args.join(' '), messages: expect.any(Array) });
    }
  });
});
