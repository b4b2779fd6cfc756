import { describe, expect, it } from 'vitest';
import { nextCheckAt } from '../../../../shared/delivery/due.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { isPatientChecked, type PatientFinding } from '../../../../shared/delivery/patient-check.ts';
import { receiptOf } from '../../../../shared/delivery/receipt.ts';
import { currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { isCorrectable, stateOf } from '../../../../shared/delivery/state-of.ts';
import { unsentSince } from '../../../../shared/delivery/unsent.ts';
import { composed, dropped, droppedAnew, onceAlso, recordAfter, sending } from '../../../support/records.ts';

const settings = { doubtWait: 900_000, giveUpAfter: 14_400_000 };
const checked = (finding: PatientFinding, pdfVersionId = 'p-a', composition = 1): DeliveryEvent => ({
  kind: 'patient-checked',
  composition,
  pdfVersionId,
  finding,
});
const other = checked({ outcome: 'other-patient' });
const matched = checked({ outcome: 'matched' });
const late = checked({ outcome: 'unchecked', why: 'time' });
const released: DeliveryEvent = { kind: 'released', reason: 'other-patient', by: 'Ann', why: 'both are right' };
const superseded: DeliveryEvent = { kind: 'superseded', composition: 1, byVersion: 2 };

const held = () => recordAfter(dropped(), other);
const reasons = (record: DocumentRecord) => record.holds.map(({ reason }) => reason);
const done = (record: DocumentRecord): DocumentRecord => ({ ...record, work: {} });

describe('what was found about the patient', () => {
  it('is kept as a fact, and lets composing go on', () => {
    const record = recordAfter(dropped(), matched);
    expect(currentComposition(record).patientCheck).toEqual({ outcome: 'matched', at: 1, pdfVersionId: 'p-a' });
    expect([reasons(record), stateOf(record)]).toEqual([[], 'RECEIVED']);
    expect(stateOf(onceAlso(record, composed()))).toBe('COMPOSED');
    expect(currentComposition(onceAlso(record, composed())).patientCheck?.outcome).toBe('matched');
  });

  it('is recorded once; of two runs the one that knows more counts', () => {
    expect(reduce(recordAfter(dropped(), matched), matched, 9)).toEqual({ kind: 'no-op', why: 'already-checked' });
    expect(reduce(recordAfter(dropped(), late), late, 9)).toEqual({ kind: 'no-op', why: 'already-checked' });
    expect(reduce(recordAfter(dropped(), matched), late, 9)).toEqual({ kind: 'no-op', why: 'already-checked' });
    expect(reasons(recordAfter(dropped(), late, other))).toEqual(['other-patient']);
  });

  it('about an object or a composition that is no longer current, or too late, changes nothing', () => {
    const elsewhere = checked({ outcome: 'other-patient' }, 'p-z');
    expect(reduce(recordAfter(dropped()), elsewhere, 9)).toEqual({ kind: 'no-op', why: 'another-pdf' });
    expect(reduce(recordAfter(...sending), other, 9)).toEqual({ kind: 'no-op', why: 'already-decided' });
    const second = checked({ outcome: 'other-patient' }, 'p-a', 2);
    expect(reduce(recordAfter(dropped()), second, 9)).toEqual({ kind: 'no-op', why: 'older-composition' });
  });
});

describe('a document whose PDF names another patient', () => {
  it('is held, with the reason; nothing of it is in the inbox or waits to be sent', () => {
    const record = held();
    expect(record.holds).toMatchObject([{ reason: 'other-patient', by: 'this system', at: 1 }]);
    expect(record.history.at(-1)?.what).toBe('held: other patient');
    expect(record.work.discardDrops).toMatchObject([
      { name: 'report-1', manifestVersionId: 'm-a', pdfVersionId: 'p-a' },
    ]);
    expect(unsentSince(record)).toBeUndefined();
    const receipt = receiptOf({ ...record, revision: 2 }, { name: 'report-1', at: 0 }, 5);
    expect(receipt).toMatchObject({
      state: 'RECEIVED',
      meaning: expect.stringContaining('another patient'),
      whoseMove: 'the sender',
      patientCheck: { outcome: 'other-patient' },
      held: [{ reason: 'other-patient' }],
    });
    expect(receipt.advice).toContain('hand over the right ones');
  });

  it('is looked at each day, and is neither composed, queued nor rejected by itself', () => {
    const record = done(held());
    expect(nextCheckAt(record, 1000, settings)).toBe(1000 + 24 * 3_600_000);
    for (const at of [10, settings.giveUpAfter + 10]) {
      expect(reduce(record, { kind: 'due', settings }, at)).toEqual({ kind: 'no-op', why: 'held' });
    }
    // After that people are told again, and nothing else.
    const told = reduce(record, { kind: 'due', settings }, 90 * 24 * 3_600_000);
    if (told.kind !== 'changed') throw new Error(told.why);
    expect(told.record.work).toMatchObject({ notify: [{ kind: 'escalation', code: 'HELD_OTHER_PATIENT' }] });
    expect(told.record.compositions).toEqual(record.compositions);
    expect(reduce(done(told.record), { kind: 'due', settings }, 91 * 24 * 3_600_000)).toEqual({
      kind: 'no-op',
      why: 'held',
    });
  });

  it('does not become COMPOSED by a run that was slower to find out', () => {
    expect(reduce(held(), composed(), 9)).toEqual({ kind: 'no-op', why: 'held' });
  });

  it('stays held when the same content is dropped again, whatever is found then', () => {
    for (const finding of [other, late].map((event) => ({ ...event, pdfVersionId: 'p-a-anew' }) as DeliveryEvent)) {
      const again = onceAlso(onceAlso(done(held()), droppedAnew()), finding);
      expect(reasons(again)).toEqual(['other-patient']);
      expect(again.work.discardDrops).toMatchObject([{ pdfVersionId: 'p-a-anew' }]);
    }
  });

  it('is corrected by other content: the hold goes with the composition that it was about', () => {
    expect(isCorrectable(held())).toBe(true);
    const corrected = onceAlso(held(), dropped(1, 'b'));
    expect([reasons(corrected), currentComposition(corrected).number]).toEqual([[], 2]);
    expect(currentComposition(corrected).patientCheck).toBeUndefined();
    expect(nextCheckAt(corrected, 0, settings)).toBeDefined();
  });

  it('that ends otherwise is no longer held', () => {
    const rejected = onceAlso(held(), { kind: 'rejected', composition: 1, problems: [] });
    expect([reasons(rejected), stateOf(rejected)]).toEqual([[], 'REJECTED']);
    const suppressed = onceAlso(held(), { kind: 'suppressed', composition: 1, why: 'confidential' });
    expect([reasons(suppressed), stateOf(suppressed)]).toEqual([[], 'SUPPRESSED']);
    expect(reasons(onceAlso(held(), superseded))).toEqual([]);
    const event = { ...droppedAnew(), kind: 'drop-rejected', problems: [] } as DeliveryEvent;
    expect(reasons(onceAlso(held(), event))).toEqual([]);
  });

  it('that ended otherwise and is taken up again is looked at again, were it the same PDF', () => {
    const again = droppedAnew() as Extract<DeliveryEvent, { kind: 'dropped' }>;
    const { source } = again.drop;
    const samePdf = {
      ...again,
      drop: { ...again.drop, source: { ...source, pdf: { ...source.pdf, versionId: 'p-a' } } },
    };
    const ended = onceAlso(held(), { kind: 'suppressed', composition: 1, why: 'confidential' });
    const open = onceAlso(ended, samePdf);
    expect([stateOf(open), isPatientChecked(currentComposition(open))]).toEqual(['RECEIVED', false]);
    expect(reasons(onceAlso(open, other))).toEqual(['other-patient']);
  });
});

describe('releasing it', () => {
  it('is recorded with who and why, and has it composed at once', () => {
    const record = onceAlso(held(), released, 5000);
    expect(record.holds).toEqual([]);
    expect(record.history.at(-1)).toEqual({
      at: 5000,
      what: 'released: other patient',
      detail: 'by Ann: both are right',
    });
    expect(currentComposition(record)).toMatchObject({
      composedAt: 5000,
      otherPatientReleased: { at: 5000, by: 'Ann', why: 'both are right' },
      patientCheck: { outcome: 'other-patient' },
    });
    expect(record.work.composeAgain).toBe(1);
    expect(nextCheckAt(record, 5000, settings)).toBe(5000);
    expect(receiptOf({ ...record, revision: 3 }, { name: 'report-1', at: 0 }, 5000).patientCheck?.meaning).toContain(
      'A person has looked at it and released it',
    );
  });

  it('twice is once', () => {
    expect(reduce(onceAlso(held(), released), released, 200)).toEqual({ kind: 'no-op', why: 'not-held' });
  });

  it('begins every time anew that is measured of it', () => {
    const month = 30 * 24 * 3_600_000;
    const record = done(onceAlso(held(), released, month));
    expect(reduce(record, { kind: 'due', settings }, month + 1000)).toEqual({ kind: 'no-op', why: 'compose-again' });
    expect(unsentSince(record)).toBe(month);
  });

  it('holds for the same content dropped again, and not for other content', () => {
    const record = done(onceAlso(held(), released));
    const again = onceAlso(record, droppedAnew());
    const found = { ...other, pdfVersionId: 'p-a-anew' } as DeliveryEvent;
    expect(reasons(onceAlso(again, found))).toEqual([]);
    expect(stateOf(onceAlso(again, composed()))).toBe('COMPOSED');
    const rejected = onceAlso(record, { kind: 'rejected', composition: 1, problems: [] });
    const corrected = onceAlso(rejected, dropped(1, 'b'));
    expect(reasons(onceAlso(corrected, checked({ outcome: 'other-patient' }, 'p-b', 2)))).toEqual(['other-patient']);
  });

  it('leaves other holds, and then composes nothing', () => {
    const both = held();
    const record = onceAlso(
      { ...both, holds: [...both.holds, { reason: 'operator', by: 'Ann', why: 'wait', at: 3 }], work: {} },
      released,
    );
    expect(reasons(record)).toEqual(['operator']);
    expect(record.work.composeAgain).toBeUndefined();
  });

  it('of what is not held changes nothing', () => {
    expect(reduce(recordAfter(dropped()), released, 9)).toEqual({ kind: 'no-op', why: 'not-held' });
    expect(reduce(recordAfter(...sending), released, 9)).toEqual({ kind: 'no-op', why: 'not-held' });
    expect(reduce(undefined, released, 9)).toEqual({ kind: 'no-op', why: 'no-such-document' });
  });
});
