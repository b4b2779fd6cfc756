import { type Applied, applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { isHeldFor } from '../../delivery/holds.ts';
import { isPatientChecked, type PatientFinding } from '../../delivery/patient-check.ts';
import { currentComposition } from '../../delivery/record.ts';
import type { Manifest } from '../../submission/manifest.ts';
import { nhsNumbersSeen } from '../../submission/pdf-text/nhs-numbers-in-text.ts';
import type { ReadPdfText } from '../../submission/pdf-text/pdf-text-reader.ts';
import type { RangedSource } from '../../submission/ranged-text.ts';
import type { ComposeContext } from './context.ts';
import { digestOf } from './digest-stream.ts';
import { rangesOf } from './read-drop.ts';

/**
 * Whether a PDF's text names the patient with this NHS number. As soon as it does, no more is read: others beside are
 * fine (a mother's number in her child's report). Rejects only with what `source.read` threw.
 */
export const findPatient = async (
  readText: ReadPdfText,
  source: RangedSource,
  nhsNumber: string,
): Promise<PatientFinding> => {
  let anyText = false;
  let others = false;
  const end = await readText(source, (text) => {
    const seen = nhsNumbersSeen(text, nhsNumber);
    if (seen.own) return 'enough';
    anyText ||= /\S/.test(text);
    others ||= seen.others;
    return 'more';
  });
  if (end === 'enough') return { outcome: 'matched' };
  if (end !== 'all') return { outcome: 'unchecked', why: end };
  if (others) return { outcome: 'other-patient' };
  return anyText ? { outcome: 'no-number' } : { outcome: 'unchecked', why: 'no-text' };
};

/**
 * Compares the PDF of a RECEIVED document with its manifest before anything is composed, once for each PDF. Undefined:
 * go on. Otherwise what was found stops it: it is held for a person, or its PDF is not the one that the manifest names.
 */
export const guardPatient = async (
  context: ComposeContext,
  record: StoredRecord,
  manifest: Manifest,
): Promise<Applied | undefined> => {
  const composition = currentComposition(record);
  const stopped: Applied = { kind: 'no-op', why: 'held', record };
  if (isPatientChecked(composition) || composition.otherPatientReleased) {
    return isHeldFor(record, 'other-patient') ? stopped : undefined;
  }
  const { pdf } = composition.source;
  const { documentId } = record;
  const finding = await findPatient(
    context.readPdfText,
    rangesOf(context.drops, pdf.key, pdf),
    manifest.patient.nhsNumber,
  );
  context.log[finding.outcome === 'other-patient' ? 'warn' : 'info']('PATIENT_CHECKED', {
    documentId,
    composition: composition.number,
    what: finding.outcome,
    ...(finding.outcome === 'unchecked' ? { why: finding.why } : {}),
  });
  // A hold is about the PDF that the manifest names, and so is its release: another one is waited for instead.
  if (finding.outcome === 'other-patient' && pdf.sha256 !== undefined) {
    const body = await context.drops.get(pdf.key, { versionId: pdf.versionId });
    if (!body) throw new Error(`The PDF of document ${documentId} went away while it was looked at.`);
    if ((await digestOf(body.body)) !== pdf.sha256.toLowerCase()) {
      const event = { kind: 'named-files-missing', composition: composition.number, paths: ['pdf.sha256'] } as const;
      return applyEvent(context, documentId, event);
    }
  }
  const applied = await applyEvent(context, documentId, {
    kind: 'patient-checked',
    composition: composition.number,
    pdfVersionId: pdf.versionId,
    finding,
  });
  return applied.record && !isHeldFor(applied.record, 'other-patient') ? undefined : applied;
};
