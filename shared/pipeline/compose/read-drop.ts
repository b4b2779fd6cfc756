import { createHash } from 'node:crypto';
import type { Half } from '../../delivery/drop.ts';
import type { Drop } from '../../delivery/events.ts';
import type { SourceAttachment } from '../../delivery/record.ts';
import { brokenDropId, documentIdOf, type OdsCode } from '../../platform/ids.ts';
import { type Objects, readWhole } from '../../platform/objects.ts';
import type { Mailbox } from '../../senders/mailbox.ts';
import { profileFor } from '../../senders/profile-for.ts';
import { messageLimitOf, type Sender } from '../../senders/sender.ts';
import { attachmentPath } from '../../submission/attachments/attachment-rules.ts';
import { inspectAttachment } from '../../submission/attachments/inspect-attachment.ts';
import { contentDigest } from '../../submission/content-identity.ts';
import { type Manifest, manifestLimit, type SalvagedManifest } from '../../submission/manifest.ts';
import { attachmentKey, manifestKey, nameProblem, pdfKey } from '../../submission/object-names.ts';
import { inspectPdf } from '../../submission/pdf.ts';
import { type Problem, problem } from '../../submission/problems.ts';
import type { RangedSource } from '../../submission/ranged-text.ts';
import { readManifest } from '../../submission/read-manifest.ts';
import { requestOf } from '../../submission/request-metadata.ts';
import { type CheckContext, checkManifest } from '../../submission/rules.ts';
import { staffIdsOf } from '../../submission/staff-ids.ts';
import type { ComposeContext } from './context.ts';
import { digestOf } from './digest-stream.ts';
import { messageSizeProblem } from './message-size.ts';

export interface Pair {
  readonly odsCode: OdsCode;
  readonly name: string;
  readonly manifest: Half;
  readonly pdf: Half;
  /** Where attachments lay when the document was registered; absent where the inbox is to be looked at. */
  readonly attachments?: readonly SourceAttachment[];
  /** Another drop has used this name. */
  readonly usedBefore: boolean;
}

/** What lies in the inbox under one name, read and judged. */
export type DropReading =
  | { readonly kind: 'sound'; readonly drop: Drop; readonly manifest: Manifest }
  | { readonly kind: 'wrong'; readonly drop: Drop; readonly problems: readonly Problem[] }
  /** The versions named are no longer there: somebody dealt with them. */
  | { readonly kind: 'gone' };

interface Version {
  readonly versionId: string;
  readonly size: number;
}

export const rangesOf = (drops: Objects, key: string, { versionId, size }: Version): RangedSource => ({
  size,
  async read(from, to) {
    const part = await drops.get(key, { versionId, range: { from, to } });
    if (!part) throw new Error('A file went away while it was looked at.');
    const bytes: Uint8Array[] = [];
    for await (const chunk of part.body) bytes.push(chunk);
    return Buffer.concat(bytes);
  },
});

const pdfProblems = async (drops: Objects, key: string, half: Half): Promise<Problem[]> => {
  const inspection = await inspectPdf(rangesOf(drops, key, half));
  return inspection.kind === 'ok' ? [] : [{ path: 'pdf', code: inspection.code, message: inspection.message }];
};

interface NamedAttachment {
  readonly name: string;
  readonly sha256: string;
  readonly contentType?: string | undefined;
  readonly path: string;
}

/** What a manifest names, also one that is not sound, as far as it names it. */
const namedAttachments = ({ attachments = [] }: SalvagedManifest): NamedAttachment[] =>
  attachments.flatMap((attachment, index) => {
    const { name, sha256, contentType } = attachment ?? {};
    if (name === undefined || sha256 === undefined || nameProblem(name) !== undefined) return [];
    return [{ name, sha256, contentType, path: attachmentPath(index) }];
  });

interface AttachmentLook {
  readonly source: SourceAttachment;
  readonly path: string;
  readonly problem?: Problem;
}

/** What lies in the inbox under an attachment's name, and what stands against it. */
const lookAtAttachment = async (
  drops: Objects,
  pair: Pair,
  limit: number,
  { name, sha256, contentType, path }: NamedAttachment,
): Promise<AttachmentLook> => {
  const key = attachmentKey(pair.odsCode, pair.name, name);
  const known = pair.attachments?.find((one) => one.name === name && one.sha256 === sha256)?.found;
  const version = known ?? (await drops.head(key));
  if (!version) return { source: { name, sha256 }, path };
  const { versionId, size } = version;
  const look = { source: { name, sha256, found: { versionId, size } }, path };
  // One that is too large alone is told with the size of the message, unread.
  if (contentType === undefined || size > limit) return look;
  const wrong = await inspectAttachment(rangesOf(drops, key, version), contentType, path);
  if (!wrong) return look;
  // Not the one that was named: the right one may still come, and only that one is judged.
  const there = await drops.get(key, { versionId });
  return there && (await digestOf(there.body)) === sha256
    ? { ...look, problem: wrong }
    : { source: { name, sha256 }, path };
};

