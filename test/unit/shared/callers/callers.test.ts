import { describe, expect, it } from 'vitest';
import { decideCaller } from '../../../../shared/callers/authorise.ts';
import { clientFile } from '../../../../shared/callers/client.ts';
import { runCommand } from '../../../../shared/operate/commands.ts';
import type { AttentionIndex, MailboxIndex, SenderIndex, Table } from '../../../../shared/platform/table.ts';

const client = clientFile.parse({ clientId: 'client-1', odsCode: 'RX1' });

describe('a client file', () => {
  it('allows both scopes unless it says otherwise', () => {
    expect(client.scopes).toEqual(['send-document/submit', 'send-document/read']);
  });

  it.each([
    ['a client id with a line break', { clientId: 'a\nb', odsCode: 'RX1' }],
    ['a client id with a space', { clientId: 'a b', odsCode: 'RX1' }],
    ['no client id', { clientId: '', odsCode: 'RX1' }],
    ['no organisation', { clientId: 'a' }],
    ['small letters for an organisation', { clientId: 'a', odsCode: 'rx1' }],
    ['a scope of another kind', { clientId: 'a', odsCode: 'RX1', scopes: ['send-document/all'] }],
    ['no scope at all', { clientId: 'a', odsCode: 'RX1', scopes: [] }],
    ['a field that is not listed', { clientId: 'a', odsCode: 'RX1', secret: 'x' }],
  ])('is not taken with %s', (_, file) => {
    expect(clientFile.safeParse(file).success).toBe(false);
  });
});

describe('who calls', () => {
  const token = { kind: 'token', clientId: 'client-1', scopes: ['send-document/read', 'x/y'] } as const;

  it('is nobody without a token, unregistered without a client, and of the organisation that the registry names', () => {
    expect(decideCaller({ kind: 'refused', why: 'expired' }, client)).toEqual({ kind: 'unauthorised', why: 'expired' });
    expect(decideCaller(token, undefined)).toEqual({ kind: 'unregistered', clientId: 'client-1' });
    expect(decideCaller(token, client)).toEqual({
      kind: 'caller',
      caller: { clientId: 'client-1', odsCode: 'RX1', scopes: ['send-document/read'] },
    });
  });
});

describe('operate client', () => {
  const tableOf = (items: Map<string, object>): Table & SenderIndex & AttentionIndex & MailboxIndex => ({
    bySender: async () => ({ rows: [] }),
    openAttention: async () => ({ count: 0 }),
    attention: async () => ({ rows: [] }),
    read: async <T>(key: string) => {
      const item = items.get(key);
      return item && ({ ...item, revision: 1 } as T & { revision: number });
    },
    write: async (key, item) => {
      items.set(key, item);
      return 'written';
    },
    remove: async () => 'conflict',
    due: async () => [],
    listed: async () => ({ rows: [] }),
  });
  const run = (words: readonly string[], items: Map<string, object>, file: unknown = {}) =>
    runCommand(words, {
      table: tableOf(items),
      clock: { now: () => 0, sleep: async () => undefined },
      readText: () => JSON.stringify(file),
    });

  it('puts a client whose organisation is registered, and shows it', async () => {
    const items = new Map<string, object>([['SENDER#RX1', { odsCode: 'RX1' }]]);
    const put = await run(['client', 'put', 'f'], items, { clientId: 'client-1', odsCode: 'RX1' });
    expect(put).toMatchObject({ ok: true, lines: [expect.stringContaining('Client client-1 created')] });
    expect((await run(['client', 'show', 'client-1'], items)).lines.join('')).toContain('"odsCode": "RX1"');
    const again = await run(['client', 'put', 'f'], items, { ...client, scopes: ['send-document/read'] });
    expect(again.lines.join(' ')).toMatch(/replaced.*for a minute/);
  });

  it('puts none whose organisation is not, and none that is wrong', async () => {
    const items = new Map<string, object>();
    const put = await run(['client', 'put', 'f'], items, { clientId: 'client-1', odsCode: 'RX1' });
    expect(put).toMatchObject({ ok: false, lines: [expect.stringContaining('put the sender first')] });
    expect((await run(['client', 'put', 'f'], items, { clientId: 'a b' })).lines.join('\n')).toContain('odsCode');
    expect((await run(['client', 'show', 'client-1'], items)).ok).toBe(false);
    expect(items.size).toBe(0);
  });
});
