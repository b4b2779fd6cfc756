import type { DeliveryEvent } from './events.ts';
import { isHeldFor, withoutHold } from './holds.ts';
import { isAbout, type PatientCheck } from './patient-check.ts';
import { type Composition, currentComposition, type DocumentRecord, discardOf, type Hold } from './record.ts';
import { edit, noOp, onCurrent, type Reduction } from './reduction.ts';
import { stateOf } from './state-of.ts';

type PatientChecked = Extract<DeliveryEvent, { kind: 'patient-checked' }>;
type Held = Extract<DeliveryEvent, { kind: 'held' }>;
type Released = Extract<DeliveryEvent, { kind: 'released' }>;

const otherPatientHold = (at: number): Hold => ({
  reason: 'other-patient',
  by: 'this system',
  at,
  why: 'The PDF holds the NHS number of another patient, and not that of the manifest. Nothing has been sent. If PDF or manifest is the wrong one, hand over the right ones with the same encounterId and version: they take its place. If both are right, ask the operators of this system to release it.',
});

/** A finding that says more than the one before about the same object. Of two runs at once the first to know wins. */
const isNews = (known: PatientCheck | undefined, { source }: Composition, { finding }: PatientChecked): boolean =>
  known === undefined || !isAbout(known, source) || (known.outcome === 'unchecked' && finding.outcome !== 'unchecked');

const checked = (record: DocumentRecord, event: PatientChecked, at: number): Reduction =>
  onCurrent(record, event.composition, (composition) => {
    if (stateOf(record) !== 'RECEIVED') return noOp('already-decided');
    if (event.pdfVersionId !== composition.source.pdf.versionId) return noOp('another-pdf');
    if (!isNews(composition.patientCheck, composition, event)) return noOp('already-checked');
    const patientCheck: PatientCheck = { ...event.finding, at, pdfVersionId: event.pdfVersionId };
    const { awaitingFiles: _, ...rest } = composition;
    const held = isHeldFor(record, 'other-patient');
    const holds = held || (event.finding.outcome === 'other-patient' && !composition.otherPatientReleased);
    if (!holds) {
      // Nobody's news: the receipt tells of it with the next thing that happens.
      const known = { ...composition, patientCheck };
      return {
        kind: 'changed',
        what: 'patient checked',
        record: { ...record, compositions: record.compositions.map((one) => (one === composition ? known : one)) },
      };
    }
    // The record holds the facts, and the objects stay as versions for as long as the bucket keeps those: what lies in
    // the inbox would be taken for unfinished. A hold is lifted by a person, never by a later finding.
    return edit(record, at, {
      what: held ? 'still held: other patient' : 'held: other patient',
      record: held ? {} : { holds: [...record.holds, otherPatientHold(at)] },
      composition: { ...rest, patientCheck },
      work: { discardDrops: [discardOf(composition.source)] },
    });
  });

const held = (record: DocumentRecord, { reason, by, why }: Held, at: number): Reduction => {
  if (isHeldFor(record, reason)) return noOp('already-held');
  if (stateOf(record) !== 'COMPOSED') return noOp('nothing-to-hold');
  return edit(record, at, {
    what: 'held: its sender is paused',
    detail: `by ${by}: ${why}`,
    record: { holds: [...record.holds, { reason, by, why, at }] },
  });
};

/** Goes on where it stood; the time for which it was held counts for nothing. */
const unpaused = (record: DocumentRecord, event: Released, at: number): Reduction => {
  const since = record.holds.find(({ reason }) => reason === 'paused')?.at ?? at;
  const free = withoutHold(record, 'paused');
  const { waiting: _, ...composition } = currentComposition(record);
  const { giveUpAt } = composition;
  return edit(free, at, {
    what: 'released: its sender goes on',
    detail: `by ${event.by}: ${event.why}`,
    composition: { ...composition, ...(giveUpAt === undefined ? {} : { giveUpAt: giveUpAt + (at - since) }) },
    work: free.holds.length === 0 && stateOf(record) === 'COMPOSED' ? { enqueue: composition.number } : {},
  });
};

/** Only what holds before anything was sent can be let go. What may be at the practice already is not asked for here. */
const released = (record: DocumentRecord, event: Released, at: number): Reduction => {
  if (!isHeldFor(record, event.reason)) return noOp('not-held');
  if (event.reason === 'paused') return unpaused(record, event, at);
  const composition = currentComposition(record);
  const free = withoutHold(record, event.reason);
  return edit(free, at, {
    what: 'released: other patient',
    detail: `by ${event.by}: ${event.why}`,
    composition: {
      ...composition,
      // Nothing was stored, so the time inside the message may be today's, and every time that is measured begins anew.
      composedAt: at,
      takenUpAgainAt: at,
      otherPatientReleased: { at, by: event.by, why: event.why },
    },
    work: free.holds.length === 0 ? { composeAgain: composition.number } : {},
  });
};

/** What stops a document before anything of it is sent, and what lets it go on. */
export const reduceHolds = (record: DocumentRecord, event: PatientChecked | Held | Released, at: number): Reduction => {
  switch (event.kind) {
    case 'patient-checked':
      return checked(record, event, at);
    case 'held':
      return held(record, event, at);
    case 'released':
      return released(record, event, at);
  }
};
