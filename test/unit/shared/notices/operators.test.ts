import { describe, expect, it } from 'vitest';
import { leaveStanding, operatorsMessage, type Standing, standingOf } from '../../../../shared/notices/operators.ts';
import { type Notice, operators, readWaiting, takeGiven } from '../../../../shared/notices/pending.ts';
import { days } from '../../../../shared/platform/clock.ts';
import type { Mailbox } from '../../../../shared/senders/mailbox.ts';
import type { SenderItem } from '../../../../shared/senders/sender.ts';
import { memoryTable } from '../../../support/memory-table.ts';

/** What operators are told by e-mail beside what alarms tell them: once when it begins, once when it is over. */

const now = Date.parse('2026-11-30T02:00:00Z');
const sender = (odsCode: string, notices: readonly string[], active = true) =>
  ({
    setting: { odsCode, addresses: { notices, escalation: [], digest: [] } },
    ...(active ? { active: { at: 1, by: 'Ann' } } : {}),
  }) as unknown as SenderItem;
const mailbox = (mailboxId: string, course: object) => ({ setting: { mailboxId }, course }) as unknown as Mailbox;

describe('what operators must know', () => {
  it.each<[string, readonly SenderItem[], readonly Mailbox[], readonly Standing[]]>([
    [
      'of an active organisation nobody is confirmed',
      [sender('RX1', ['a@b.example'])],
      [],
      [{ code: 'NO_CONFIRMED_ADDRESS', about: 'RX1' }],
    ],
    ['one that is not active tells nobody anything', [sender('RX1', [], false)], [], []],
    ['somebody is confirmed', [sender('RX1', ['a@b.example', 'there@b.example'])], [], []],
    [
      'a mailbox is not taken',
      [],
      [mailbox('M1', { circuit: { why: 'x' } })],
      [{ code: 'MAILBOX_CIRCUIT_OPEN', about: 'M1' }],
    ],
    [
      'a certificate ends in thirty days',
      [],
      [mailbox('M1', { certificateExpiresAt: now + days(30) })],
      [{ code: 'CERTIFICATE_NEAR_ITS_END', about: 'M1' }],
    ],
    ['a certificate lasts longer', [], [mailbox('M1', { certificateExpiresAt: now + days(31) })], []],
  ])('%s', (_, senders, mailboxes, expected) => {
    const addresses = { checkedAt: now, confirmed: ['there@b.example'] };
    expect(standingOf(senders, mailboxes, addresses, now)).toEqual(expected);
  });

  it('before anybody has looked who is confirmed, nothing is said of it', () => {
    expect(standingOf([sender('RX1', [])], [], undefined, now)).toEqual([]);
  });
});

describe('a notice to operators', () => {
  const standing: Standing = { code: 'MAILBOX_CIRCUIT_OPEN', about: 'M1' };
  const waitingIn = async (table: ReturnType<typeof memoryTable>) =>
    (await readWaiting(table, operators))?.waiting ?? [];

  it('is left once when it begins and once when it is over, and anew when it comes again', async () => {
    const table = memoryTable();
    for (const minute of [0, 1, 2]) await leaveStanding(table, [standing], now + minute);
    const [begun, ...more] = await waitingIn(table);
    expect([begun?.kind, more]).toEqual(['start', []]);
    await takeGiven(table, operators, begun ? [begun] : [], now + 3);
    for (const minute of [4, 5]) await leaveStanding(table, [], now + minute);
    expect((await waitingIn(table)).map(({ kind, since }) => [kind, since])).toEqual([['clear', now]]);
    await leaveStanding(table, [standing], now + 6);
    expect((await waitingIn(table)).map(({ kind, since }) => [kind, since])).toEqual([
      ['clear', now],
      ['start', now + 6],
    ]);
  });

  it('of more than there is room for is left bit by bit, none forgotten', async () => {
    const table = memoryTable();
    const many = Array.from({ length: 1200 }, (_, n): Standing => ({ code: 'NO_CONFIRMED_ADDRESS', about: `R${n}` }));
    const told = new Set<string>();
    for (const found of [many, many, [], []]) {
      await leaveStanding(table, found, now);
      const waiting = await waitingIn(table);
      for (const { kind, about } of waiting) told.add(`${kind} ${about}`);
      await takeGiven(table, operators, waiting, now);
    }
    expect(told.size).toBe(2400);
    expect(await waitingIn(table)).toEqual([]);
  });

  it('left by two at once is one', async () => {
    const table = memoryTable();
    await Promise.all([leaveStanding(table, [standing], now), leaveStanding(table, [standing], now + 1)]);
    expect(await waitingIn(table)).toHaveLength(1);
  });

  const notice = (n: number, over: Partial<Notice> = {}): Notice => ({
    id: `id-${n}`,
    kind: 'start',
    about: `RX${n}`,
    code: 'NO_CONFIRMED_ADDRESS',
    since: now,
    at: now,
    ...over,
  });

  it('says of each matter once what it is, whose move, what to do, and then whom it concerns', () => {
    const { subject, body } = operatorsMessage('test', [
      notice(1),
      notice(2),
      notice(3, { code: 'MAILBOX_CIRCUIT_OPEN', about: 'M1', kind: 'clear' }),
    ]);
    expect(subject).toBe('Send Document (test): 2 matters need you; 1 is over');
    expect(body.match(/What happened:/g)).toHaveLength(1);
    expect(body).toContain('Whose move: the operators');
    expect(body).toContain('   RX2, since 2026-11-30 02:00 GMT. Notice id-2');
    expect(body).toContain('MAILBOX_CIRCUIT_OPEN, over');
  });

  it('that is over says no more than is so: an organisation may have been deactivated meanwhile', () => {
    const { body } = operatorsMessage('test', [notice(1, { kind: 'clear' })]);
    expect(body).toContain('An address is confirmed again, or the organisation is not active any more.');
  });

  it('of a thousand organisations is one that a topic takes', () => {
    const { body } = operatorsMessage(
      'test',
      Array.from({ length: 1000 }, (_, n) => notice(n)),
    );
    expect(Buffer.byteLength(body)).toBeLessThan(256 * 1024);
    expect(body).toContain('RX999');
  });
});
