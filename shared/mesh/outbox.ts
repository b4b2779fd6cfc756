import { formatChunkRange, maxParts } from './chunk-range.ts';
import { envelopeHeaders, type MeshEnvelope } from './envelope.ts';
import { completeTooSoon, postChunk, postFirst, refused } from './outbox-calls.ts';
import type { Refused, SendOutcome, UploadProgress } from './outcomes.ts';
import type { MeshPart } from './part-pump.ts';
import type { Session } from './session.ts';

/** MESH takes no larger request; over the internet about 20 MB is the practical limit. */
export const maxPartBytes = 100_000_000;

export interface SendOptions {
  /** Goes on with a message whose first part MESH has; the first part is not posted. */
  readonly resume?: UploadProgress;
  /**
   * Told whenever MESH has one part more in a row, the last one left out, and awaited before the next goes: what is
   * written down here can be resumed after a crash. One that throws stops the upload.
   */
  readonly onProgress?: (progress: UploadProgress) => Promise<void> | void;
  /**
   * Middle parts under way at a time; 1 unless told. The specification asks for parts in order, so more is for those
   * whom NHS England has told that it may be. First and last part always go alone.
   */
  readonly parallelParts?: number;
}

const report = 'A fault of this system: report it.';

const checkParts = (parts: readonly MeshPart[], resume: UploadProgress | undefined): Refused | undefined => {
  if (parts.length === 0 || parts.length > maxParts) return refused('The message has no parts, or too many.', report);
  for (const { length } of parts) {
    if (!Number.isInteger(length) || length <= 0) return refused('A part of the message is empty.', report);
    if (length > maxPartBytes) return refused('A part is larger than MESH takes (100 MB).', 'Make the parts smaller.');
  }
  if (resume && !(resume.meshMessageId && resume.nextPart >= 2 && resume.nextPart <= parts.length + 1)) {
    return refused('The message cannot be resumed at that part.', report);
  }
  return undefined;
};

/**
 * Sends a message: the first part once and never again (only a refused token is made anew), the others with repeats.
 * The parts are encoded already.
 */
export const send = async (
  session: Session,
  envelope: MeshEnvelope,
  parts: readonly MeshPart[],
  options: SendOptions = {},
): Promise<SendOutcome> => {
  const headers = envelopeHeaders(envelope, session.mailboxId);
  if (headers.kind !== 'ok') return headers;
  const fault = checkParts(parts, options.resume);
  if (fault) return fault;
  if (options.resume) return sendRest(session, envelope, parts, options, options.resume);

  const [firstPart] = parts;
  if (!firstPart) return refused('The message has no parts.', report);
  const total = parts.length;
  if (total === 1) return postFirst(session, headers.value, firstPart);
  const range = ['Mex-Chunk-Range', formatChunkRange({ part: 1, total })];
  const first = await postFirst(session, [...headers.value, ...range], firstPart);
  if (first.kind !== 'sent') return first;
  const upload = { meshMessageId: first.meshMessageId, nextPart: 2 };
  if (!(await told(options, upload))) return { ...notWritten, upload };
  return sendRest(session, envelope, parts, options, upload);
};

const notWritten = { kind: 'transient', reason: 'How far the upload has got could not be recorded.' } as const;

const told = async ({ onProgress }: SendOptions, progress: UploadProgress): Promise<boolean> => {
  try {
    await onProgress?.(progress);
    return true;
  } catch {
    return false;
  }
};

/** Everything after the first part: the middle ones, several at a time where that is wanted, then the last alone. */
const sendRest = async (
  session: Session,
  envelope: MeshEnvelope,
  parts: readonly MeshPart[],
  options: SendOptions,
  from: UploadProgress,
): Promise<SendOutcome> => {
  const { meshMessageId } = from;
  const total = parts.length;
  const { contentType, contentEncoding } = envelope;
  const encoding = contentEncoding === undefined ? {} : { contentEncoding };
  const acknowledged = new Set<number>();
  let upload = from;
  let next = from.nextPart;
  let ended: SendOutcome | undefined;

  const post = async (part: number): Promise<SendOutcome | undefined> => {
    const content = parts[part - 1];
    if (!content) return undefined;
    const result = await postChunk(session, { meshMessageId, part, total, content, contentType, ...encoding });
    switch (result.kind) {
      case 'ok':
        return undefined;
      case 'complete':
        // Only the last part completes a message; when resuming, what we know of its progress may be old.
        return part === total || options.resume ? { kind: 'sent', meshMessageId } : completeTooSoon;
      case 'unknown':
        // Without all of its parts a message goes nowhere: only the last one leaves a doubt.
        return part < total ? { kind: 'transient', reason: result.reason } : result;
      default:
        return result;
    }
  };
  let telling = Promise.resolve(true);
  /** Moves on over the parts that MESH has without a gap; one report after the other. */
  const advance = (part: number): Promise<boolean> => {
    acknowledged.add(part);
    let { nextPart } = upload;
    while (acknowledged.delete(nextPart)) nextPart++;
    if (nextPart === upload.nextPart) return Promise.resolve(true);
    upload = { meshMessageId, nextPart };
    const progress = upload;
    telling = telling.then(async (before) => before && (await told(options, progress)));
    return telling;
  };
  const worker = async () => {
    while (ended === undefined && next < total) {
      const part = next++;
      const failed = await post(part);
      if (failed) ended ??= failed;
      else if (!(await advance(part))) ended ??= notWritten;
    }
  };
  const width = Math.min(Math.max(1, Math.floor(options.parallelParts ?? 1)), Math.max(1, total - next));
  await Promise.all(Array.from({ length: width }, worker));
  ended ??= (upload.nextPart <= total ? await post(total) : undefined) ?? { kind: 'sent', meshMessageId };
  return ended.kind === 'sent' ? ended : { ...ended, upload };
};
