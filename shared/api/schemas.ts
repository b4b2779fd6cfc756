import { z } from 'zod';
import { attentionCodes } from '../delivery/attention-codes.ts';
import { resolutionRoutes } from '../delivery/record.ts';
import { movers, states } from '../delivery/states.ts';
import { warningCodes } from '../delivery/warnings.ts';
import { attachmentTypes } from '../itk3/attachment-types.ts';
import { manifestSchema } from '../submission/manifest.ts';

/** What goes in and out of the API: requests are checked by these, docs/api/openapi.yaml is made from them. */

const documentId = z
  .uuid()
  .describe(
    'Names one version of one encounter’s report of your organisation: the same content again has the same id.',
  );
const time = z.iso.datetime().describe('RFC 3339, UTC.');
const whoseMove = z
  .enum(movers)
  .describe(
    'Who has to do something next. “the sender” is your organisation, “the operators” those who run this system.',
  );

export const uploadRequest = z.strictObject({
  size: z.int().min(1).describe('Length of the file in bytes: the upload must have exactly this length.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe(
      'SHA-256 of the file, 64 hexadecimal digits in small letters: the upload must have exactly this content.',
    ),
  contentType: z
    .enum(attachmentTypes.map(({ mediaType }) => mediaType))
    .default('application/pdf')
    .describe('Of an attachment: its approved media type, as in the manifest. The report is a PDF.'),
});

export const uploadAnswer = z.strictObject({
  uploadId: z
    .uuid()
    .describe('Name it as upload.uploadId, or as uploadId of an attachment, when you submit, within a day.'),
  url: z.url().describe('Where to post the form (multipart/form-data).'),
  fields: z
    .record(z.string(), z.string())
    .describe('Fields of the form, to be sent as they are; the file comes last, in a field named file.'),
  expiresAt: time.describe('Until when the form can be posted.'),
});

const inlinePdf = z
  .strictObject({ base64: z.string().min(1).describe('The PDF in base64, on one line (RFC 4648, section 4).') })
  .describe('The PDF itself, if it is small enough.');
const namedUpload = z
  .strictObject({ uploadId: z.uuid().describe('From POST /v1/uploads, once the PDF is posted.') })
  .describe('A PDF that was uploaded before.');

const attachmentFile = z
  .strictObject({
    name: z.string().min(1).max(100).describe('Name that the manifest gives the attachment.'),
    base64: z.string().min(1).optional().describe('The file in base64, on one line (RFC 4648, section 4).'),
    uploadId: z.uuid().optional().describe('From POST /v1/uploads, asked for with the attachment’s contentType.'),
  })
  .describe('The file of one attachment, with either base64 or uploadId.');
const attachmentFiles = z
  .array(attachmentFile)
  .max(20)
  .optional()
  .describe('The files of all that the manifest names under attachments, and no others.');

/** As it is published; the manifest is read apart, by what reads a dropped one. */
export const submissionRequest = z
  .strictObject({
    manifest: manifestSchema.describe(
      'What docs/manifest.md describes. pdf.sha256 may be left out: PDF and manifest come together here.',
    ),
    pdf: inlinePdf.optional(),
    upload: namedUpload.optional(),
    attachments: attachmentFiles,
  })
  .describe('A manifest with either pdf or upload, and the files of its attachments.');

export const submissionEnvelope = z.strictObject({
  manifest: z.looseObject({}),
  pdf: inlinePdf.optional(),
  upload: namedUpload.optional(),
  attachments: attachmentFiles,
});

export const submissionAnswer = z.strictObject({
  documentId,
  state: z.enum(states).describe('RECEIVED, or what has become of the document if it was handed over before.'),
  custody: z.string().describe('What this answer promises, in words.'),
});

const problem = z.strictObject({
  path: z.string().describe('Where: a path in the manifest, or pdf.'),
  code: z.string().describe('A code of docs/manifest.md.'),
  message: z.string(),
});

