import { describe, expect, it } from 'vitest';
import { decideCaller } from '../../../../shared/callers/authorise.ts';
import { type ClientItem, clientFile } from '../../../../shared/callers/client.ts';
import { readClient } from '../../../../shared/callers/registry.ts';
import { clientKey } from '../../../../shared/delivery/keys.ts';
import { runCommand } from '../../../../shared/operate/commands.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { type MemoryTable, memoryTable } from '../../../support/memory-table.ts';
import { putSender } from '../../../support/registry.ts';

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
  const item: ClientItem = { setting: client, version: 1, changedAt: 0, changedBy: 'Ann Bell', history: [] };

  it('is nobody without a token, unregistered without a client, and of the organisation that the registry names', () => {
    expect(decideCaller({ kind: 'refused', why: 'expired' }, item)).toEqual({ kind: 'unauthorised', why: 'expired' });
    expect(decideCaller(token, undefined)).toMatchObject({ kind: 'unregistered', why: 'not registered' });
    expect(decideCaller(token, item)).toEqual({
      kind: 'caller',
      caller: { clientId: 'client-1', odsCode: 'RX1', scopes: ['send-document/read'] },
    });
  });

  it('is nobody’s client any more once it is deactivated, whatever its token says', () => {
    const deactivated = { at: 0, by: 'Ann Bell' };
    expect(decideCaller(token, { ...item, deactivated })).toMatchObject({ kind: 'unregistered', why: 'deactivated' });
  });
});

describe('operate client', () => {
  const ann = { by: 'Ann Bell', why: 'their new exporter' };
  const bob = { by: 'Bob Hall', why: 'secret lost' };
  const ready = async () => {
    const table = memoryTable();
    const sender = { odsCode: 'RX1', name: 'Northfield', phone: '01632 960100', mailboxId: 'RX1OT001' };
    await putSender(table, senderFile.parse(sender));
    return table;
  };
  let now = Date.UTC(2026, 10, 29);
  const run = (table: MemoryTable, words: string, options: object = ann, file: unknown = {}) => {
    now += 1000;
    const at = now;
    const clock = { now: () => at, sleep: async () => undefined };
    return runCommand(words.split(' '), { table, clock, readText: () => JSON.stringify(file) }, { ...options });
  };
  const said = ({ lines }: { readonly lines: readonly string[] }) => lines.join('\n');

  it('puts a client whose organisation is registered, as a version with who and when, and shows it', async () => {
    const table = await ready();
    const put = await run(table, 'client put f', ann, { clientId: 'client-1', odsCode: 'RX1' });
    expect(put.ok).toBe(true);
    expect(said(put)).toContain('Client client-1 created (version 1)');
    expect(said(await run(table, 'client show client-1', {}))).toContain('"changedBy": "Ann Bell"');
    const again = await run(table, 'client put f', bob, { ...client, scopes: ['send-document/read'] });
    expect(said(again)).toMatch(/replaced \(version 2\).*for a minute/s);
    const versions = said(await run(table, 'client versions client-1', {}));
    expect(versions).toMatch(/version 1 {2}\S+ by Ann Bell: their new exporter\nversion 2 {2}\S+ by Bob Hall/);
    expect(said(await run(table, 'client diff client-1', {}))).toContain('scopes');
    expect(said(await run(table, 'client list', {}))).toContain('client-1  for RX1');
  });

  it('is not done without who does it, nor over another version than the one that was looked at', async () => {
    const table = await ready();
    const file = { clientId: 'client-1', odsCode: 'RX1' };
    expect(await run(table, 'client put f', {}, file)).toMatchObject({ ok: false, misused: true });
    expect(await readClient(table, 'client-1')).toBeUndefined();
    await run(table, 'client put f', ann, file);
    expect(said(await run(table, 'client put f', { ...bob, over: '0' }, file))).toContain('version 1 stands');
  });

  it('lets a client in no more, and again, with who and why; of two the second is told', async () => {
    const table = await ready();
    await run(table, 'client put f', ann, { clientId: 'client-1', odsCode: 'RX1' });
    expect(said(await run(table, 'client deactivate client-1', bob))).toContain('by Bob Hall: secret lost');
    expect((await readClient(table, 'client-1'))?.deactivated).toMatchObject(bob);
    const twice = await run(table, 'client deactivate client-1', ann);
    expect([twice.ok, said(twice)]).toEqual([true, expect.stringContaining('was deactivated before')]);
    expect(said(await run(table, 'client list', {}))).toContain('DEACTIVATED');
    // Putting it again lets nobody in by the way.
    await run(table, 'client put f', ann, { ...client, scopes: ['send-document/read'] });
    expect((await readClient(table, 'client-1'))?.deactivated).toMatchObject(bob);
    expect((await run(table, 'client activate client-1')).ok).toBe(true);
    expect((await readClient(table, 'client-1'))?.deactivated).toBeUndefined();
    expect((await run(table, 'client deactivate nobody')).ok).toBe(false);
  });

  it('goes on with one that was put before versions were kept', async () => {
    const table = await ready();
    await table.write(clientKey('client-1'), client, 0);
    expect((await readClient(table, 'client-1'))?.setting).toEqual(client);
    const put = await run(table, 'client put f', ann, { ...client, scopes: ['send-document/read'] });
    expect(said(put)).toContain('replaced (version 1)');
  });

  it('puts none whose organisation is not registered, and none that is wrong', async () => {
    const table = memoryTable();
    const put = await run(table, 'client put f', ann, { clientId: 'client-1', odsCode: 'RX1' });
    expect([put.ok, said(put)]).toEqual([false, expect.stringContaining('put the sender first')]);
    expect(said(await run(table, 'client put f', ann, { clientId: 'a b' }))).toContain('odsCode');
    expect((await run(table, 'client show client-1', {})).ok).toBe(false);
    expect(table.items()).toEqual([]);
  });
});
