import { createHash } from 'node:crypto';
import { digestOf } from '../pipeline/compose/digest-stream.ts';
import type { Objects } from '../platform/objects.ts';
import { inspectPdf } from '../submission/pdf.ts';
import { uploadObject } from './create-upload.ts';
import { type ApiProblem, apiProblem, manifestProblem } from './problems.ts';
import type { NamedPdf } from './read-submission.ts';

/** A PDF as it was found, to be stored in the inbox. */
export type FoundPdf = { readonly sha256: string; readonly size: number } & (
  | { readonly kind: 'inline'; readonly bytes: Buffer }
  | { readonly kind: 'upload'; readonly key: string; readonly etag: string }
);

export interface PdfLook {
  readonly problems: readonly ApiProblem[];
  readonly found?: FoundPdf;
}

const inspect = async (size: number, read: (from: number, to: number) => Promise<Uint8Array>) => {
  const inspection = await inspectPdf({ size, read });
  return inspection.kind === 'ok' ? [] : [manifestProblem({ path: 'pdf', ...inspection })];
};

const lookAtUpload = async (
  drops: Objects,
  { odsCode, uploadId }: { odsCode: string; uploadId: string },
): Promise<PdfLook> => {
  const key = uploadObject(odsCode, uploadId);
  const head = await drops.head(key);
  if (!head) return { problems: [apiProblem('UPLOAD_NOT_FOUND', 'upload.uploadId')] };
  const bytesOf = async (range: { range?: { from: number; to: number } }) => {
    const part = await drops.get(key, range);
    if (!part) throw new Error('An upload went away while it was looked at.');
    return part.body;
  };
  const problems = await inspect(head.size, async (from, to) => {
    const parts: Uint8Array[] = [];
    for await (const part of await bytesOf({ range: { from, to } })) parts.push(part);
    return Buffer.concat(parts);
  });
  // The form demands the checksum, so storage knows it.
  const sha256 = head.sha256 ?? (await digestOf(await bytesOf({})));
  return { problems, found: { kind: 'upload', key, etag: head.etag, size: head.size, sha256 } };
};

/** Looks at the PDF that a submission names: everything that is wrong with it, and where it lies. */
export const lookAtPdf = async (
  drops: Objects,
  pdf: NamedPdf,
  { odsCode }: { readonly odsCode: string },
): Promise<PdfLook> => {
  if (pdf.kind === 'upload') return lookAtUpload(drops, { odsCode, uploadId: pdf.uploadId });
  const { bytes } = pdf;
  return {
    problems: await inspect(bytes.length, async (from, to) => bytes.subarray(from, to)),
    found: { kind: 'inline', bytes, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
  };
};