/** Everything that is wrong with manifest and files, at once. */
export const readDrop = async (
  context: ComposeContext,
  pair: Pair,
  sender: Sender,
  mailbox: Mailbox,
): Promise<DropReading> => {
  const { drops, rules, clock } = context;
  const limit = messageLimitOf(sender);
  const keys = { manifest: manifestKey(pair.odsCode, pair.name), pdf: pdfKey(pair.odsCode, pair.name) };
  const found = await readWhole(drops, keys.manifest, manifestLimit, pair.manifest.versionId);
  if (found === undefined) return { kind: 'gone' };
  const bytes = found === 'too-large' ? undefined : found.bytes;
  const request = found === 'too-large' ? undefined : requestOf(found.metadata);
  const reading = bytes
    ? readManifest(bytes)
    : { kind: 'unreadable' as const, problems: [problem('MANIFEST_TOO_LARGE', 'manifest')] };
  const sha256 = createHash('sha256')
    .update(bytes ?? pair.manifest.versionId)
    .digest('hex');

  const check: CheckContext = {
    now: clock.now(),
    odsCode: pair.odsCode,
    profileFor: (practiceOdsCode) => profileFor(sender, practiceOdsCode),
    senderSettings: { requireDigest: sender.requireDigest },
    production: mailbox.setting.environment === 'production',
    refusedNhsNumbers: rules.refusedNhsNumbers,
    allowedNhsNumbers: rules.allowedNhsNumbers,
    ...(sender.allowedNhsNumbers?.length ? { senderAllowsOnly: sender.allowedNhsNumbers } : {}),
    refusedGivenNames: rules.refusedGivenNames,
  };
  const named =
    reading.kind === 'unreadable'
      ? []
      : namedAttachments(reading.kind === 'manifest' ? reading.manifest : reading.salvaged);
  const looks: AttachmentLook[] = [];
  for (const one of named) looks.push(await lookAtAttachment(drops, pair, limit, one));
  const tooLarge = messageSizeProblem(reading.kind === 'manifest' ? reading.manifest : undefined, sender, {
    pdf: pair.pdf.size,
    attachments: looks.map(({ source }) => source.found?.size ?? 0),
  });
  const problems = [
    ...(reading.kind === 'manifest' ? [] : reading.problems),
    ...(reading.kind === 'manifest' ? checkManifest(reading.manifest, check) : []),
    ...(reading.kind === 'partial' ? checkManifest(reading.salvaged, check) : []),
    ...(await pdfProblems(drops, keys.pdf, pair.pdf)),
    ...looks.flatMap((look) => look.problem ?? []),
    ...(tooLarge ? [tooLarge] : []),
    // Nothing but its name ties this PDF to this manifest (the digest is waived): then a name is used once.
    ...(reading.kind === 'manifest' && !reading.manifest.pdf && !sender.requireDigest && pair.usedBefore
      ? [problem('NAME_USED_AGAIN', 'name')]
      : []),
  ];

  const identity =
    reading.kind === 'manifest'
      ? { encounterId: reading.manifest.encounterId, version: reading.manifest.version }
      : reading.kind === 'partial'
        ? { encounterId: reading.encounterId, version: reading.version }
        : { encounterId: undefined, version: undefined };
  const { encounterId, version } = identity;
  const encounter = encounterId !== undefined && version !== undefined ? { encounterId, version } : undefined;

  // Where nobody names the PDF's digest it takes a reading of its own, so that the same drop is known as the same.
  const named256 = reading.kind === 'manifest' ? reading.manifest.pdf?.sha256 : undefined;
  const pdfSha256 =
    named256 ??
    (problems.length === 0
      ? await drops
          .get(keys.pdf, { versionId: pair.pdf.versionId })
          .then((pdf) => (pdf ? digestOf(pdf.body) : undefined))
      : undefined);
  const attachments = looks.map(({ source }) => source);
  const missing = looks.flatMap(({ source, path }) => (source.found ? [] : [path]));
  const sound = reading.kind === 'manifest' && problems.length === 0;
  const staff = reading.kind === 'manifest' ? staffIdsOf(reading.manifest) : undefined;
  const drop: Drop = {
    documentId: encounter
      ? documentIdOf(pair.odsCode, encounter.encounterId, encounter.version)
      : brokenDropId(pair.odsCode, pair.name, sha256),
    senderOds: pair.odsCode,
    name: pair.name,
    ...(encounter ?? {}),
    source: {
      contentDigest:
        reading.kind === 'manifest'
          ? contentDigest(reading.manifest, pdfSha256 ?? pair.pdf.versionId)
          : `${sha256}+${pair.pdf.versionId}`,
      manifest: { key: keys.manifest, versionId: pair.manifest.versionId, sha256 },
      pdf: {
        key: keys.pdf,
        versionId: pair.pdf.versionId,
        size: pair.pdf.size,
        ...(pdfSha256 === undefined ? {} : { sha256: pdfSha256 }),
      },
      ...(attachments.length === 0 ? {} : { attachments }),
      ...(request === undefined ? {} : { request }),
      ...(staff === undefined ? {} : { staff }),
    },
    ...(sound && missing.length > 0 ? { missing } : {}),
    discard: {
      name: pair.name,
      manifestVersionId: pair.manifest.versionId,
      pdfVersionId: pair.pdf.versionId,
      attachments: attachments.flatMap(({ name, found: there }) =>
        there ? [{ name, versionId: there.versionId }] : [],
      ),
    },
  };
  return sound && reading.kind === 'manifest'
    ? { kind: 'sound', drop, manifest: reading.manifest }
    : { kind: 'wrong', drop, problems };
};
