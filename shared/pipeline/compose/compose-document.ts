import { type Applied, applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { envelopeObject, manifestObject, messageFolder, partObject } from '../../delivery/keys.ts';
import { currentComposition, dropNameOf, foundAttachments } from '../../delivery/record.ts';
import { checkSkeleton } from '../../itk3/checker.ts';
import { composeProblems } from '../../itk3/compose-problems.ts';
import { composeMessage, messageLength, messagePieces } from '../../itk3/message.ts';
import { routingOf } from '../../itk3/routing.ts';
import { subjectOf } from '../../itk3/wording.ts';
import type { Objects } from '../../platform/objects.ts';
import { profileFor } from '../../senders/profile-for.ts';
import type { Sender } from '../../senders/sender.ts';
import { attachmentPath } from '../../submission/attachments/attachment-rules.ts';
import type { Manifest } from '../../submission/manifest.ts';
import { attachmentKey } from '../../submission/object-names.ts';
import { problem } from '../../submission/problems.ts';
import type { EnvelopeFile } from '../envelope.ts';
import type { ComposeContext } from './context.ts';
import { DigestMismatch, withDigest } from './digest-stream.ts';
import { toCompose } from './document-to-compose.ts';
import { encodingFor, storeTransport } from './transport-parts.ts';

interface FileToRead {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
  readonly sha256: string | undefined;
  /** Where the manifest names its digest. */
  readonly path: string;
}

/** The report, then the attachments in the manifest's order; or which of them are not there. */
const filesOf = (
  record: StoredRecord,
): { readonly files: readonly FileToRead[]; readonly missing: readonly string[] } => {
  const { source } = currentComposition(record);
  const { pdf, attachments = [] } = source;
  const name = dropNameOf(source);
  const looks = attachments.map(({ found, ...one }, index) => ({ ...one, found, path: attachmentPath(index) }));
  return {
    files: [
      { ...pdf, sha256: pdf.sha256, path: 'pdf.sha256' },
      ...looks.flatMap(({ found, sha256, path, ...one }) =>
        found ? [{ key: attachmentKey(record.senderOds, name, one.name), ...found, sha256, path }] : [],
      ),
    ],
    missing: looks.flatMap(({ found, path }) => (found ? [] : [path])),
  };
};

/** A file from beginning to end, opened when its turn comes. Throws DigestMismatch at its end. */
async function* bytesOf(drops: Objects, { key, versionId, sha256, path }: FileToRead): AsyncGenerator<Uint8Array> {
  const found = await drops.get(key, { versionId });
  if (!found) throw new Error('A file of the drop is gone before its message was stored.');
  try {
    yield* withDigest(found.body, sha256, path);
  } finally {
    found.discard();
  }
}

/**
 * Builds the message of a RECEIVED document and stores its transport bytes, reading each file once, as a stream. The
 * record says COMPOSED only when all of it is durable. Composing again gives the same bytes.
 */
export const composeDocument = async (
  context: ComposeContext,
  record: StoredRecord,
  manifest: Manifest,
  sender: Sender,
): Promise<Applied> => {
  const { clock, messages, drops, settings } = context;
  const composition = currentComposition(record);
  const { documentId } = record;
  const input = toCompose(record, manifest, sender);
  const profile = profileFor(sender, manifest.registeredPractice.odsCode);
  const problems = composeProblems(input, profile);
  const routing = routingOf(input.patient);
  if (problems.length > 0 || routing.kind === 'problem') {
    return applyEvent(context, documentId, { kind: 'rejected', composition: composition.number, problems });
  }

  const { to } = routing;
  const subject = subjectOf(input, profile);
  const { workflowId } = profile;
  // GPCM-SD-145: the sending organisation's ODS code, by which nothing can be found, unless NHS England agreed otherwise.
  const isUnique = sender.localId === 'unique';
  const localId = isUnique ? composition.messageHeaderId : sender.odsCode;
  const issues = checkSkeleton(composeMessage(input, profile).pieces, profile, {
    to,
    subject,
    workflowId,
    localId,
    from: sender.mailboxId,
  }).filter(({ severity }) => severity === 'error');
  if (issues.length > 0) {
    context.log.error('MESSAGE_NOT_CONFORMANT', { documentId, count: issues.length, what: issues[0]?.path ?? '' });
    const faults = issues.map(({ path, message, requirements }) =>
      problem(
        'MESSAGE_NOT_CONFORMANT',
        'manifest',
        `What this system made of it is not as the standard asks: ${path} ${message} (${requirements.join(', ')}).`,
      ),
    );
    return applyEvent(context, documentId, { kind: 'rejected', composition: composition.number, problems: faults });
  }

  const { files, missing } = filesOf(record);
  const filesMissing = (paths: readonly string[]) =>
    applyEvent(context, documentId, { kind: 'named-files-missing', composition: composition.number, paths });
  if (missing.length > 0) return filesMissing(missing);
  const folder = messageFolder(documentId, composition.number, context.ids.uuid());
  const sizes = files.map(({ size }) => size);
  const encoding = encodingFor(messageLength(input, sizes, profile));
  const stored = await storeTransport(
    messagePieces(
      input,
      files.map((file) => bytesOf(drops, file)),
      profile,
    ),
    encoding,
    (part, bytes) => messages.upload(partObject(folder, part), bytes, 'application/octet-stream'),
  ).catch((error: unknown) => {
    if (error instanceof DigestMismatch) return error;
    throw error;
  });
  if (stored instanceof DigestMismatch) return filesMissing([stored.path]);

  const { family, nhsNumber, birthDate } = manifest.patient;
  const envelope: EnvelopeFile = {
    to,
    subject,
    workflowId,
    localId,
    ...(isUnique ? { uniqueLocalId: true } : {}),
    mailboxId: sender.mailboxId,
    contentType: 'application/xml',
    ...(encoding === undefined ? {} : { contentEncoding: encoding }),
    parts: [...stored.parts],
    patient: { nhsNumber, birthDate, family },
    actor: manifest.actor,
  };
  await messages.put(manifestObject(folder), JSON.stringify(manifest));
  await messages.put(envelopeObject(folder), JSON.stringify(envelope));
  return applyEvent(context, documentId, {
    kind: 'composed',
    composition: composition.number,
    giveUpAt: clock.now() + settings.giveUpAfter,
    stored: {
      at: clock.now(),
      folder,
      xmlDigest: stored.xmlDigest,
      ...(encoding === undefined ? {} : { contentEncoding: encoding }),
      parts: stored.parts,
      mailboxId: sender.mailboxId,
      workflowId,
    },
    discard: {
      name: dropNameOf(composition.source),
      manifestVersionId: composition.source.manifest.versionId,
      pdfVersionId: composition.source.pdf.versionId,
      attachments: foundAttachments(composition.source),
    },
  });
};
