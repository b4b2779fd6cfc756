import type { Drop } from '../../delivery/events.ts';
import { reduce } from '../../delivery/reduce.ts';
import { composeProblems } from '../../itk3/compose-problems.ts';
import { messageLength } from '../../itk3/message.ts';
import type { DocumentId, MessageHeaderId, OdsCode } from '../../platform/ids.ts';
import { profileFor } from '../../senders/profile-for.ts';
import { messageLimitOf, type Sender } from '../../senders/sender.ts';
import type { Manifest } from '../../submission/manifest.ts';
import { type Problem, problem } from '../../submission/problems.ts';
import { toCompose } from './document-to-compose.ts';

const anyId = '00000000-0000-4000-8000-000000000000';
const none = { key: '', versionId: '', sha256: '', size: 0 };

/** A document whose ids are as long as any: the message around the files does not depend on more than that. */
const asLongAsAny: Drop = {
  documentId: anyId as DocumentId,
  senderOds: '' as OdsCode,
  name: '',
  source: { contentDigest: '', manifest: none, pdf: none },
  discard: { name: '' },
};

const aroundFiles = (manifest: Manifest, sender: Sender): number => {
  const ids = () => ({ messageHeaderId: anyId as MessageHeaderId, documentBundleId: anyId });
  const born = reduce(undefined, { kind: 'dropped', drop: asLongAsAny, ids }, 0);
  if (born.kind === 'no-op') return 0;
  // As a replacement, which is the longest that the message can be.
  const compositions = born.record.compositions.map((composition) => ({ ...composition, replaces: anyId }));
  const input = toCompose({ ...born.record, compositions }, manifest, sender);
  const profile = profileFor(sender, manifest.registeredPractice.odsCode);
  return composeProblems(input, profile).length > 0
    ? 0
    : messageLength(
        input,
        input.files.map(() => 0),
        profile,
      );
};

const inBase64 = (size: number): number => 4 * Math.ceil(size / 3);

export interface FilesToSend {
  readonly pdf: number;
  readonly attachments: readonly number[];
}

/**
 * The one rule on size: the message that these files (in bytes) would make must not be longer than the sender may send.
 * Undefined where it may go. Known before anything is read; where the manifest is not sound, by the files alone.
 */
export const messageSizeProblem = (
  manifest: Manifest | undefined,
  sender: Sender,
  files: FilesToSend,
): Problem | undefined => {
  const around = manifest ? aroundFiles(manifest, sender) : 0;
  const limit = messageLimitOf(sender);
  const withReport = around + inBase64(files.pdf);
  const length = files.attachments.reduce((sum, size) => sum + inBase64(size), withReport);
  if (length <= limit) return undefined;
  return problem(
    'MESSAGE_TOO_LARGE',
    withReport > limit ? 'pdf' : 'attachments',
    `The message would have ${length} bytes, and this organisation may send ${limit}: files of about ${Math.floor((limit * 3) / 4 / 1000)} kB in all.`,
  );
};
