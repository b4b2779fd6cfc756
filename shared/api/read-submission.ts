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

export interface SubmissionReading {
  /** All that is wrong so far; the PDF is still to be looked at. */
  readonly problems: readonly ApiProblem[];
  /** Sound in itself, and as it was written. */
  readonly manifest?: { readonly read: Manifest; readonly json: JsonObject };
  readonly pdf?: NamedPdf;
}

interface ReadingContext {
  readonly now: number;
  readonly odsCode: string;
  readonly maxInlineBytes: number;
  readonly maxPdfBytes: number;
}

const readInline = (base64: string, { maxInlineBytes }: ReadingContext): ApiProblem | Buffer => {
  const padding = /=*$/.exec(base64.slice(-2))?.[0].length ?? 0;
  if ((base64.length / 4) * 3 - padding > maxInlineBytes) {
    const says = `The PDF is too large to be sent inside the request (${maxInlineBytes} bytes at most).`;
    return apiProblem('INLINE_PDF_TOO_LARGE', 'pdf.base64', says);
  }
  const bytes = Buffer.from(base64, 'base64');
  // Only what was encoded as it should be comes out the same again.
  return bytes.toString('base64') === base64 ? bytes : apiProblem('BASE64_NOT_VALID', 'pdf.base64');
};

/**
 * The rules that can be held here: all but those that need the lists of the stage and the sender's mailbox, which
 * compose holds (docs/api/README.md). So: neither a number nor a name stands on a list.
 */
const manifestProblems = (json: JsonObject, { now, odsCode, maxPdfBytes }: ReadingContext) => {
  const reading = readManifest(Buffer.from(JSON.stringify(json)));
  const check = {
    now,
    odsCode,
    senderSettings: { requireDigest: false, maxPdfBytes },
    production: true,
    refusedNhsNumbers: [],
    allowedNhsNumbers: [],
    refusedGivenNames: [],
  };
  if (reading.kind === 'unreadable') return { problems: reading.problems.map(manifestProblem) };
  const salvaged = reading.kind === 'manifest' ? reading.manifest : reading.salvaged;
  const problems = [...(reading.kind === 'partial' ? reading.problems : []), ...checkManifest(salvaged, check)];
  return {
    problems: problems.map(manifestProblem),
    ...(reading.kind === 'manifest' ? { read: reading.manifest } : {}),
  };
};

/** Reads a submission's body: everything that is wrong with it, and what is sound of it. Pure. */
export const readSubmission = (body: Uint8Array | undefined, context: ReadingContext): SubmissionReading => {
  const reading = readBody(body);
  if (reading.kind === 'problem') return { problems: [reading.problem] };
  const { problems, value } = checkBody(submissionEnvelope, reading);
  const json = manifestOf(reading);
  const manifest = json && manifestProblems(json, context);
  const inline = value?.pdf && readInline(value.pdf.base64, context);
  const chosen = ['pdf', 'upload'].filter((field) => Object.hasOwn(reading.value, field));
  const pdf: NamedPdf | undefined = Buffer.isBuffer(inline)
    ? { kind: 'inline', bytes: inline }
    : value?.upload && { kind: 'upload', uploadId: value.upload.uploadId.toLowerCase() };
  return {
    problems: [
      ...problems,
      ...(chosen.length === 1 ? [] : [apiProblem('PDF_OR_UPLOAD', ['pdf', 'upload'])]),
      ...(inline && !Buffer.isBuffer(inline) ? [inline] : []),
      ...(manifest?.problems ?? []),
    ],
    ...(json && manifest?.read ? { manifest: { read: manifest.read, json } } : {}),
    ...(pdf && chosen.length === 1 ? { pdf } : {}),
  };
};

/** Also of a body that is wrong elsewhere, so that its problems are told with the others. */
const manifestOf = ({ value }: Extract<BodyReading, { kind: 'object' }>): JsonObject | undefined => {
  const { manifest } = value;
  return typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)
    ? (manifest as JsonObject)
    : undefined;
};
