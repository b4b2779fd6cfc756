import { toLatin1 } from './latin1.ts';
import type { MessageFacts } from './message-facts.ts';
import type { MessageProfile } from './profiles.ts';

/**
 * The sentence of a document's text and subject, worked out from the message's own facts by other means than the
 * composer's (GPCM-SD-061, 064, 119), so that a fault of the one is not repeated by the other.
 */

/** Longest Mex-Subject. */
const subjectLimit = 500;

const plain = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim();

/** The sentence in every published wording; without the place when the consultation is confidential. */
const sentences = (
  facts: MessageFacts,
  { fixedTitle, name: generation }: MessageProfile,
  isRestricted: boolean,
): readonly string[] => {
  const { patient, organisation, version } = facts;
  const title = fixedTitle ?? facts.title ?? '';
  const name = [...patient.given, patient.family ?? ''].map((part) => part.trim()).filter((part) => part !== '');
  const who = `${title.trim()} for ${name.join(' ')}, NHS Number`;
  const practice = organisation.name?.trim() ?? '';
  const place = (ods: string) => (isRestricted ? '' : `, seen at ${practice}, ${ods}`);
  const ods = organisation.odsCode ?? '';
  const current = `${who}: ${patient.nhsNumber ?? ''}${place(ods)}, Version: ${version}`;
  const of131 = `${who} ${patient.nhsNumber ?? ''}${place(`ODS Code ${ods}`)}, Version ${version}`;
  return generation === 'v1' ? [current, of131] : [current];
};

/** Whether a text is the sentence, spaces aside. */
export const isItsSentence = (
  text: string,
  facts: MessageFacts,
  profile: MessageProfile,
  isRestricted: boolean,
): boolean =>
  facts.version !== undefined && sentences(facts, profile, isRestricted).some((one) => plain(one) === plain(text));

/**
 * Whether a MESH subject is the sentence as far as a header can carry it: in Latin-1, and cut in its names where it is
 * too long, but with NHS number, ODS code and version whole.
 */
export const isItsSubject = (
  subject: string,
  facts: MessageFacts,
  profile: MessageProfile,
  isRestricted: boolean,
): boolean => {
  const { patient, organisation, version } = facts;
  if (version === undefined || subject.length > subjectLimit) return false;
  const whole = sentences(facts, profile, isRestricted).map((one) => plain(toLatin1(one)));
  if (whole.includes(plain(subject))) return true;
  const [, number, tail = ''] = /, NHS Number:? (\d{10})(, .*)$/.exec(subject) ?? [];
  const end = new RegExp(`^${isRestricted ? '' : ', seen at .*, (ODS Code )?([A-Z0-9]+)'}, Version:? (\\d+)$`).exec(
    tail,
  );
  return (
    whole.some((one) => one.length > subjectLimit) &&
    number === patient.nhsNumber &&
    end?.at(-1) === String(version) &&
    (isRestricted || end?.at(2) === organisation.odsCode)
  );
};
