import type { Composition, Source } from './record.ts';

/** Why the text of a PDF could not be compared: it has none, or it is past what is read of a PDF. */
export type UncheckedReason = 'no-text' | 'pages' | 'time' | 'memory' | 'broken';

/**
 * What comparing the NHS numbers in a PDF's text with the manifest's came to. `matched`: this patient's is there, maybe
 * beside others. `other-patient`: somebody else's is there, and this patient's is not. Never a number.
 */
export type PatientFinding =
  | { readonly outcome: 'matched' | 'no-number' | 'other-patient' }
  | { readonly outcome: 'unchecked'; readonly why: UncheckedReason };

/** A finding, with the version of the PDF that it is about. */
export type PatientCheck = PatientFinding & { readonly at: number; readonly pdfVersionId: string };

/** A person has looked and lets the document go, although its PDF names another patient. */
export interface OtherPatientRelease {
  readonly at: number;
  readonly by: string;
  readonly why: string;
}

/** Is there a finding about the very object that would be composed? */
export const isPatientChecked = ({ patientCheck, source }: Pick<Composition, 'patientCheck' | 'source'>): boolean =>
  patientCheck !== undefined && isAbout(patientCheck, source);

export const isAbout = ({ pdfVersionId }: PatientCheck, source: Source): boolean =>
  pdfVersionId === source.pdf.versionId;

const uncheckedWords: Readonly<Record<UncheckedReason, string>> = {
  'no-text': 'the PDF holds no text, only pictures',
  pages: 'the PDF has more pages than are read',
  time: 'reading the PDF’s text took too long',
  memory: 'reading the PDF’s text took too much memory',
  broken: 'the PDF’s text could not be read',
};

/** The finding in words, for receipts and the API. */
export const patientCheckWords = (finding: PatientFinding, released?: OtherPatientRelease): string => {
  switch (finding.outcome) {
    case 'matched':
      return 'The NHS number of the manifest stands in the PDF.';
    case 'no-number':
      return 'Not compared: the PDF’s text holds no NHS number.';
    case 'unchecked':
      return `Not compared: ${uncheckedWords[finding.why]}.`;
    case 'other-patient':
      return `The PDF holds the NHS number of another patient, and not that of the manifest.${released ? ' A person has looked at it and released it.' : ''}`;
  }
};
