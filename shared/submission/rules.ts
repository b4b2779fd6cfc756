import { minutes } from '../platform/clock.ts';
import type { Manifest, SalvagedManifest } from './manifest.ts';
import { isCoveredBy, isNhsNumber, isProbablyScottish } from './nhs-number.ts';
import { type Problem, type ProblemCode, problem } from './problems.ts';
import { dateOf, instantOf } from './times.ts';

/** What the rules need to know beside the manifest. */
export interface CheckContext {
  /** Epoch ms. */
  readonly now: number;
  /** The sending organisation: from the prefix of the drop, never from the manifest. */
  readonly odsCode: string;
  readonly senderSettings: {
    /** Whether the manifest must name its PDF by digest. */
    readonly requireDigest: boolean;
    readonly maxPdfBytes: number;
  };
  readonly production: boolean;
  /** Published test numbers, refused in production: exact, or a beginning with `*`. */
  readonly refusedNhsNumbers: readonly string[];
  /** The only numbers sent elsewhere: exact, or a beginning with `*`. */
  readonly allowedNhsNumbers: readonly string[];
  /** Given names that steer NHS test harnesses, refused in production. */
  readonly refusedGivenNames: readonly RegExp[];
}

/** The one document type and title of the v1 message (GPCM-SD-115, GPCM-SD-118). */
export const consultationReport = { code: '371531000', title: 'Consultation report' } as const;

const earliestBirth = Date.UTC(1880, 0, 1);
const futureTolerance = minutes(5);
// A child born just after midnight in British Summer Time has a birth date that UTC has not reached.
const summerTime = minutes(60);

const nhsNumberProblem = (nhsNumber: string, context: CheckContext): ProblemCode | undefined => {
  // What it begins with tells more than its check digit, which a CHI number may fail as well.
  if (isProbablyScottish(nhsNumber)) return 'NHS_NUMBER_PROBABLY_SCOTTISH';
  if (!isNhsNumber(nhsNumber)) return 'NHS_NUMBER_CHECK_DIGIT';
  if (context.production) {
    return isCoveredBy(nhsNumber, context.refusedNhsNumbers) ? 'NHS_NUMBER_IS_A_TEST_NUMBER' : undefined;
  }
  return isCoveredBy(nhsNumber, context.allowedNhsNumbers) ? undefined : 'NHS_NUMBER_NOT_ALLOWED_HERE';
};

const birthDateProblem = (birthDate: string, now: number): ProblemCode | undefined => {
  const born = dateOf(birthDate);
  if (born === undefined) return 'DATE_NOT_REAL';
  if (born > now + summerTime) return 'BIRTH_DATE_IN_FUTURE';
  return born < earliestBirth ? 'BIRTH_DATE_TOO_EARLY' : undefined;
};

const harnessWords = (path: string, given: readonly (string | undefined)[] | undefined, context: CheckContext) =>
  (given ?? []).flatMap((name, index) =>
    context.production && name !== undefined && context.refusedGivenNames.some((word) => name.search(word) >= 0)
      ? [problem('GIVEN_NAME_STEERS_TEST_HARNESS', `${path}.given[${index}]`)]
      : [],
  );

const patientProblems = ({ patient }: SalvagedManifest, context: CheckContext): Problem[] => {
  const { nhsNumber, nhsNumberStatus, family, given, birthDate } = patient ?? {};
  const found: [path: string, code: ProblemCode | undefined | false][] = [
    ['patient.nhsNumber', nhsNumber !== undefined && nhsNumberProblem(nhsNumber, context)],
    ['patient.nhsNumberStatus', nhsNumberStatus !== undefined && nhsNumberStatus !== '01' && 'NHS_NUMBER_NOT_VERIFIED'],
    ['patient.family', family?.includes('_') === true && 'FAMILY_NAME_UNDERSCORE'],
    ['patient.family', family !== undefined && !/^[ -\u00FF]*$/.test(family) && 'FAMILY_NAME_NOT_LATIN1'],
    ['patient.birthDate', birthDate !== undefined && birthDateProblem(birthDate, context.now)],
  ];
  return [
    ...found.flatMap(([path, code]) => (code ? [problem(code, path)] : [])),
    ...harnessWords('patient', given, context),
  ];
};

const timeProblems = ({ consultation, registeredPractice }: SalvagedManifest, now: number): Problem[] => {
  const times: [path: string, text: string | undefined][] = [
    ['consultation.startedAt', consultation?.startedAt],
    ['consultation.endedAt', consultation?.endedAt],
    ['consultation.savedAt', consultation?.savedAt],
    ['registeredPractice.lookedUpAt', registeredPractice?.lookedUpAt],
  ];
  const instants = times.map(([path, text]) => ({ path, given: text !== undefined, at: instantOf(text ?? '') }));
  const [started, ended, saved] = instants.map(({ at }) => at);
  const before = (at: number | undefined) => at !== undefined && started !== undefined && at < started;
  return [
    ...instants.flatMap(({ path, given, at }) => {
      if (given && at === undefined) return [problem('TIME_NOT_REAL', path)];
      return at !== undefined && at > now + futureTolerance ? [problem('TIME_IN_FUTURE', path)] : [];
    }),
    ...(before(ended) ? [problem('ENDED_BEFORE_STARTED', 'consultation.endedAt')] : []),
    ...(before(saved) ? [problem('SAVED_BEFORE_STARTED', 'consultation.savedAt')] : []),
  ];
};

const documentProblems = (manifest: SalvagedManifest, context: CheckContext): Problem[] => {
  const { documentType, title, attachments, pdf } = manifest;
  const found: [path: string, code: ProblemCode, wrong: boolean][] = [
    [
      'documentType.code',
      'DOCUMENT_TYPE_NOT_SUPPORTED',
      documentType?.code !== undefined && documentType.code !== consultationReport.code,
    ],
    ['title', 'TITLE_NOT_SUPPORTED', title !== undefined && title !== consultationReport.title],
    ['attachments', 'ATTACHMENTS_NOT_SUPPORTED_YET', attachments !== undefined && attachments.length > 0],
    ['pdf.sha256', 'PDF_DIGEST_MISSING', context.senderSettings.requireDigest && pdf === undefined],
  ];
  return found.flatMap(([path, code, wrong]) => (wrong ? [problem(code, path)] : []));
};

/**
 * All that stands against sending what the manifest describes, at once; empty when nothing does. Pure. Takes what
 * `readManifest` salvaged as well, so that shape and content are told together.
 */
export const checkManifest = (manifest: SalvagedManifest, context: CheckContext): readonly Problem[] => [
  ...patientProblems(manifest, context),
  ...harnessWords('practitioner', manifest.practitioner?.given, context),
  ...timeProblems(manifest, context.now),
  ...documentProblems(manifest, context),
];

/** Undefined when a PDF of this many bytes may be sent; an empty one is told by `inspectPdf`. */
export const pdfSizeProblem = (size: number, maxPdfBytes: number): Problem | undefined =>
  size > maxPdfBytes
    ? problem('PDF_TOO_LARGE', 'pdf', `The PDF is longer than this sender may send (${maxPdfBytes} bytes).`)
    : undefined;

export type Suppression = 'confidential' | 'registered-here';

/** Why nothing is sent although nothing is wrong (send-document-standard.md 8 Q3; GPCM-SD-083). */
export const suppressionOf = (
  manifest: Pick<Manifest, 'confidential' | 'registeredPractice'>,
  odsCode: string,
): Suppression | undefined => {
  if (manifest.confidential) return 'confidential';
  return manifest.registeredPractice.odsCode === odsCode ? 'registered-here' : undefined;
};
