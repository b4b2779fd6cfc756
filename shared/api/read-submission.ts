import type { JsonObject } from '../submission/json-text.ts';
import type { Manifest } from '../submission/manifest.ts';
import { readManifest } from '../submission/read-manifest.ts';
import { checkManifest } from '../submission/rules.ts';
import { type ApiProblem, apiProblem, manifestProblem } from './problems.ts';
import { type BodyReading, checkBody, readBody } from './read-body.ts';
import { submissionEnvelope } from './schemas.ts';

/** What a submission says of its PDF. */
export type NamedPdf =
  | { readonly kind: 'inline'; readonly bytes: Buffer }
  | { readonly kind: 'upload'; readonly uploadId: string };

/** The file of one attachment; without `file` where what was given of it is wrong. */
export interface GivenAttachment {
  readonly name: string;
  readonly path: string;
  readonly file?: NamedPdf;
}

export interface SubmissionReading {
  /** All that is wrong so far; the PDF is still to be looked at. */
  readonly problems: readonly ApiProblem[];
  /** Sound in itself, and as it was written. */
  readonly manifest?: { readonly read: Manifest; readonly json: JsonObject };
  readonly pdf?: NamedPdf;
  readonly attachments: readonly GivenAttachment[];
  /** Digest of the PDF that the manifest names; told also where the rest of the manifest is wrong. */
  readonly namedSha256?: string;
}

interface ReadingContext {
  readonly now: number;
  readonly odsCode: string;
  readonly maxInlineBytes: number;
}

const lengthOf = (base64: string): number => (base64.length / 4) * 3 - (/=*$/.exec(base64.slice(-2))?.[0].length ?? 0);

/** `before`: bytes of the files that came before it inside the same request. */
const readInline = (
  base64: string,
  path: string,
  before: number,
  { maxInlineBytes }: ReadingContext,
): ApiProblem | Buffer => {
  if (before + lengthOf(base64) > maxInlineBytes) {
    const says =
      before === 0
        ? `The file is too large to be sent inside the request (${maxInlineBytes} bytes at most).`
        : `The files are too large to be sent together inside the request (${maxInlineBytes} bytes at most).`;
    return apiProblem('INLINE_PDF_TOO_LARGE', path, says);
  }
  const bytes = Buffer.from(base64, 'base64');
  // Only what was encoded as it should be comes out the same again.
  return bytes.toString('base64') === base64 ? bytes : apiProblem('BASE64_NOT_VALID', path);
};

/** The files of attachments, and what is wrong with how they are given. */
const readAttachments = (
  given: readonly { name: string; base64?: string | undefined; uploadId?: string | undefined }[],
  before: number,
  context: ReadingContext,
): { readonly problems: readonly ApiProblem[]; readonly attachments: readonly GivenAttachment[] } => {
  const problems: ApiProblem[] = [];
  let inline = before;
  const attachments = given.map(({ name, base64, uploadId }, index): GivenAttachment => {
    const path = `attachments[${index}]`;
    if ((base64 === undefined) === (uploadId === undefined)) {
      problems.push(apiProblem('ATTACHMENT_BASE64_OR_UPLOAD', path));
      return { name, path };
    }
    if (base64 === undefined) {
      return { name, path, ...(uploadId ? { file: { kind: 'upload', uploadId: uploadId.toLowerCase() } } : {}) };
    }
    const bytes = readInline(base64, `${path}.base64`, inline, context);
    inline += lengthOf(base64);
    if (Buffer.isBuffer(bytes)) return { name, path, file: { kind: 'inline', bytes } };
    problems.push(bytes);
    return { name, path };
  });
  return { problems, attachments };
};

/**
 * The rules that can be held here: all but those that need the lists of the stage and the sender's mailbox, which
 * compose holds (docs/api/README.md). So: neither a number nor a name stands on a list.
 */
const manifestProblems = (json: JsonObject, { now, odsCode }: ReadingContext) => {
  const reading = readManifest(Buffer.from(JSON.stringify(json)));
  const check = {
    now,
    odsCode,
    senderSettings: { requireDigest: false },
    production: true,
    refusedNhsNumbers: [],
    allowedNhsNumbers: [],
    refusedGivenNames: [],
  };
  if (reading.kind === 'unreadable') return { problems: reading.problems.map(manifestProblem) };
  const salvaged = reading.kind === 'manifest' ? reading.manifest : reading.salvaged;
  const problems = [...(reading.kind === 'partial' ? reading.problems : []), ...checkManifest(salvaged, check)];
  const namedSha256 = salvaged.pdf?.sha256;
  return {
    problems: problems.map(manifestProblem),
    ...(reading.kind === 'manifest' ? { read: reading.manifest } : {}),
    ...(namedSha256 === undefined ? {} : { namedSha256 }),
  };
};

/** Reads a submission's body: everything that is wrong with it, and what is sound of it. Pure. */
export const readSubmission = (body: Uint8Array | undefined, context: ReadingContext): SubmissionReading => {
  const reading = readBody(body);
  if (reading.kind === 'problem') return { problems: [reading.problem], attachments: [] };
  const { problems } = checkBody(submissionEnvelope, reading);
  const { pdf: inlinePart, upload, attachments: given = [] } = partsOf(reading);
  const json = manifestOf(reading);
  const manifest = json && manifestProblems(json, context);
  const inline = inlinePart && readInline(inlinePart.base64, 'pdf.base64', 0, context);
  const files = readAttachments(given, inlinePart ? lengthOf(inlinePart.base64) : 0, context);
  const chosen = ['pdf', 'upload'].filter((field) => Object.hasOwn(reading.value, field));
  const pdf: NamedPdf | undefined = Buffer.isBuffer(inline)
    ? { kind: 'inline', bytes: inline }
    : upload && { kind: 'upload', uploadId: upload.uploadId.toLowerCase() };
  return {
    problems: [
      ...problems,
      ...(chosen.length === 1 ? [] : [apiProblem('PDF_OR_UPLOAD', ['pdf', 'upload'])]),
      ...(inline && !Buffer.isBuffer(inline) ? [inline] : []),
      ...files.problems,
      ...(manifest?.problems ?? []),
    ],
    ...(json && manifest?.read ? { manifest: { read: manifest.read, json } } : {}),
    ...(pdf && chosen.length === 1 ? { pdf } : {}),
    attachments: files.attachments,
    ...(manifest?.namedSha256 === undefined ? {} : { namedSha256: manifest.namedSha256 }),
  };
};

/** Each by itself: a body that is wrong elsewhere still has its PDF looked at, so that everything is told at once. */
const partsOf = ({ value }: Extract<BodyReading, { kind: 'object' }>) => {
  const { pdf, upload, attachments } = submissionEnvelope.shape;
  return {
    pdf: pdf.safeParse(value.pdf).data,
    upload: upload.safeParse(value.upload).data,
    attachments: attachments.safeParse(value.attachments).data,
  };
};

/** Also of a body that is wrong elsewhere, so that its problems are told with the others. */
const manifestOf = ({ value }: Extract<BodyReading, { kind: 'object' }>): JsonObject | undefined => {
  const { manifest } = value;
  return typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)
    ? (manifest as JsonObject)
    : undefined;
};
