import { attachmentTypeOf } from './attachment-types.ts';
import type { DocumentToCompose } from './document.ts';
import { type MessageProfile, profiles } from './profiles.ts';
import { routingOf } from './routing.ts';
import { isXmlText } from './xml-text.ts';

/** Why a document cannot be composed. `path` names the fact, never its value. */
export interface ComposeProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Longest SenderReference (FHIR-SR-02). */
const senderReferenceLimit = 255;

/** Every text of the input with its path. */
const textsOf = (value: unknown, path = ''): [path: string, text: string][] => {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, path === '' ? key : `${path}.${key}`));
};

/** All that stands against composing this document under this profile, at once; empty when nothing does. */
export const composeProblems = (
  input: DocumentToCompose,
  profile: MessageProfile = profiles.v1,
): readonly ComposeProblem[] => {
  const problems: ComposeProblem[] = [];
  const add = (path: string, code: string, message: string) => void problems.push({ path, code, message });

  for (const [path, text] of textsOf(input)) {
    if (text.trim() === '') add(path, 'EMPTY_TEXT', 'This is empty; leave it out or fill it in.');
    if (!isXmlText(text))
      add(path, 'ILLEGAL_CHARACTER', 'This holds a control character or half of a character, which XML cannot carry.');
  }
  const routing = routingOf(input.patient);
  if (routing.kind === 'problem') {
    const path = routing.code.startsWith('NHS')
      ? 'nhsNumber'
      : routing.code.startsWith('BIRTH')
        ? 'birthDate'
        : 'family';
    add(`patient.${path}`, routing.code, routing.message);
  }
  if (!profile.documentTypes.some((type) => type.code === input.documentType.code))
    add(
      'documentType.code',
      'DOCUMENT_TYPE_NOT_IN_PROFILE',
      `The profile ${profile.name} sends only: ${profile.documentTypes.map((t) => `${t.code} ${t.display}`).join(', ')}.`,
    );
  if (profile.fixedTitle !== undefined && input.title !== profile.fixedTitle)
    add('title', 'TITLE_FIXED', `The profile ${profile.name} fixes the title: ${profile.fixedTitle}.`);
  if (profile.sdsUserIdRequired && input.practitioner.sdsUserId === undefined)
    add('practitioner.sdsUserId', 'SDS_USER_ID_MISSING', `The profile ${profile.name} demands the SDS user id.`);
  for (const field of ['careSetting', 'events'] as const)
    if (!profile.careContext && input[field] !== undefined)
      add(field, 'FIELD_NOT_IN_PROFILE', `The profile ${profile.name} has no place for it.`);
  if (input.confidential && !profile.confidentialNotification)
    add('confidential', 'CONFIDENTIAL_NOT_SENT', 'A confidential consultation is not sent.');
  if (input.confidential && input.files.length > 1)
    add('files', 'NOTIFICATION_HAS_ATTACHMENTS', 'A confidential notification is the redacted report alone.');
  if (input.encounterId.length > senderReferenceLimit)
    add('encounterId', 'TOO_LONG', `At most ${senderReferenceLimit} characters.`);
  if (!Number.isSafeInteger(input.version) || input.version < 1)
    add('version', 'VERSION_NOT_POSITIVE', 'A version is a whole number from 1.');
  if (input.files[0]?.contentType !== 'application/pdf')
    add('files.0', 'REPORT_NOT_FIRST', 'The first file is the report, a PDF.');
  for (const [index, { contentType }] of input.files.entries())
    if (attachmentTypeOf(contentType)?.mediaType !== contentType)
      add(`files.${index}.contentType`, 'TYPE_NOT_APPROVED', 'Not a type of file that practices take.');
  if (input.files.length !== input.ids.binaryIds.length)
    add('files', 'IDS_DO_NOT_MATCH_FILES', 'There must be exactly one id for each file.');
  return problems;
};
