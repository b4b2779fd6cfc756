import { z } from 'zod';
import { holdsNhsNumber } from './nhs-number.ts';
import { type ProblemCode, problemCodes } from './problems.ts';

/** Longest manifest, in bytes. */
export const manifestLimit = 64 * 1024;

/**
 * Longest family name: the routing address GPPROVIDER_{10}_{8}_{family} may have 100 characters (MESH API, Mex-To).
 */
export const familyNameLimit = 69;

const withCode = (code: ProblemCode) => ({ error: problemCodes[code].says, params: { code } });

// Controls, halves of surrogate pairs and the two non-characters that XML 1.0 refuses. And what turns the direction of
// all that follows: in a name it would show the NHS number behind it, in the same sentence, the wrong way round.
const unsendable = /[\p{Cc}\p{Cs}\uFFFE\uFFFF\u202A-\u202E\u2066-\u2069]/u;

/** One line of text, trimmed, in the composed form (NFC) in which PDS and Latin-1 hold accented letters. */
const text = (max: number) =>
  z
    .string()
    .trim()
    .normalize('NFC')
    .min(1)
    .max(max)
    .refine((value) => !unsendable.test(value), withCode('CONTROL_CHARACTER'))
    .refine((value) => !value.includes('\uFFFD'), withCode('LETTER_LOST'));

const form = (pattern: RegExp, expected: string) => z.string().regex(pattern, expected);

const time = (what: string) =>
  form(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/,
    'Expected a date and time with seconds and offset (RFC 3339).',
  ).describe(what);

const sha256 = (what: string) =>
  form(/^[0-9a-f]{64}$/, 'Expected a SHA-256 as 64 hexadecimal digits in small letters.').describe(what);

const odsCode = (what: string) =>
  form(/^[A-Z0-9]{3,10}$/, 'Expected an ODS code: three to ten capital letters and digits.').describe(what);

const givenNames = (what: string) => z.array(text(100)).max(10).describe(what);

const patient = z
  .strictObject({
    nhsNumber: form(/^\d{10}$/, 'Expected ten digits without spaces.').describe(
      'NHS number, ten digits without spaces. It addresses the message, so it must be the one that PDS holds.',
    ),
    nhsNumberStatus: z
      .enum(['01', '02', '03', '04', '05', '06', '07', '08'])
      .describe('NHS number verification status. Only 01 (present and verified by a trace on PDS) is sent.'),
    family: text(familyNameLimit).describe(
      'Family name exactly as PDS holds it: MESH compares it to find the practice.',
    ),
    given: givenNames('Given names in order, at least one.').min(1),
    prefix: text(35).optional().describe('Title, such as Mrs.'),
    birthDate: form(/^\d{4}-\d{2}-\d{2}$/, 'Expected a date as YYYY-MM-DD.').describe(
      'Date of birth YYYY-MM-DD as PDS holds it: MESH compares it to find the practice.',
    ),
  })
  .describe('Whom the report is about.');

const practitioner = z
  .strictObject({
    sdsUserId: form(/^(?!UNK$)[A-Za-z0-9]{1,20}$/, 'Expected the SDS user id: letters and digits only, and not UNK.')
      .optional()
      .describe(
        'SDS user id of the clinician (GPCM-SD-032). In v2 it may be left out where it is not known; v1 demands it.',
      ),
    roleProfileId: form(/^[A-Za-z0-9]{1,20}$/, 'Expected the SDS role profile id: letters and digits only.')
      .optional()
      .describe('SDS role profile id under which the clinician acted.'),
    family: text(100).describe('Family name.'),
    given: givenNames('Given names; may be left out.').default([]),
    prefix: text(35).optional().describe('Title, such as Dr.'),
    phone: text(40).optional().describe('Telephone number under which the practice can ask back (GPCM-SD-034).'),
  })
  .describe('The clinician who saw the patient: the author of the document.');

const consultation = z
  .strictObject({
    startedAt: time('When the consultation began.'),
    endedAt: time('When it ended.').optional(),
    savedAt: time(
      'When the record was last saved: the three hours within which to send count from here (GPCM-SD-096).',
    ),
  })
  .describe('When the patient was seen. No time may lie more than five minutes in the future.');

const registeredPractice = z
  .strictObject({
    odsCode: odsCode('ODS code of the practice where the patient is registered, from your look-up on PDS.'),
    name: text(200).describe('Its name.'),
    lookedUpAt: time('When you looked it up.'),
  })
  .describe(
    'The practice that your PDS look-up named (GPCM-SD-084). If it is your own organisation, nothing is sent (GPCM-SD-083). MESH makes its own look-up when it routes the document.',
  );

const snomedCode = (what: string) =>
  form(/^\d{6,18}$/, 'Expected a SNOMED CT code: six to eighteen digits.').describe(what);

