import type { DeliveryEvent } from './events.ts';
import { isHeldFor } from './holds.ts';
import { isAbout, type PatientCheck } from './patient-check.ts';
import { type Composition, type DocumentRecord, discardOf, type Hold } from './record.ts';
import { edit, noOp, onCurrent, type Reduction } from './reduction.ts';
import { stateOf } from './state-of.ts';

type PatientChecked = Extract<DeliveryEvent, { kind: 'patient-checked' }>;

const otherPatientHold = (at: number): Hold => ({
  reason: 'other-patient',
  by: 'this system',
  at,
  why: 'The PDF holds the NHS number of another patient, and not that of the manifest. Nothing has been sent. If PDF or manifest is the wrong one, hand over the right ones with the same encounterId and version: they take its place. If both are right, ask the operators of this system to release it.',
});

/** A finding that says more than the one before about the same object. Of two runs at once the first to know wins. */
const isNews = (known: PatientCheck | undefined, { source }: Composition, { finding }: PatientChecked): boolean =>
  known === undefined || !isAbout(known, source) || (known.outcome === 'unchecked' && finding.outcome !== 'unchecked');

/** What stops a document before anything of it is sent, because its PDF seems to be about somebody else. */
export const reducePatientChecked = (record: DocumentRecord, event: PatientChecked, at: number): Reduction =>
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
