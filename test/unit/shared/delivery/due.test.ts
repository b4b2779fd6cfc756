import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextCheckAt } from '../../../../shared/delivery/due.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { silenceOf } from '../../../../shared/delivery/silence.ts';
import { hasEnded, stateOf } from '../../../../shared/delivery/state-of.ts';
import { noWork } from '../../../../shared/delivery/work.ts';
import { afterWorkingDays } from '../../../../shared/delivery/working-days.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import { days } from '../../../../shared/platform/clock.ts';
import {
  begun,
  composed,
  dropOf,
  dropped,
  ended,
  negative,
  positive,
  recordAfter,
  reported,
  sending,
  sent,
  wasSent,
} from '../../../support/records.ts';

const settings = { doubtWait: 900_000, giveUpAfter: 14_400_000 };
const done = (record: DocumentRecord): DocumentRecord => ({ ...record, work: noWork });

const bundle = deriveIds(dropOf().documentId, 1).documentBundleId;

const anyEvent = fc.constantFrom<DeliveryEvent>(
  dropped(),
  dropped(1, 'b'),
  composed(),
  composed(2),
  begun(1),
  begun(2, 'owner-2', 9000),
  begun(3),
  sent(1),
  sent(2),
  ended('not-sent'),
  ended('unknown'),
  ended('refused'),
  ended('unknown', 2),
  { kind: 'waits', composition: 1, until: 99_000, why: 'circuit' },
  { kind: 'superseded', composition: 1, byVersion: 2 },
  { kind: 'gave-up', composition: 1 },
  { kind: 'standing-decided', composition: 1, standing: {}, ids: deriveIds },
  {
    kind: 'standing-decided',
    composition: 1,
    standing: { predecessor: { documentId: dropOf(9).documentId, version: 9, documentBundleId: 'D' } },
    ids: deriveIds,
  },
  { kind: 'replaced', documentBundleId: bundle, byVersion: 2 },
  { kind: 'voided', documentBundleId: bundle, byVersion: 2 },
  { kind: 'named-files-missing', composition: 1, paths: ['pdf.sha256'] },
  { kind: 'patient-checked', composition: 1, pdfVersionId: 'p-a', finding: { outcome: 'other-patient' } },
  { kind: 'patient-checked', composition: 2, pdfVersionId: 'p-b', finding: { outcome: 'matched' } },
  { kind: 'released', reason: 'other-patient', by: 'Ann', why: 'both are right' },
  { kind: 'suppressed', composition: 1, why: 'confidential' },
  { kind: 'due', settings },
  positive('20013'),
  positive('30001'),
  negative('30002'),
  negative('20007'),
  negative('20009'),
  negative('4711'),
  reported(),
  reported('14'),
);

describe('when a document is looked at again', () => {
  it('every record that has not ended, or has work, is due at some time; an ended one without work only for a missing acknowledgement or to tell people again', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, fc.integer({ min: 1, max: 4_000_000 })), { maxLength: 25 }), (events) => {
        let record: DocumentRecord | undefined;
        let now = 0;
        for (const [event, wait] of [[dropped(), 1] as const, ...events]) {
          now += wait;
          const reduction = reduce(record, event, now);
          if (reduction.kind === 'changed') record = reduction.record;
          if (!record) continue;
          expect(nextCheckAt({ ...record, work: { receipt: true } }, now, settings)).toBeGreaterThan(now);
          const due = nextCheckAt(done(record), now, settings);
          const toBeToldAgain = (record.told ?? []).some(({ escalatedAt }) => escalatedAt === undefined);
          if (hasEnded(record) && !silenceOf(record) && !toBeToldAgain) expect(due).toBeUndefined();
          else if (toBeToldAgain) expect(due).toBeGreaterThan(now);
          else if (!hasEnded(record) || record.overdueSince === undefined) expect(due).toBeGreaterThan(now);
          // What has not ended changes daily: digests find it by that.
          if (!hasEnded(record)) expect(due).toBeLessThanOrEqual(now + days(1));
        }
      }),
      { seed: 20261122, numRuns: 400 },
    );
  });

  it('no event ever loses a recorded attempt, answer or report', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 25 }), (events) => {
        let record = recordAfter(...wasSent);
        let now = 10;
        for (const event of events) {
          now += 1000;
          const before = record;
          const reduction = reduce(record, event, now);
          if (reduction.kind === 'no-op') continue;
          record = reduction.record;
          expect(record.compositions.length).toBeGreaterThanOrEqual(before.compositions.length);
          for (const [index, was] of before.compositions.entries()) {
            const is = record.compositions[index];
            expect(is?.attempts.length).toBeGreaterThanOrEqual(was.attempts.length);
            if (was.business) expect(is?.business).toEqual(was.business);
            if (was.infrastructure) expect(is?.infrastructure).toBeDefined();
            if (was.report) expect(is?.report).toEqual(was.report);
            if (was.meshMessageId) expect(is?.meshMessageId).toBe(was.meshMessageId);
          }
        }
      }),
      { seed: 20261122, numRuns: 400 },
    );
  });

  it('a doubt is looked at after its deadline and the wait, an answer after a day, a silence after two working days', () => {
    expect(nextCheckAt(done(recordAfter(...sending, ended('unknown'))), 600, settings)).toBe(1000 + 900_000);
    expect(nextCheckAt(done(recordAfter(...wasSent)), 600, settings)).toBe(500 + 86_400_000);
    // 1 January 1970 was a Thursday and a bank holiday: from the beginning of Friday, two working days are Tuesday's.
    const told = afterWorkingDays(900, 2);
    const acknowledged = done(recordAfter(...wasSent, positive('20013')));
    expect(nextCheckAt(acknowledged, 600, settings)).toBe(600 + days(1));
    expect(nextCheckAt(acknowledged, told - 3_600_000, settings)).toBe(told);
  });

  it('an answer that is overdue is noted once, and cleared by the answer (GPCM-SD-095)', () => {
    const overdue = reduce(recordAfter(...wasSent), { kind: 'due', settings }, 90_000_000);
    if (overdue.kind !== 'changed') throw new Error('not overdue');
    expect(overdue.record.overdueSince).toBe(500 + 86_400_000);
    expect(reduce(overdue.record, { kind: 'due', settings }, 99_000_000).kind).toBe('no-op');
    const late = reduce(overdue.record, positive('30001'), 99_000_000);
    expect(late.kind === 'changed' && stateOf(late.record)).toBe('ACCEPTED');
    expect(late.kind === 'changed' && late.what).toBe('accepted, late');
    // The infrastructure acknowledgement is missing still.
    expect(late.kind === 'changed' && late.record.overdueSince).toBe(500 + 86_400_000);
    const whole = late.kind === 'changed' && reduce(late.record, positive('20013'), 99_500_000);
    expect(whole && whole.kind === 'changed' && whole.record.overdueSince).toBeUndefined();
  });

  it('a manifest whose PDF never came is rejected after an hour', () => {
    const waiting = recordAfter(dropped(), { kind: 'named-files-missing', composition: 1, paths: ['pdf.sha256'] });
    expect(reduce(waiting, { kind: 'due', settings }, 3_000_000).kind).toBe('no-op');
    const rejected = reduce(waiting, { kind: 'due', settings }, 3_700_000);
    expect(rejected.kind === 'changed' && stateOf(rejected.record)).toBe('REJECTED');
  });
});