const careSetting = z
  .strictObject({
    code: snomedCode('SNOMED CT code, of the value set CareConnect-CareSettingType-1.'),
    display: text(200).describe('Its words.'),
  })
  .describe('Kind of care in which the patient was seen. v2 only.');

const event = z
  .strictObject({
    code: snomedCode('SNOMED CT code.'),
    display: text(200).describe('Its words.'),
    startedAt: time('When it began.').optional(),
    endedAt: time('When it ended.').optional(),
  })
  .describe('What the document is about.');

const attachment = z
  .strictObject({
    name: form(/^[A-Za-z0-9._-]{1,100}$/, 'Expected 1 to 100 of the characters A-Z a-z 0-9 . _ -').describe(
      'Object name of the attachment.',
    ),
    contentType: form(/^[a-z]+\/[a-z0-9.+-]{1,100}$/, 'Expected a media type such as image/png.').describe(
      'Media type; only the approved ones are sent (see below).',
    ),
    title: text(200).describe('What it is: the practice sees it as the title of the file.'),
    sha256: sha256('SHA-256 of its bytes.'),
  })
  .describe('A further file of the consultation.');

const actor = z
  .strictObject({
    userId: text(100).describe('User id in your system, or the SDS user id.'),
    roleId: text(100).optional().describe('Role in which they acted, such as the SDS role profile id.'),
    name: text(200).optional().describe('Name.'),
  })
  .describe('Who caused the document to be sent: goes to the audit record (FHIR-DOC-03), never to the practice.');

/** What a provider says about a document, beside the PDF. Strict: a field that is not listed here is refused. */
export const manifestSchema = z
  .strictObject({
    patient,
    practitioner,
    encounterId: form(/^[A-Za-z0-9._-]{1,100}$/, 'Expected 1 to 100 of the characters A-Z a-z 0-9 . _ -')
      .refine((id) => !holdsNhsNumber(id), withCode('ENCOUNTER_ID_HOLDS_NHS_NUMBER'))
      .describe(
        'Your id of the encounter, the same for every version of its report (GPCM-SD-042). It appears in receipts and logs, so it must say nothing about the patient; a UUID is best.',
      ),
    version: z
      .int()
      .min(1)
      .max(999)
      .describe('1 for the first report of the encounter, one more for each that replaces it (GPCM-SD-098).'),
    documentType: z
      .strictObject({
        code: snomedCode(
          'SNOMED CT code. v1 sends 371531000 (Report of clinical encounter) only; v2 also 149701000000109 (Remote health correspondence).',
        ),
        display: text(200).optional().describe('Its words; the message carries the standard’s own.'),
      })
      .describe('What kind of document it is.'),
    title: text(200)
      .optional()
      .describe(
        'Title, as the practice sees it. v1 sends Consultation report only; v2 any. Left out: the one of the document type.',
      ),
    confidential: z
      .boolean()
      .describe(
        'True if the consultation as a whole is marked confidential: then nothing is sent (SUPPRESSED), unless the operator has set your organisation to send redacted notifications.',
      ),
    redacted: z
      .boolean()
      .optional()
      .describe(
        'True if the PDF of a confidential consultation says neither what it was about nor where it took place. Demanded of a notification; anything else that is redacted is not sent.',
      ),
    consultation,
    registeredPractice,
    registeredHere: z
      .boolean()
      .optional()
      .describe(
        'True if the patient is registered with your own organisation: then nothing is sent (SUPPRESSED, GPCM-SD-083).',
      ),
    careSetting: careSetting.optional(),
    events: z.array(event).min(1).max(10).optional().describe('What the document is about. v2 only.'),
    attachments: z
      .array(attachment)
      .max(20)
      .default([])
      .describe('Further files, in the order in which the practice sees them; the report always comes first.'),
    pdf: z
      .strictObject({ sha256: sha256('SHA-256 of the PDF’s bytes.') })
      .optional()
      .describe(
        'Ties the PDF to this manifest, so that no other report can go out under this patient’s name. Required unless the operator has waived it for your organisation; without it, use every object name only once.',
      ),
    actor,
  })
  .meta({
    title: 'Manifest of a document for GP Connect Send Document',
    description:
      'Goes beside the PDF as inbox/{ODS code}/{name}.json. The sending organisation is the one of the folder; nothing in here can change it.',
  });

export type Manifest = z.output<typeof manifestSchema>;
/** What a provider writes: fields with a default may be left out. */
export type ManifestInput = z.input<typeof manifestSchema>;

/** What could be read of a manifest that is not right as a whole: any part may be missing. */
export type Salvaged<T> = T extends readonly (infer Item)[]
  ? readonly (Salvaged<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Salvaged<T[K]> | undefined }
    : T;
export type SalvagedManifest = Salvaged<Manifest>;
