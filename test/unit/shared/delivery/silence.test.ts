import { describe, expect, it } from 'vitest';
import { attentionOf } from '../../../../shared/delivery/attention.ts';
import { nextCheckAt } from '../../../../shared/delivery/due.ts';
import { defaultDueTimes } from '../../../../shared/delivery/due-times.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { figuresOf } from '../../../../shared/delivery/measures.ts';
import { currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { stateOf } from '../../../../shared/delivery/state-of.ts';
import { warningsOf } from '../../../../shared/delivery/warnings.ts';
import { afterWorkingDays } from '../../../../shared/delivery/working-days.ts';
import { days, hours, minutes } from '../../../../shared/platform/clock.ts';
import { dueTimesFor, senderFile } from '../../../../shared/senders/sender.ts';
import { composed, dropped, headerOf, mailbox, meshId, onceAlso } from '../../../support/records.ts';

const settings = { doubtWait: minutes(15), giveUpAfter: hours(4) };
/** A Monday. */
const start = Date.parse('2026-11-23T10:00:00Z');
const next = (record: DocumentRecord | undefined, event: DeliveryEvent, at: number): DocumentRecord => ({
  ...onceAlso(record, event, at),
  work: {},
});
const due = (inboxReadAt?: number): DeliveryEvent => ({
  kind: 'due',
  settings,
  ...(inboxReadAt === undefined ? {} : { inboxReadAt }),
});
const drop = (more: Partial<Extract<DeliveryEvent, { kind: 'dropped' }>> = {}): DeliveryEvent =>
  ({ ...dropped(), ...more }) as DeliveryEvent;
const answer = (code: string, at: number): DeliveryEvent => ({
  kind: 'acknowledged',
  messageHeaderId: headerOf(),
  level: code.startsWith('3') ? 'business' : 'infrastructure',
  acknowledgement: { at, code, polarity: 'positive', inboundMessageId: meshId(code), mailboxId: mailbox },
});
const sentAt = (more: Partial<Extract<DeliveryEvent, { kind: 'dropped' }>> = {}): DocumentRecord => {
  const owner = 'one';
  let record = next(undefined, drop(more), start);
  record = next(record, composed(), start);
  record = next(record, { kind: 'attempt-begun', composition: 1, attempt: 1, owner, deadline: start + 1000 }, start);
  const outcome = { kind: 'sent', at: start, meshMessageId: meshId(1) } as const;
  return next(record, { kind: 'attempt-ended', composition: 1, attempt: 1, owner, outcome }, start);
};
const codes = (record: DocumentRecord) => attentionOf(record).map(({ code }) => code);

describe('an infrastructure acknowledgement that does not come (GPCM-SD-095)', () => {
  it('is told half a day before MESH hands it back also where nobody knows whether an answer lies unread', () => {
    const unread = due(start + hours(1));
    const record = sentAt();
    expect(reduce(record, unread, start + days(4.4)).kind).toBe('no-op');
    const near = next(record, unread, start + days(4.5));
    expect(codes(near)).toEqual(['MESH_RETURN_NEAR']);
    expect(attentionOf(near)[0]?.what).toContain('Nothing has been heard of it');
    // Whoever set it later than that is told then.
    const late = sentAt({ dueTimes: { ...defaultDueTimes, returnNear: hours(118) } });
    expect(reduce(late, unread, start + hours(117)).kind).toBe('no-op');
    expect(codes(next(late, unread, start + hours(118)))).toEqual(['MESH_RETURN_NEAR']);
  });

  it('is told after 24 hours, and more urgently after four days, since MESH hands it back at five', () => {
    const record = sentAt();
    expect(nextCheckAt(record, start + 1, settings)).toBe(start + hours(24));
    expect(reduce(record, due(), start + hours(24) - 1).kind).toBe('no-op');
    const overdue = next(record, due(), start + hours(24));
    expect(attentionOf(overdue)).toMatchObject([
      { code: 'INFRASTRUCTURE_OVERDUE', since: start + hours(24), whoseMove: 'the sender' },
    ]);
    expect(nextCheckAt(overdue, start + hours(25), settings)).toBe(afterWorkingDays(start + hours(24), 1));
    const again = next(overdue, due(), start + days(3.9));
    expect(again.told).toMatchObject([{ code: 'INFRASTRUCTURE_OVERDUE', escalatedAt: start + days(3.9) }]);
    expect(nextCheckAt(again, start + days(3.9), settings)).toBe(start + days(4));
    const near = next(overdue, due(), start + days(4));
    expect(attentionOf(near)).toMatchObject([{ code: 'MESH_RETURN_NEAR', since: start + days(4) }]);
    expect(attentionOf(near)[0]?.todo).toContain('Telephone the practice now: MESH hands back');
    expect(reduce(near, due(), start + days(4) + 1).kind).toBe('no-op');
  });

  it('is dealt with whole, though only its more urgent half was shown: nobody is told that it is still open', () => {
    const overdue = next(sentAt(), due(), start + hours(24));
    const near = next(overdue, due(), start + days(4));
    const done = onceAlso(near, { kind: 'resolved', by: 'Ann', route: 'telephoned' }, start + days(4) + 1);
    expect([attentionOf(done), done.told]).toEqual([[], undefined]);
    const cleared = (done.work.notify ?? []).filter(({ kind }) => kind === 'clear').map(({ code }) => code);
    expect(cleared.sort()).toEqual(['INFRASTRUCTURE_OVERDUE', 'MESH_RETURN_NEAR']);
    expect(reduce({ ...done, work: {} }, due(), start + days(4.9)).kind).toBe('no-op');
  });

  it('both are told at once when nobody looked in between', () => {
    const record = next(sentAt(), due(), start + days(4.5));
    expect([record.overdueSince, record.returnNearSince]).toEqual([start + hours(24), start + days(4)]);
  });

  it('of one that is ACCEPTED keeps its due time, and is the operators’ matter', () => {
    const record = next(sentAt(), answer('30001', start + hours(1)), start + hours(1));
    expect(nextCheckAt(record, start + hours(2), settings)).toBe(start + hours(24));
    const overdue = next(record, due(), start + hours(24));
    expect(stateOf(overdue)).toBe('ACCEPTED');
    expect(attentionOf(overdue)).toMatchObject([{ code: 'INFRASTRUCTURE_OVERDUE', whoseMove: 'the operators' }]);
    expect(nextCheckAt(overdue, start + hours(25), settings)).toBe(afterWorkingDays(start + hours(24), 1));
    const again = next(overdue, due(), start + days(6));
    expect(nextCheckAt(again, start + days(6), settings)).toBeUndefined();
    expect(codes(next(overdue, answer('20013', start + days(2)), start + days(2)))).toEqual([]);
  });

  it('that comes late is applied, and begins the next silence', () => {
    const overdue = next(sentAt(), due(), start + hours(25));
    const late = next(overdue, answer('20013', start + hours(30)), start + hours(30));
    expect([late.overdueSince, codes(late)]).toEqual([undefined, []]);
    // Tuesday afternoon and two working days.
    expect(nextCheckAt(late, start + hours(77), settings)).toBe(start + hours(30) + days(2));
  });
});

describe('a business acknowledgement that does not come (GPCM-SD-095)', () => {
  it('is told two working days after the infrastructure one: not over a weekend, not over Christmas', () => {
    for (const [acknowledged, told] of [
      ['2026-11-26T15:00:00Z', '2026-11-30T15:00:00Z'],
      ['2026-12-24T15:00:00Z', '2026-12-30T15:00:00Z'],
    ] as const) {
      const record = next(sentAt(), answer('20013', Date.parse(acknowledged)), Date.parse(acknowledged));
      expect(reduce(record, due(), Date.parse(told) - 1).kind).toBe('no-op');
      const overdue = next(record, due(), Date.parse(told));
      expect(attentionOf(overdue)).toMatchObject([{ code: 'BUSINESS_OVERDUE', since: Date.parse(told) }]);
    }
  });

  it('goes by the deployment’s list of exceptions', () => {
    const at = Date.parse('2026-11-24T15:00:00Z');
    const bankHolidays = { added: ['2026-11-25'], removed: [] };
    const record = next(sentAt(), answer('20013', at), at);
    expect(nextCheckAt(record, at + days(2.5), { ...settings, bankHolidays })).toBe(at + days(3));
  });
});

describe('after an outage', () => {
  it('a silence counts only once a poll that began after its due time has emptied the inbox', () => {
    const record = sentAt();
    const dueAt = start + hours(24);
    for (const readAt of [0, start, dueAt - 1]) {
      expect(reduce(record, due(readAt), start + days(3))).toEqual({ kind: 'no-op', why: 'not-due' });
    }
    expect(nextCheckAt(record, start + days(3), settings)).toBe(start + days(3) + minutes(5));
    expect(next(record, due(dueAt), start + days(3)).overdueSince).toBe(dueAt);
  });
});

describe('a document that waits to be sent (GPCM-SD-096)', () => {
  it('needs the operators after 30 minutes, whatever state it waits in, until it has gone', () => {
    const received = next(undefined, drop(), start);
    expect(codes(next(received, due(), start + minutes(30)))).toEqual(['NOT_SENT_IN_TIME']);
    const record = next(received, composed(), start);
    const late = next(record, due(), start + minutes(30));
    expect(attentionOf(late)).toMatchObject([
      { code: 'NOT_SENT_IN_TIME', since: start + minutes(30), whoseMove: 'the operators' },
    ]);
    const owner = 'one';
    const at = start + minutes(40);
    const begun: DeliveryEvent = { kind: 'attempt-begun', composition: 1, attempt: 1, owner, deadline: at + 1000 };
    const outcome = { kind: 'sent', at, meshMessageId: meshId(1) } as const;
    const ended: DeliveryEvent = { kind: 'attempt-ended', composition: 1, attempt: 1, owner, outcome };
    expect(codes(next(next(late, begun, at), ended, at))).toEqual([]);
  });

  it('is not said to wait while an attempt is in doubt: the practice may have a copy, and is telephoned first', () => {
    const record = next(next(undefined, drop(), start), composed(), start);
    const [owner, at] = ['one', start + minutes(20)];
    const begun: DeliveryEvent = { kind: 'attempt-begun', composition: 1, attempt: 1, owner, deadline: at + 1000 };
    const outcome = { kind: 'unknown', at, reason: 'No answer from MESH.' } as const;
    const ended: DeliveryEvent = { kind: 'attempt-ended', composition: 1, attempt: 1, owner, outcome };
    const late = next(next(next(record, begun, at), ended, at), due(), start + minutes(30));
    expect(attentionOf(late)).toMatchObject([
      {
        code: 'NOT_SENT_IN_TIME',
        what: expect.stringContaining('whether MESH took it'),
        todo: expect.stringContaining('telephone it first'),
      },
    ]);
  });

  it('is told of and queued again by the same look', () => {
    const record = next(next(undefined, drop(), start), composed(), start);
    const reduction = reduce(record, due(), start + minutes(31));
    expect(reduction).toMatchObject({ kind: 'changed', what: 'queued again', record: { work: { enqueue: 1 } } });
    expect(reduction.kind === 'changed' && reduction.record.unsentOverdueSince).toBe(start + minutes(30));
  });

  it('that was handed over later than three hours after saving is counted for its sender, and warned of', () => {
    const late = next(undefined, drop({ savedAt: start - hours(3) - minutes(2) }), start);
    expect(currentComposition(late).lateHandover).toEqual({ minutes: 182 });
    expect(figuresOf(undefined, late)).toContainEqual({ kind: 'of-sender', metric: 'LateHandovers', senderOds: 'RX1' });
    expect(warningsOf(late)).toMatchObject([{ code: 'LATE_HANDOVER', whoseMove: 'the sender' }]);
    const inTime = next(undefined, drop({ savedAt: start - hours(3) }), start);
    expect([currentComposition(inTime).lateHandover, warningsOf(inTime)]).toEqual([undefined, []]);
    expect(figuresOf(undefined, inTime).map(({ metric }) => metric)).not.toContain('LateHandovers');
  });
});

describe('due times', () => {
  const file = { odsCode: 'RX1', name: 'N', phone: '01632 960100', mailboxId: 'RX1OT001' };

  it('are a sender’s, with the defaults where it sets none or was put before there were any', () => {
    expect(dueTimesFor(senderFile.parse(file))).toEqual(defaultDueTimes);
    expect(dueTimesFor({})).toEqual(defaultDueTimes);
    const set = senderFile.parse({ ...file, dueTimes: { infrastructureHours: 12, businessWorkingDays: 3 } });
    expect(dueTimesFor(set)).toEqual({ ...defaultDueTimes, infrastructure: hours(12), businessWorkingDays: 3 });
  });

  it.each([
    [{ infrastructureHours: 0 }],
    [{ infrastructureHours: 96, returnNearHours: 96 }],
    [{ returnNearHours: 120 }],
    [{ businessWorkingDays: 1.5 }],
    [{ handoverMinutes: 181 }],
    [{ infrastructureDays: 1 }],
  ])('that make no sense are refused: %j', (dueTimes) => {
    expect(senderFile.safeParse({ ...file, dueTimes }).success).toBe(false);
  });

  it('of a document are those of the moment at which it came', () => {
    const dueTimes = { ...defaultDueTimes, infrastructure: hours(2) };
    const record = sentAt({ dueTimes });
    expect(nextCheckAt(record, start + 1, settings)).toBe(start + hours(2));
    expect(next(record, due(), start + hours(2)).overdueSince).toBe(start + hours(2));
  });
});

describe('a document whose composing came to nothing', () => {
  it('is told to be late and is composed again at the same look', () => {
    const record = next(undefined, drop(), start);
    const told = reduce(record, due(), start + minutes(30));
    expect(told).toMatchObject({
      kind: 'changed',
      what: 'not sent in time',
      record: { unsentOverdueSince: start + minutes(30), work: { composeAgain: 1 } },
    });
  });
});