export const documentAnswer = z.strictObject({
  documentId,
  encounterId: z.string().optional(),
  version: z.int().optional(),
  revision: z.int().describe('Rises with every change; 0 before the document is registered.'),
  receivedAt: time,
  state: z.enum(states),
  meaning: z.string().describe('What the state means. ACCEPTED does not mean that anybody has read the document.'),
  whoseMove,
  advice: z.string().optional().describe('What to do, where there is something to do.'),
  attention: z
    .array(
      z.strictObject({
        code: z.enum(attentionCodes).describe('Stable; docs/states.md explains each.'),
        since: time.describe('Since when it is so.'),
        what: z.string().describe('What is wrong.'),
        whoseMove,
        todo: z.string().describe('What to do.'),
        practice: z
          .strictObject({ odsCode: z.string().optional(), name: z.string().optional() })
          .optional()
          .describe('The practice that it is about, where one is known.'),
      }),
    )
    .optional()
    .describe('What needs a person, most pressing first; absent where nothing does.'),
  resolutions: z
    .array(z.strictObject({ at: time, by: z.string(), route: z.enum(resolutionRoutes), note: z.string().optional() }))
    .optional()
    .describe('What people did about it, oldest first.'),
  problems: z.array(problem).optional().describe('Why it was rejected here: all of it.'),
  warnings: z
    .array(
      z.strictObject({
        code: z.enum(warningCodes).describe('Stable; docs/manifest.md explains each.'),
        message: z.string(),
        whoseMove,
      }),
    )
    .optional()
    .describe('What somebody should know beside: what other versions of the same encounter mean, that it came late.'),
  patientCheck: z
    .strictObject({ outcome: z.enum(['matched', 'no-number', 'unchecked', 'other-patient']), meaning: z.string() })
    .optional()
    .describe('Whether the NHS numbers in the PDF’s text are the patient’s; absent until it was looked at.'),
  routedTo: z
    .strictObject({
      mailboxId: z.string(),
      odsCode: z.string().optional(),
      organisation: z.string().optional(),
      at: time.describe('When MESH said so.'),
    })
    .optional()
    .describe('The practice that MESH chose by the national record; absent until MESH has said so.'),
  possibleDuplicate: z.literal(true).optional().describe('The practice may hold two copies.'),
  overdueSince: time.optional().describe('The practice is longer in answering than it should be.'),
  held: z
    .array(z.strictObject({ reason: z.string(), why: z.string(), at: time }))
    .optional()
    .describe('Why it goes no further for now.'),
  history: z
    .array(
      z.strictObject({
        at: time,
        what: z.string(),
        detail: z.string().optional(),
        times: z.int().optional().describe('How often in a row; at is the first time.'),
      }),
    )
    .describe('Oldest first.'),
  refusals: z
    .array(
      z.strictObject({
        at: time,
        requestId: z.string().optional().describe('The request that handed it over, where it is still known.'),
        correlationId: z.string().optional(),
        problems: z.array(problem),
      }),
    )
    .optional()
    .describe(
      'Submissions that were taken with 202 and then refused, since other content had come by another way before them. What they held is not sent: the move is yours until a later submission of this document is taken, or a later version takes its place.',
    ),
  requests: z
    .array(z.strictObject({ requestId: z.string(), correlationId: z.string().optional() }))
    .optional()
    .describe('The requests that handed it over: the first content, then each correction.'),
});
export type DocumentAnswer = z.output<typeof documentAnswer>;

export const listLimit = { most: 100, usual: 25 } as const;

export const listAnswer = z.strictObject({
  documents: z.array(
    z.strictObject({ documentId, state: z.enum(states), whoseMove, updatedAt: time.describe('Last change.') }),
  ),
  cursor: z
    .string()
    .optional()
    .describe('There may be more: give it as cursor, with the other parameters as they were. A page may be empty.'),
});

export const pingAnswer = z.strictObject({ status: z.literal('up') });
const part = z.enum(['up', 'down']);
export const statusAnswer = z.strictObject({ status: part, records: part, storage: part });
