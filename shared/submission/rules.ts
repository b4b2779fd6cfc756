import { attachmentTypeOf } from '../itk3/attachment-types.ts';
import { type DocumentType, type MessageProfile, profiles } from '../itk3/profiles.ts';
import { minutes } from '../platform/clock.ts';
import { attachmentNameProblems } from './attachments/attachment-rules.ts';
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
  /**
   * The generation in which documents go to a practice (`profileFor`). Absent where the sender's settings are not
   * known: then only what no generation sends is told, and the rest when the message is composed.
   */
  readonly profileFor?: (practiceOdsCode: string | undefined) => MessageProfile;
  readonly senderSettings: {
    /** Whether the manifest must name its PDF by digest. */
    readonly requireDigest: boolean;
  };
  readonly production: boolean;
  /** Published test numbers, refused in production: exact, or a beginning with `*`. */
  readonly refusedNhsNumbers: readonly string[];
  /** The only numbers sent elsewhere: exact, or a beginning with `*`. */
  readonly allowedNhsNumbers: readonly string[];
  /** Where the sender has a list for tests: the only ones of those. */
  readonly senderAllowsOnly?: readonly string[];
  /** Given names that steer NHS test harnesses, refused in production. */
  readonly refusedGivenNames: readonly RegExp[];
}

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
  return isCoveredBy(nhsNumber, context.allowedNhsNumbers) &&
    (context.senderAllowsOnly === undefined || isCoveredBy(nhsNumber, context.senderAllowsOnly))
    ? undefined
    : 'NHS_NUMBER_NOT_ALLOWED_HERE';
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

const timeProblems = ({ consultation, registeredPractice, events }: SalvagedManifest, now: number): Problem[] => {
  const times: [path: string, text: string | undefined][] = [
    ['consultation.startedAt', consultation?.startedAt],
    ['consultation.endedAt', consultation?.endedAt],
    ['consultation.savedAt', consultation?.savedAt],
    ['registeredPractice.lookedUpAt', registeredPractice?.lookedUpAt],
    ...(events ?? []).flatMap((event, index): typeof times => [
      [`events[${index}].startedAt`, event?.startedAt],
      [`events[${index}].endedAt`, event?.endedAt],
    ]),
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
    ...(events ?? []).flatMap((event, index) => {
      const [began, over] = [instantOf(event?.startedAt ?? ''), instantOf(event?.endedAt ?? '')];
      return began !== undefined && over !== undefined && over < began
        ? [problem('ENDED_BEFORE_STARTED', `events[${index}].endedAt`, 'The event ended before it started.')]
        : [];
    }),
  ];
};

const documentProblems = (manifest: SalvagedManifest, context: CheckContext): Problem[] => {
  const { attachments, pdf } = manifest;
  const found: [path: string, code: ProblemCode, wrong: boolean][] = [
    ['pdf.sha256', 'PDF_DIGEST_MISSING', context.senderSettings.requireDigest && pdf === undefined],
    ['redacted', 'REDACTED_NOT_CONFIDENTIAL', manifest.redacted === true && manifest.confidential === false],
    ...(attachments ?? []).map((attachment, index): (typeof found)[number] => [
      `attachments[${index}].contentType`,
      'ATTACHMENT_TYPE_NOT_APPROVED',
      attachment?.contentType !== undefined && attachmentTypeOf(attachment.contentType) === undefined,
    ]),
  ];
  return found.flatMap(([path, code, wrong]) => (wrong ? [problem(code, path)] : []));
};

const listed = (types: readonly DocumentType[]) => types.map(({ code, display }) => `${code} (${display})`).join(', ');

/** What the generation of the message does not send. */
const profileProblems = (manifest: SalvagedManifest, context: CheckContext): Problem[] => {
  const { documentType, title, practitioner, careSetting, events, confidential, redacted, attachments } = manifest;
  const profile = context.profileFor?.(manifest.registeredPractice?.odsCode);
  const types = (profile ? [profile] : Object.values(profiles)).flatMap(({ documentTypes }) => documentTypes);
  const typeProblem =
    documentType?.code !== undefined && !types.some(({ code }) => code === documentType.code)
      ? [
          profile
            ? problem(
                'DOCUMENT_TYPE_NOT_SUPPORTED',
                'documentType.code',
                `To this practice documents go in ${profile.name}, which carries only: ${listed(types)}.`,
              )
            : problem('DOCUMENT_TYPE_NOT_SUPPORTED', 'documentType.code'),
        ]
      : [];
  if (!profile) return typeProblem;
  const { fixedTitle } = profile;
  const notifies = confidential === true && profile.confidentialNotification;
  const found: [path: string, code: ProblemCode, wrong: boolean][] = [
    ['title', 'TITLE_NOT_SUPPORTED', fixedTitle !== undefined && title !== undefined && title !== fixedTitle],
    [
      'practitioner.sdsUserId',
      'MISSING',
      profile.sdsUserIdRequired && practitioner !== undefined && !Object.hasOwn(practitioner, 'sdsUserId'),
    ],
    ['careSetting', 'FIELD_NOT_IN_PROFILE', !profile.careContext && careSetting !== undefined],
    ['events', 'FIELD_NOT_IN_PROFILE', !profile.careContext && events !== undefined],
    ['redacted', 'NOTIFICATION_NOT_REDACTED', notifies && redacted !== true],
    ['attachments', 'NOTIFICATION_HAS_ATTACHMENTS', notifies && attachments !== undefined && attachments.length > 0],
  ];
  return [...typeProblem, ...found.flatMap(([path, code, wrong]) => (wrong ? [problem(code, path)] : []))];
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
  ...attachmentNameProblems(manifest),
  ...profileProblems(manifest, context),
];

export type Suppression = 'confidential' | 'registered-here';

/**
 * Why nothing is sent although nothing is wrong: the consultation is confidential, and its generation has no
 * notification or the sender does not send it; or the patient is the sender's own (GPCM-SD-083).
 */
export const suppressionOf = (
  manifest: Pick<Manifest, 'confidential' | 'registeredPractice' | 'registeredHere'>,
  odsCode: string,
  profile: Pick<MessageProfile, 'confidentialNotification'>,
): Suppression | undefined => {
  if (manifest.confidential && !profile.confidentialNotification) return 'confidential';
  const registeredHere = manifest.registeredHere === true || manifest.registeredPractice.odsCode === odsCode;
  return registeredHere ? 'registered-here' : undefined;
};
