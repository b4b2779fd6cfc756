import { createHash } from 'node:crypto';
import { attachmentTypeOf } from '../itk3/attachment-types.ts';
import { digestOf } from '../pipeline/compose/digest-stream.ts';
import type { Objects } from '../platform/objects.ts';
import { attachmentPath } from '../submission/attachments/attachment-rules.ts';
import { inspectAttachment } from '../submission/attachments/inspect-attachment.ts';
import type { Manifest } from '../submission/manifest.ts';
import type { RangedSource } from '../submission/ranged-text.ts';
import { attachmentUpload, pdfMediaType, uploadObject } from './create-upload.ts';
import { type ApiProblem, apiProblem, manifestProblem } from './problems.ts';
import type { GivenAttachment, NamedPdf } from './read-submission.ts';
import type { FoundPdf } from './submitted-pdf.ts';

/** An attachment as it was found, to be stored in the inbox under its name. */
export type FoundAttachment = FoundPdf & { readonly name: string; readonly contentType: string };

export interface AttachmentsLook {
  readonly problems: readonly ApiProblem[];
  readonly found: readonly FoundAttachment[];
}

interface Found {
  readonly file: FoundPdf;
  readonly source: RangedSource;
}

const find = async (
  drops: Objects,
  odsCode: string,
  file: NamedPdf,
  contentType: string,
): Promise<Found | undefined> => {
  if (file.kind === 'inline') {
    const { bytes } = file;
    return {
      file: { ...file, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
      source: { size: bytes.length, read: async (from, to) => bytes.subarray(from, to) },
    };
  }
  const isPdf = attachmentTypeOf(contentType)?.mediaType === pdfMediaType;
  const key = (isPdf ? uploadObject : attachmentUpload)(odsCode, file.uploadId);
  const head = await drops.head(key);
  if (!head) return undefined;
  const bytesOf = async (range?: { from: number; to: number }) => {
    const part = await drops.get(key, range ? { range } : {});
    if (!part) throw new Error('An upload went away while it was looked at.');
    return part.body;
  };
  return {
    file: {
      kind: 'upload',
      key,
      etag: head.etag,
      size: head.size,
      // The form demands the checksum, so storage knows it.
      sha256: head.sha256 ?? (await digestOf(await bytesOf())),
    },
    source: {
      size: head.size,
      async read(from, to) {
        const parts: Uint8Array[] = [];
        for await (const part of await bytesOf({ from, to })) parts.push(part);
        return Buffer.concat(parts);
      },
    },
  };
};

/** Looks at the files that come with a submission: each that the manifest names must be there, and no other. */
export const lookAtAttachments = async (
  drops: Objects,
  odsCode: string,
  { attachments }: Pick<Manifest, 'attachments'>,
  given: readonly GivenAttachment[],
): Promise<AttachmentsLook> => {
  const problems: ApiProblem[] = [];
  const found: FoundAttachment[] = [];
  for (const { name, path } of given) {
    if (!attachments.some((one) => one.name === name)) {
      problems.push(apiProblem('ATTACHMENT_NOT_IN_MANIFEST', `${path}.name`));
    } else if (given.find((one) => one.name === name)?.path !== path) {
      problems.push(apiProblem('ATTACHMENT_TWICE', `${path}.name`));
    }
  }
  for (const [index, { name, contentType, sha256 }] of attachments.entries()) {
    const path = attachmentPath(index);
    const one = given.find((other) => other.name === name);
    if (!one) {
      problems.push(apiProblem('ATTACHMENT_FILE_MISSING', `manifest.${path}`));
      continue;
    }
    if (!one.file) continue;
    const there = await find(drops, odsCode, one.file, contentType);
    if (!there) {
      problems.push(apiProblem('UPLOAD_NOT_FOUND', `${one.path}.uploadId`));
      continue;
    }
    if (there.file.sha256 !== sha256) {
      problems.push(apiProblem('ATTACHMENT_DIGEST_DIFFERS', `manifest.${path}.sha256`));
      continue;
    }
    const wrong = await inspectAttachment(there.source, contentType, path);
    if (wrong) problems.push(manifestProblem(wrong));
    found.push({ ...there.file, name, contentType: attachmentTypeOf(contentType)?.mediaType ?? contentType });
  }
  return { problems, found };
};
