import { beforeEach, describe, expect, it } from 'vitest';
import { readAddresses } from '../../../../shared/notices/addresses.ts';
import type { CommandOptions } from '../../../../shared/operate/command.ts';
import { runCommand } from '../../../../shared/operate/commands.ts';
import { readSender } from '../../../../shared/senders/registry.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { memorySubscriptions } from '../../../support/subscriptions.ts';

let table: ReturnType<typeof memoryTable>;
let mail: ReturnType<typeof memorySubscriptions>;
let known: boolean;
beforeEach(async () => {
  table = memoryTable();
  mail = memorySubscriptions();
  known = true;
  await run('mailbox put f', ann, { mailboxId: 'RX1OT001', odsCode: 'RX1', environment: 'integration' });
  for (const ods of ['RX1', 'RX2']) await run('sender put f', ann, sender(ods));
});

const ann = { by: 'Ann Bell', why: 'a change' };
const sender = (odsCode: string, over: object = {}) => ({
  odsCode,
  name: 'Northfield',
  phone: '01632 960100',
  mailboxId: 'RX1OT001',
  ...over,
});
const run = (words: string, options: CommandOptions = ann, file?: unknown) =>
  runCommand(
    words.split(' '),
    {
      table,
      clock: { now: () => 1000, sleep: async () => undefined },
      subscriptions: async () => (known ? mail.port : undefined),
      readText: () => JSON.stringify(file),
    },
    options,
  );
const records = 'records@northfield.example';
const add = (ods: string, list: string, address = records) =>
  run(`sender address add ${ods} ${address}`, { ...ann, for: list });

