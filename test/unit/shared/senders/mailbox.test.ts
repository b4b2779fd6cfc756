import { describe, expect, it } from 'vitest';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import { unversioned } from '../../../../shared/registry/versioned.ts';
import {
  afterPoll,
  closeCircuit,
  intervalsSincePoll,
  isSilent,
  type Mailbox,
  mailboxFile,
} from '../../../../shared/senders/mailbox.ts';
import { listMailboxes, putMailbox } from '../../../../shared/senders/registry.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const setting = mailboxFile.parse({ mailboxId: 'RX1OT001', odsCode: 'RX1', environment: 'integration' });
const mailbox = (course: Partial<Mailbox['course']>, over: Partial<Mailbox['setting']> = {}): Mailbox => ({
  ...unversioned({ ...setting, ...over }),
  course: { nextPollAt: 0, registeredAt: 0, ...course },
});
const late = minutes(15) + 1;

describe('a mailbox is silent', () => {
  it('when nothing was heard from MESH for three intervals, a new one from when it was put', () => {
    expect(isSilent(mailbox({}), minutes(15))).toBe(false);
    expect(isSilent(mailbox({}), late)).toBe(true);
    expect(isSilent(mailbox({ lastGoodPollAt: minutes(1) }), late)).toBe(false);
    expect(isSilent(mailbox({}, { pollEverySeconds: 600 }), minutes(30))).toBe(false);
    expect(isSilent(mailbox({}, { pollEverySeconds: 600 }), minutes(30) + 1)).toBe(true);
  });

  it('not before a quarter of an hour, however often it is polled', () => {
    expect(isSilent(mailbox({}, { pollEverySeconds: 5 }), minutes(15))).toBe(false);
  });

  it('though polls that fail go on', () => {
    const polled = { ...mailbox({}), course: afterPoll(mailbox({}), 'transient', minutes(15)) };
    expect(isSilent(polled, late)).toBe(true);
    expect(isSilent({ ...polled, course: afterPoll(polled, 'ok', late) }, late)).toBe(false);
  });

  it('counted in its own intervals, whatever the reason: an open circuit too', () => {
    const circuit = { openedAt: 0, reason: 'r', advice: 'a', nextTryAt: 0 };
    expect(intervalsSincePoll(mailbox({}), minutes(15))).toBe(3);
    expect(intervalsSincePoll(mailbox({ circuit }), minutes(15))).toBe(3);
    expect(intervalsSincePoll(mailbox({ lastGoodPollAt: minutes(15) }), minutes(15))).toBe(0);
    expect(intervalsSincePoll(mailbox({}, { pollEverySeconds: 900 }), minutes(15))).toBe(1);
    expect(intervalsSincePoll(mailbox({}, { pollEverySeconds: 5 }), minutes(15))).toBe(3);
  });

  it('not while its circuit is open, nor just after it closed', () => {
    const circuit = { openedAt: 0, reason: 'r', advice: 'a', nextTryAt: 0 };
    const open = mailbox({ circuit });
    expect(isSilent(open, hours(5))).toBe(false);
    expect(isSilent({ ...open, course: closeCircuit(open.course, hours(5)) }, hours(5) + minutes(1))).toBe(false);
  });
});

describe('the list of mailboxes', () => {
  it('has each that was put, once, and keeps when it first was', async () => {
    const table = memoryTable();
    const put = (one: typeof setting, at: number) => putMailbox(table, one, { at, by: 'Ann' });
    expect(await listMailboxes(table)).toEqual([]);
    expect(await put(setting, 1)).toMatchObject({ kind: 'created' });
    expect(await put(mailboxFile.parse({ ...setting, mailboxId: 'RX2OT001' }), 2)).toMatchObject({ kind: 'created' });
    expect(await put(setting, 3)).toMatchObject({ kind: 'same' });
    const listed = await listMailboxes(table);
    expect(listed.map((one) => [one.setting.mailboxId, one.course.registeredAt])).toEqual([
      ['RX1OT001', 1],
      ['RX2OT001', 2],
    ]);
  });
});
