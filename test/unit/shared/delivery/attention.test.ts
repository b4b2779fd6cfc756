import { describe, expect, it } from 'vitest';
import { type Attention, attentionOf, attentionSince } from '../../../../shared/delivery/attention.ts';
import { attentionCodes } from '../../../../shared/delivery/attention-codes.ts';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { documentReceipt } from '../../../../shared/delivery/receipt.ts';
import { type Composition, currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { whoseMove } from '../../../../shared/delivery/whose-move.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import { isoTime } from '../../../../shared/platform/clock.ts';
import type { OdsCode } from '../../../../shared/platform/ids.ts';
import {
  begun,
  composed,
  dropOf,
  dropped,
  ended,
  negative,
  onceAlso,
  positive,
  recordAfter,
  reported,
  sending,
  wasSent,
} from '../../../support/records.ts';

const settings = { doubtWait: 0, giveUpAfter: 10 ** 12 };
const said = { by: 'Ann', why: 'told to' };
const codes = (record: DocumentRecord) => attentionOf(record).map(({ code }) => code);
const resolved = (route: 'telephoned' | 'posted' = 'telephoned'): DeliveryEvent => ({
  kind: 'resolved',
  by: 'Ann',
  route,
  note: 'spoke to the duty doctor',
});
const withCurrent = (record: DocumentRecord, facts: Partial<Composition>): DocumentRecord => ({
  ...record,
  compositions: record.compositions.with(-1, { ...currentComposition(record), ...facts }),
});
const routed = { at: 950, mailboxId: 'GP0001OT', odsCode: 'Y99999', organisation: 'Other Surgery' };
const accepted = () => recordAfter(...wasSent, positive('20013'), positive('30001'));
const twiceInDoubt = () =>
  onceAlso(
    onceAlso(
      onceAlso(recordAfter(...sending, ended('unknown')), begun(2, 'owner-2', 5500), 5000),
      ended('unknown', 2),
      5100,
    ),
    { kind: 'due', settings },
    6000,
  );

const cases: readonly [Attention['code'], DocumentRecord, number][] = [
  ['REJECTED', recordAfter(dropped(), { kind: 'rejected', composition: 1, problems: [] }), 1],
  ['SEND_FAILED', recordAfter(...sending, ended('refused')), 3],
  ['UNDELIVERED', recordAfter(...wasSent, reported()), 800],
  ['INFRASTRUCTURE_REJECTED', recordAfter(...wasSent, negative('20009')), 900],
  ['BUSINESS_REJECTED', recordAfter(...wasSent, negative('30002')), 900],
  ['CONTRADICTED', recordAfter(...wasSent, positive('30001'), negative('30002')), 5],
  ['HELD_IN_DOUBT', twiceInDoubt(), 6000],
  [
    'HELD_OTHER_PATIENT',
    recordAfter(dropped(), {
      kind: 'patient-checked',
      composition: 1,
      pdfVersionId: 'p-a',
      finding: { outcome: 'other-patient' },
    }),
    1,
  ],
  ['HELD_BY_OPERATOR', recordAfter(dropped(), { kind: 'held', reason: 'operator', ...said }), 1],
  ['PATIENT_DECEASED', recordAfter(...wasSent, positive('20013'), positive('30004')), 900],
  ['WENT_TO_ANOTHER_PRACTICE', withCurrent(accepted(), { practice: 'Y12345' as OdsCode, routed }), 950],
];

describe('a document that needs a person', () => {
  it.each(cases)('%s: says what is wrong, whose move it is, what to do and since when', (code, record, since) => {
    const [pressing] = attentionOf(record);
    expect(pressing).toMatchObject({ code, since });
    expect(attentionCodes).toContain(code);
    expect(pressing?.what).toMatch(/^[A-Z].*\.$/s);
    // Of SEND_FAILED and UNDELIVERED it is what MESH's answer is known to mean.
    expect(pressing?.todo).toMatch(/^([A-Z].*\.|advice)$/s);
    expect(['the sender', 'the operators']).toContain(pressing?.whoseMove);
  });

  it.each(cases)('%s: receipts and the API say the same, in the same words', (_, record) => {
    const [pressing] = attentionOf(record);
    const receipt = documentReceipt({ ...record, revision: 1 }, { name: 'report-1', at: 0 }, 9000, 'drop');
    expect(receipt.attention?.[0]).toEqual({ ...pressing, since: isoTime(pressing?.since ?? -1) });
    expect([receipt.advice, receipt.whoseMove]).toEqual([pressing?.todo, pressing?.whoseMove]);
    expect(whoseMove(record)).toBe(pressing?.whoseMove);
  });

  it.each(cases)(
    '%s: stands on the index with its age, and leaves it once somebody records what was done',
    (_, record) => {
      expect(indexedRecord(record, 9000, settings).attentionSince).toBe(attentionSince(record));
      const done = onceAlso(record, resolved(), 9000);
      expect([codes(done), indexedRecord(done, 9000, settings).attentionSince]).toEqual([[], undefined]);
      expect(done.resolutions).toEqual([
        { at: 9000, by: 'Ann', route: 'telephoned', note: 'spoke to the duty doctor', of: codes(record) },
      ]);
      expect(reduce(done, resolved(), 9001)).toEqual({ kind: 'no-op', why: 'nothing-open' });
    },
  );

  it('is nobody’s move once it has ended and been dealt with, and the receipt says by whom', () => {
    const done = onceAlso(recordAfter(...wasSent, negative('30002')), resolved('posted'), 9000);
    expect(whoseMove(done)).toBe('nobody');
    const receipt = documentReceipt({ ...done, revision: 1 }, { name: 'report-1', at: 0 }, 9000, 'drop');
    expect(receipt.resolutions).toMatchObject([{ by: 'Ann', route: 'posted', at: isoTime(9000) }]);
    expect(receipt).not.toHaveProperty('attention');
  });

  it('is dealt with though the clock of whoever says so is behind', () => {
    const record = recordAfter(...wasSent, reported());
    expect(attentionOf(record)[0]?.since).toBe(800);
    expect(codes(onceAlso(record, resolved(), 700))).toEqual([]);
  });

  it('leaves it by moving on, too', () => {
    expect(codes(recordAfter(...wasSent, negative('30002'), dropped(1, 'b')))).toEqual([]);
    expect(codes(onceAlso(recordAfter(...wasSent, reported()), positive('30001')))).toEqual([]);
    const held = recordAfter(dropped(), composed(), { kind: 'held', reason: 'operator', ...said });
    expect(codes(onceAlso(held, { kind: 'released', reason: 'operator', ...said }))).toEqual([]);
  });

  it('a resolution covers what was open then, and not what came later', () => {
    const done = onceAlso(recordAfter(...wasSent, reported()), resolved(), 850);
    expect(codes(done)).toEqual([]);
    expect(codes(onceAlso(done, negative('30003'), 9000))).toEqual(['BUSINESS_REJECTED']);
    const overdue = onceAlso(recordAfter(...wasSent), { kind: 'due', settings }, 90_000_000);
    const told = onceAlso(overdue, resolved(), 91_000_000);
    expect(codes(told)).toEqual([]);
    expect(codes(onceAlso(told, { kind: 'due', settings }, 4 * 86_400_000 + 1000))).toEqual(['MESH_RETURN_NEAR']);
  });

  it.each([
    ['on its way', recordAfter(...sending)],
    ['sent', recordAfter(...wasSent)],
    ['accepted', accepted()],
    ['superseded', recordAfter(dropped(), composed(), { kind: 'superseded', composition: 1, byVersion: 2 })],
    ['suppressed', recordAfter(dropped(), { kind: 'suppressed', composition: 1, why: 'confidential' })],
    ['cancelled', recordAfter(dropped(), { kind: 'cancelled', ...said })],
    // One matter for all its documents, and not one for each.
    ['of a paused sender', recordAfter(dropped(), { kind: 'held', reason: 'paused', ...said })],
  ])('is not one that is %s', (_, record) => {
    expect(attentionOf(record)).toEqual([]);
  });
});

describe('what is flagged about an accepted document', () => {
  it('30004: it is ACCEPTED, and the practice has recorded the patient as deceased', () => {
    expect(codes(recordAfter(...wasSent, positive('20013'), positive('30004')))).toEqual(['PATIENT_DECEASED']);
    expect(codes(recordAfter(...wasSent, positive('20013'), positive('30001'), positive('30004')))).toEqual([
      'PATIENT_DECEASED',
    ]);
  });

  it('30002: the practice has received a document about somebody it does not know, an incident to report', () => {
    const [pressing] = attentionOf(recordAfter(...wasSent, negative('30002')));
    expect(pressing?.todo).toMatch(/information governance incident/);
  });

  it('the practice that MESH chose is named, where it is not the one of the manifest', () => {
    const record = withCurrent(accepted(), { practice: 'Y12345' as OdsCode, routed });
    expect(attentionOf(record)).toMatchObject([
      { code: 'WENT_TO_ANOTHER_PRACTICE', practice: { odsCode: 'Y99999', name: 'Other Surgery' } },
    ]);
    expect(codes(withCurrent(accepted(), { practice: 'Y99999' as OdsCode, routed }))).toEqual([]);
  });

  it('an answer from another mailbox than the one that MESH chose', () => {
    const record = accepted();
    const { business } = currentComposition(record);
    const from = (fromMailboxId: string) =>
      withCurrent(record, { routed, ...(business ? { business: { ...business, fromMailboxId } } : {}) });
    expect(codes(from('STRANGER'))).toEqual(['ANSWERED_BY_ANOTHER_MAILBOX']);
    expect(codes(from(' gp0001ot'))).toEqual([]);
  });

  it('an earlier composition that was accepted after all', () => {
    const record = recordAfter(...wasSent, reported(), dropped(1, 'b'), positive('30001'));
    expect(codes(record)).toEqual(['EARLIER_COMPOSITION_ACCEPTED']);
  });

  it('a version before it that another practice holds, once it has gone', () => {
    const olderVersionAt = { version: 1, odsCode: 'Y00001' as OdsCode };
    expect(attentionOf(withCurrent(accepted(), { olderVersionAt }))).toMatchObject([
      { code: 'OLDER_VERSION_ELSEWHERE', since: 500, practice: { odsCode: 'Y00001' } },
    ]);
    expect(codes(withCurrent(recordAfter(...sending), { olderVersionAt }))).toEqual([]);
  });

  it('a version before it that another practice holds, also where this one is not sent at all, and why', () => {
    const olderVersionAt = { version: 1, odsCode: 'Y00001' as OdsCode };
    const suppressed = (why: 'confidential' | 'registered-here', facts: Partial<Composition>) =>
      attentionOf(withCurrent(recordAfter(dropped()), { suppression: { at: 7, why }, ...facts }));
    expect(suppressed('confidential', { olderVersionAt })).toMatchObject([
      { code: 'OLDER_VERSION_ELSEWHERE', since: 7, what: expect.stringContaining('marked confidential') },
    ]);
    const [moved] = suppressed('registered-here', { olderVersionAt });
    expect(moved).toMatchObject({ code: 'OLDER_VERSION_ELSEWHERE', practice: { odsCode: 'Y00001' } });
    expect(moved?.what).not.toContain('confidential');
    const predecessor = { documentId: dropOf(9).documentId, version: 9, sentAt: 1 };
    expect(suppressed('confidential', { predecessor })).toMatchObject([
      { code: 'OLDER_VERSION_STANDS', todo: expect.stringContaining('version 9 is confidential') },
    ]);
  });

  it('a version before it that stands, because this one came to nothing', () => {
    const predecessor = { documentId: dropOf(9).documentId, version: 9, sentAt: 1 };
    const record = withCurrent(recordAfter(...wasSent, negative('20009')), { predecessor });
    expect(codes(record)).toEqual(['INFRASTRUCTURE_REJECTED', 'OLDER_VERSION_STANDS']);
  });
});

describe('what was dealt with and sent again', () => {
  const again: DeliveryEvent = { kind: 'resend-asked', newest: 1, ids: deriveIds, ...said };
  const due: DeliveryEvent = { kind: 'due', settings };
  const day = 86_400_000;
  const silent = () => onceAlso(recordAfter(...wasSent), due, 2 * day);

  it('is open once more when that comes to nothing: nobody else would notice', () => {
    const asked = onceAlso(onceAlso(recordAfter(...wasSent, reported()), resolved('posted')), again, 6000);
    expect(codes(asked)).toEqual([]);
    const nothing = onceAlso(asked, { kind: 'gave-up', composition: 1 }, 9000);
    expect([codes(nothing), attentionSince(nothing)]).toEqual([['UNDELIVERED'], 800]);
    expect(codes(onceAlso(nothing, resolved(), 9500))).toEqual([]);
  });

  it('a silence too', () => {
    const asked = onceAlso(onceAlso(silent(), resolved(), 2 * day + 1), again, 2 * day + 2);
    const nothing = onceAlso(
      onceAlso(asked, { kind: 'superseded', composition: 1, byVersion: 2 }, 3 * day),
      due,
      3 * day + 1,
    );
    expect(codes(nothing)).toEqual(['INFRASTRUCTURE_OVERDUE']);
  });
});
