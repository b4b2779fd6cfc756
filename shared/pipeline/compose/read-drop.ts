import { createHash } from 'node:crypto';
import type { Half } from '../../delivery/drop.ts';
import type { Drop } from '../../delivery/events.ts';
import { brokenDropId, documentIdOf, type OdsCode } from '../../platform/ids.ts';
import { type Objects, readWhole } from '../../platform/objects.ts';
import type { Mailbox } from '../../senders/mailbox.ts';
import type { Sender } from '../../senders/sender.ts';
import { contentDigest } from '../../submission/content-identity.ts';
import { type Manifest, manifestLimit } from '../../submission/manifest.ts';
import { inspectPdf } from '../../submission/pdf.ts';
import { type Problem, problem } from '../../submission/problems.ts';
import { readManifest } from '../../submission/read-manifest.ts';
import { requestOf } from '../../submission/request-metadata.ts';
import { type CheckContext, checkManifest, pdfSizeProblem } from '../../submission/rules.ts';
import type { ComposeContext } from './context.ts';
import { digestOf } from './digest-stream.ts';

export interface Pair {
  readonly odsCode: OdsCode;
  readonly name: string;
  readonly manifest: Half;
  readonly pdf: Half;
  /** Another drop has used this name. */
  readonly usedBefore: boolean;
}

/** What lies in the inbox under one name, read and judged. */
export type DropReading =
  | { readonly kind: 'sound'; readonly drop: Drop; readonly manifest: Manifest }
  | { readonly kind: 'wrong'; readonly drop: Drop; readonly problems: readonly Problem[] }
  /** The versions named are no longer there: somebody dealt with them. */
  | { readonly kind: 'gone' };

export const manifestKey = (odsCode: string, name: string): string => `inbox/${odsCode}/${name}.json`;
export const pdfKey = (odsCode: string, name: string): string => `inbox/${odsCode}/${name}.pdf`;

const pdfProblems = async (drops: Objects, key: string, half: Half, maxPdfBytes: number): Promise<Problem[]> => {
  const tooLarge = pdfSizeProblem(half.size, maxPdfBytes);
  if (tooLarge) return [tooLarge];
  const inspection = await inspectPdf({
    size: half.size,
    async read(from, to) {
      const part = await drops.get(key, { versionId: half.versionId, range: { from, to } });
      if (!part) throw new Error('The PDF went away while it was looked at.');
      const bytes: Uint8Array[] = [];
      for await (const chunk of part.body) bytes.push(chunk);
      return Buffer.concat(bytes);
    },
  });
  return inspection.kind === 'ok' ? [] : [{ path: 'pdf', code: inspection.code, message: inspection.message }];
};

/** Everything that is wrong with manifest and PDF, at once. */
export const readDrop = async (
  context: ComposeContext,
  pair: Pair,
  sender: Sender,
  mailbox: Mailbox,
): Promise<DropReading> => {
  const { drops, rules, clock } = context;
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
    senderSettings: { requireDigest: sender.requireDigest, maxPdfBytes: rules.maxPdfBytes },
    production: mailbox.setting.environment === 'production',
    refusedNhsNumbers: rules.refusedNhsNumbers,
    allowedNhsNumbers: rules.allowedNhsNumbers,
    refusedGivenNames: rules.refusedGivenNames,
  };
  const problems = [
    ...(reading.kind === 'manifest' ? [] : reading.problems),
    ...(reading.kind === 'manifest' ? checkManifest(reading.manifest, check) : []),
    ...(reading.kind === 'partial' ? checkManifest(reading.salvaged, check) : []),
    ...(await pdfProblems(drops, keys.pdf, pair.pdf, rules.maxPdfBytes)),
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
  const named = encounterId !== undefined && version !== undefined ? { encounterId, version } : undefined;

  // Where nobody names the PDF's digest it takes a reading of its own, so that the same drop is known as the same.
  const named256 = reading.kind === 'manifest' ? reading.manifest.pdf?.sha256 : undefined;
  const pdfSha256 =
    named256 ??
    (problems.length === 0
      ? await drops
          .get(keys.pdf, { versionId: pair.pdf.versionId })
          .then((pdf) => (pdf ? digestOf(pdf.body) : undefined))
      : undefined);
  const drop: Drop = {
    documentId: named
      ? documentIdOf(pair.odsCode, named.encounterId, named.version)
      : brokenDropId(pair.odsCode, pair.name, sha256),
    senderOds: pair.odsCode,
    name: pair.name,
    ...(named ?? {}),
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
      ...(request === undefined ? {} : { request }),
    },
    discard: {
      name: pair.name,
      manifestVersionId: pair.manifest.versionId,
      pdfVersionId: pair.pdf.versionId,
    },
  };
  return reading.kind === 'manifest' && problems.length === 0
    ? { kind: 'sound', drop, manifest: reading.manifest }
    : { kind: 'wrong', drop, problems };
};