describe('the addresses of a sender', () => {
  it('are asked, confirmed by the link of the e-mail, and only then the sender is activated (GPCM-SD-094)', async () => {
    expect((await run('sender activate RX1')).lines.join()).toContain('no address for notices');
    const added = await run(`sender address add RX1 Records@Northfield.example`);
    expect(added.lines.join('\n')).toMatch(/version 2[\s\S]*was sent an e-mail that asks to confirm/);
    expect((await run('sender activate RX1')).lines.join()).toContain('None of its addresses for notices is confirmed');
    expect((await run('sender address list RX1', {})).lines).toEqual([
      'RX1',
      `  ${records}  for notices  NOT CONFIRMED`,
    ]);
    mail.tokens.clear();
    expect((await add('RX1', 'notices')).lines.join()).toContain('asks to confirm');
    const link = `https://sns.example/confirm?Action=ConfirmSubscription&Token=${mail.tokens.get(records)}`;
    expect(await run(`sender address confirm RX1 ${records} wrong`)).toMatchObject({ ok: false });
    expect(await run(`sender address confirm RX1 ${records} ${link}`)).toMatchObject({ ok: true });
    expect(await readAddresses(table)).toMatchObject({ confirmed: [records] });
    const twice = await run(`sender address confirm RX1 ${records} ${link}`, { by: 'Bob Hall', why: 'too' });
    expect(twice.lines.join()).toMatch(/was confirmed before, .* by Ann Bell: a change\. Nothing was changed/);
    expect((await readSender(table, 'RX1'))?.history.filter(({ what }) => what.endsWith('confirmed'))).toHaveLength(1);
    expect((await run('sender address list RX1', {})).lines.at(-1)).toContain('confirmed');
    expect(await run('sender activate RX1')).toMatchObject({ ok: true });
  });

  it('that followed the link themselves do not count, because anybody with an e-mail can end them', async () => {
    await add('RX1', 'notices');
    mail.follow(records);
    expect((await run('sender activate RX1')).lines.join()).toContain('None of its addresses');
    expect((await run('sender address list RX1', {})).lines.at(-1)).toContain('ANYBODY CAN END IT');
    const again = await run(`sender address confirm RX1 ${records} ${mail.tokens.get(records)}`);
    expect(again.lines.join()).toContain('remove it, add it again');
  });

  it('get what each sender names them for, and nothing that is meant for another (one subscription for each address)', async () => {
    await add('RX1', 'notices');
    mail.confirmAll();
    expect(mail.filterOf(records)).toEqual({ senderOds: ['RX1'], audience: ['sender'] });
    await add('RX2', 'notices');
    expect(mail.filterOf(records)).toEqual({ senderOds: ['RX1', 'RX2'], audience: ['sender'] });
    await add('RX2', 'digest');
    expect(mail.filterOf(records)).toEqual({
      $or: [
        { senderOds: ['RX1'], audience: ['sender'] },
        { senderOds: ['RX2'], audience: ['sender', 'digest'] },
      ],
    });
    await run(`sender address remove RX1 ${records}`);
    await run(`sender address remove RX2 ${records}`, { ...ann, for: 'digest' });
    expect(mail.filterOf(records)).toEqual({ senderOds: ['RX2'], audience: ['sender'] });
    await run(`sender address remove RX2 ${records}`);
    expect(mail.filterOf(records)).toBeUndefined();
  });

  it('get what each names them for also where two organisations are changed at once', async () => {
    await add('RX1', 'notices');
    mail.confirmAll();
    const { setFilter } = mail.port;
    let meanwhile: Promise<unknown> | undefined;
    mail.port.setFilter = async (arn, filter) => {
      // Whoever was first has looked who names it, and sets that last.
      meanwhile ??= add('RX2', 'notices');
      if (!('$or' in filter)) await meanwhile;
      await setFilter(arn, filter);
    };
    await add('RX1', 'digest');
    const rules = [
      { senderOds: ['RX1'], audience: ['sender', 'digest'] },
      { senderOds: ['RX2'], audience: ['sender'] },
    ];
    expect(mail.filterOf(records)).toEqual({ $or: rules });
  });

  it('are never that of the operators: what they are told would end with it', async () => {
    const theirs = { audience: ['operators'] };
    await mail.port.subscribe(records, theirs);
    mail.follow(records);
    expect((await add('RX1', 'notices')).lines.join()).toContain('where the operators of this deployment are told');
    expect(mail.filterOf(records)).toEqual(theirs);
    expect((await run(`sender address confirm RX1 ${records} t`)).lines.join()).toContain('name another');
    await run(`sender address remove RX1 ${records}`);
    expect(mail.filterOf(records)).toEqual(theirs);
  });

  it('follow a file that is put, too', async () => {
    await run('sender put f', ann, sender('RX1', { addresses: { notices: [records] } }));
    mail.confirmAll();
    await run('sender put f', ann, sender('RX1', { addresses: { notices: ['new@northfield.example'] } }));
    expect(mail.filterOf(records)).toBeUndefined();
    expect(mail.filterOf('new@northfield.example')).toEqual({ senderOds: ['RX1'], audience: ['sender'] });
  });

  it('are never all taken from an active sender, and everything is recorded with who and why', async () => {
    await add('RX1', 'notices');
    mail.confirmAll();
    await run('sender activate RX1');
    const refused = await run(`sender address remove RX1 ${records}`);
    expect(refused.ok).toBe(false);
    expect(refused.lines.join()).toContain('nobody would be told');
    expect((await readSender(table, 'RX1'))?.setting.addresses.notices).toEqual([records]);
    expect(await readSender(table, 'RX1')).toMatchObject({ version: 2, changedBy: 'Ann Bell', why: 'a change' });
  });

  it('say plainly what cannot be done', async () => {
    expect((await run('sender address add RX9 a@b.example')).lines.join()).toContain('no sender RX9');
    expect((await run('sender address add RX1 nobody')).lines.join()).toContain('must be an e-mail address');
    expect(await run('sender address add RX1 a@b.example', { ...ann, for: 'everything' })).toMatchObject({
      misused: true,
    });
    expect(await run('sender address add RX1 a@b.example', {})).toMatchObject({ misused: true });
    expect((await run('sender address remove RX1 a@b.example')).lines.join()).toContain('in no list of RX1');
    expect((await run('sender address confirm RX1 a@b.example t')).lines.join()).toContain('in no list of RX1');
    known = false;
    expect((await run('sender address list RX1', {})).lines.join()).toContain('not known yet');
    expect((await add('RX1', 'notices')).lines.join()).toContain('Nothing was changed');
    expect(
      (await run('sender put f', ann, sender('RX1', { addresses: { notices: [records] } }))).lines.join(),
    ).toContain('not asked to confirm yet');
    expect((await run('sender activate RX1')).lines.join()).toContain('Who is told is not known yet');
  });
});
