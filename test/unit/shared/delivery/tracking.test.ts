import { describe, expect, it } from 'vitest';
import { documentAnswer } from '../../../../shared/api/schemas.ts';
import { attentionOf } from '../../../../shared/delivery/attention.ts';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { figuresOf } from '../../../../shared/delivery/measures.ts';
import { receiptOf } from '../../../../shared/delivery/receipt.ts';
import { currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { stateOf } from '../../../../shared/delivery/state-of.ts';
import {
  type TrackingFinding,
  trackingAsks,
  trackingDelay,
  trackingDue,
  trackingInterval,
} from '../../../../shared/delivery/tracking.ts';
import { days, hours, minutes } from '../../../../shared/platform/clock.ts';
import type { MailboxId, OdsCode } from '../../../../shared/platform/ids.ts';
import {
  dropped,
  meshId,
  negative,
  positive,
  recordAfter,
  reported,
  sending,
  sent,
  wasSent,
} from '../../../support/records.ts';

const settings = { doubtWait: minutes(15), giveUpAfter: hours(4) };
/** When the fixture's attempt was sent. */
const sentAt = 500;
const willow = {
  mailboxId: 'Y12345OT001' as MailboxId,
  odsCode: 'Y12345' as OdsCode,
  organisation: 'Willow Lane Surgery',
};
const found = (more: Partial<Extract<TrackingFinding, { kind: 'found' }>> = {}): TrackingFinding => ({
  kind: 'found',
  status: 'accepted',
  routed: willow,
  ...more,
});
const asked: DeliveryEvent = { kind: 'tracking-begun', meshMessageId: meshId(1) };
const told = (finding: TrackingFinding): DeliveryEvent => ({ kind: 'tracked', meshMessageId: meshId(1), finding });

const happens = (record: DocumentRecord, event: DeliveryEvent, at: number): DocumentRecord => {
  const reduction = reduce(record, event, at);
  return reduction.kind === 'changed' ? reduction.record : record;
};
const sentRecord = () => recordAfter(...wasSent);
/** Sent for the practice Y12345, as the manifest names it. */
const sentTo = (practice: string): DocumentRecord =>
  recordAfter({ ...dropped(), practice } as DeliveryEvent, ...sending.slice(1), sent());
const routed = (record: DocumentRecord, finding = found(), at = sentAt + trackingDelay) =>
  happens(happens(record, asked, at), told(finding), at + 1);
/** What is open about where it went and whence it was answered. */
const openAbout = (record: DocumentRecord) => attentionOf(record).filter(({ code }) => /ANOTHER/.test(code));
const receipt = (record: DocumentRecord) => receiptOf({ ...record, revision: 1 }, { name: 'report-1', at: 0 }, 1);

describe('tracking a document', () => {
  it('begins once it is sent, and is on the list of the mailbox that sent it', () => {
    expect(trackingDue(recordAfter(...sending))).toBeUndefined();
    const record = sentRecord();
    expect(trackingDue(record)).toEqual({
      composition: 1,
      meshMessageId: meshId(1),
      mailboxId: 'RX1OT001',
      at: sentAt + trackingDelay,
    });
    expect(indexedRecord(record, 1000, settings)).toMatchObject({
      mailboxList: 'tracking#RX1OT001',
      listedAt: sentAt + trackingDelay,
    });
  });

  it('is over once MESH has named the practice, which the receipt and the API then name', () => {
    const record = routed(sentRecord());
    expect(trackingDue(record)).toBeUndefined();
    expect(indexedRecord(record, 1000, settings)).not.toHaveProperty('mailboxList');
    expect(stateOf(record)).toBe('SENT');
    const { routedTo } = receipt(record);
    expect(routedTo).toEqual({ ...willow, at: '1970-01-01T00:02:00.501Z' });
    expect(documentAnswer.shape.routedTo.safeParse(routedTo).success).toBe(true);
    expect(record.history.at(-1)).toMatchObject({ what: 'routed by MESH', detail: 'Y12345' });
    expect(record.work.receipt).toBe(true);
  });

  it('asks again at most hourly, and four times', () => {
    let record = sentRecord();
    let at = sentAt + trackingDelay;
    for (let n = 1; n <= trackingAsks; n++) {
      expect(reduce(record, asked, at - 1), `ask ${n}`).toEqual({ kind: 'no-op', why: 'not-due' });
      record = happens(record, asked, at);
      expect(reduce(record, asked, at + 1)).toEqual({ kind: 'no-op', why: 'not-due' });
      record = happens(record, told({ kind: 'unknown' }), at + 1);
      at += trackingInterval;
    }
    expect(currentComposition(record).tracking).toEqual({ asked: 5 });
    expect(trackingDue(record)).toBeUndefined();
    expect(reduce(record, asked, at + days(1))).toEqual({ kind: 'no-op', why: 'not-due' });
  });

  it('does not count what MESH could not be asked, and gives up with the message itself', () => {
    let record = sentRecord();
    let at = sentAt + trackingDelay;
    while (trackingDue(record)) {
      record = happens(happens(record, asked, at), told({ kind: 'unavailable' }), at + 1);
      at += trackingInterval + 1;
    }
    expect(at).toBeGreaterThan(days(5));
    expect(currentComposition(record).tracking?.asked).toBe(0);
  });

  it('leaves no trace in the history and writes no receipt where there is no news', () => {
    const record = recordAfter(...wasSent);
    const clean = { ...record, work: {} };
    const again = happens(happens(clean, asked, sentAt + trackingDelay), told({ kind: 'unknown' }), hours(1));
    expect(again.history).toEqual(record.history);
    expect(again.work).toEqual({});
  });

  it('of a document that has ended still tells where it went, but not of one that came back', () => {
    expect(trackingDue(recordAfter(...wasSent, positive('20013'), positive('30001')))).toBeDefined();
    expect(trackingDue(recordAfter(...wasSent, reported()))).toBeUndefined();
  });

  it.each<[string, TrackingFinding]>([
    ['accepted', found({ status: 'accepted' })],
    ['acknowledged by the recipient’s system', found({ status: 'acknowledged' })],
    ['not yet routed', { kind: 'found', status: 'accepted' }],
    ['without a status', { kind: 'found', routed: willow }],
    ['unknown', { kind: 'unknown' }],
  ])('never changes a state: %s', (_, finding) => {
    for (const events of [wasSent, [...wasSent, positive('20013')], [...wasSent, negative('30002')]]) {
      const record = recordAfter(...events);
      const next = routed(record, finding);
      expect(stateOf(next)).toBe(stateOf(record));
      expect(next.overdueSince).toBe(record.overdueSince);
    }
  });

  it('keeps that the practice’s system has collected it, which is no acknowledgement', () => {
    const record = routed(sentRecord(), found({ status: 'acknowledged' }));
    expect(currentComposition(record).tracking).toEqual({ asked: 1, status: 'acknowledged' });
    expect(currentComposition(record).infrastructure).toBeUndefined();
  });
});

describe('a message that tracking calls undeliverable', () => {
  const failure = { code: '14', advice: 'Nobody has collected it. Send it another way.' };
  const undeliverable: TrackingFinding = { kind: 'found', status: 'undeliverable', failure };

  it('is UNDELIVERED as by a report, and the report that follows changes nothing', () => {
    const record = routed(sentRecord(), undeliverable);
    expect(stateOf(record)).toBe('UNDELIVERED');
    expect(receipt(record).advice).toBe(failure.advice);
    const next = happens(record, reported('14'), hours(2));
    expect(stateOf(next)).toBe('UNDELIVERED');
    expect(currentComposition(next).report?.source).toBe('tracking');
    expect(next.history.at(-1)?.what).toBe('MESH report recorded');
  });

  it('but was answered stays what the answer says', () => {
    const record = routed(recordAfter(...wasSent, positive('20013'), positive('30001')), undeliverable);
    expect(stateOf(record)).toBe('ACCEPTED');
  });

  it('but was answered says so once, however often MESH is asked, and then where it went', () => {
    const finding = found({ status: 'undeliverable', failure: { code: '14', advice: 'A' } });
    const once = routed(happens(sentRecord(), positive('20013'), 900), finding, sentAt + trackingDelay);
    const twice = routed(once, finding, sentAt + trackingDelay + trackingInterval);
    expect(currentComposition(twice).alsoReported).toHaveLength(1);
    expect(twice.history.filter(({ what }) => what === 'MESH report recorded')).toEqual([
      expect.not.objectContaining({ times: expect.anything() }),
    ]);
    expect(currentComposition(twice).routed?.odsCode).toBe('Y12345');
    expect(trackingDue(twice)).toBeUndefined();
  });
  it('and is answered later moves on', () => {
    expect(stateOf(happens(routed(sentRecord(), undeliverable), positive('20013'), hours(9)))).toBe(
      'INFRASTRUCTURE_ACKNOWLEDGED',
    );
  });
});

describe('the practice that MESH chose', () => {
  it('is the one that the manifest names: nothing to say', () => {
    expect(openAbout(routed(sentTo('Y12345')))).toEqual([]);
  });

  it('is another: flagged for a person, whatever else becomes of the document', () => {
    const before = sentTo('A20047');
    const record = routed(before);
    expect(openAbout(record)).toMatchObject([{ code: 'WENT_TO_ANOTHER_PRACTICE', whoseMove: 'the sender' }]);
    expect(openAbout(record)[0]).toMatchObject({
      what: expect.stringMatching(/Y12345.*A20047/),
      practice: { odsCode: 'Y12345', name: 'Willow Lane Surgery' },
    });
    expect(figuresOf(before, record)).toContainEqual({
      kind: 'counted',
      metric: 'DocumentsNeedingAttention',
      value: 1,
    });
    expect(openAbout(happens(record, positive('30001'), hours(1)))).toHaveLength(1);
  });

  it('is not judged where MESH names no ODS code, or the manifest no practice', () => {
    expect(openAbout(routed(sentTo('A20047'), found({ routed: { mailboxId: willow.mailboxId } })))).toEqual([]);
    expect(openAbout(routed(sentRecord()))).toEqual([]);
  });
});

describe('an acknowledgement', () => {
  const from = (mailboxId: string, code = '30001'): DeliveryEvent => {
    const event = positive(code);
    if (event.kind !== 'acknowledged') throw new Error(event.kind);
    return { ...event, acknowledgement: { ...event.acknowledgement, fromMailboxId: mailboxId as MailboxId } };
  };

  it('from the mailbox to which MESH took the document is not worth a word', () => {
    expect(openAbout(happens(routed(sentTo('Y12345')), from('Y12345OT001'), hours(1)))).toEqual([]);
  });

  it.each([
    [
      'after MESH named the practice',
      (record: DocumentRecord) => happens(routed(record), from('A20047OT001'), hours(1)),
    ],
    ['before', (record: DocumentRecord) => routed(happens(record, from('A20047OT001'), 1000))],
  ])('from another counts and is flagged: %s', (_, happen) => {
    const record = happen(sentTo('Y12345'));
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(openAbout(record)).toMatchObject([{ code: 'ANSWERED_BY_ANOTHER_MAILBOX' }]);
  });
});

describe('a report of good news', () => {
  it('is kept and changes nothing', () => {
    const event = reported('00');
    if (event.kind !== 'reported') throw new Error(event.kind);
    const record = happens(sentRecord(), { ...event, report: { ...event.report, delivered: true } }, 900);
    expect(stateOf(record)).toBe('SENT');
    expect(record.history.at(-1)).toMatchObject({ what: 'MESH says that it is delivered', detail: '00' });
    expect(currentComposition(record).report).toBeUndefined();
  });
});
