import type { OutgoingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { discard, errorBodyLimit, readError, readJson } from './answers.ts';
import { callSafely, exchangeOnce, mailboxPath, pause, repeats, type Session } from './calls.ts';
import { formatChunkRange, maxParts } from './chunk-range.ts';
import { envelopeHeaders, type MeshEnvelope } from './envelope.ts';
import type {
  ChunkOutcome,
  Configuration,
  Refused,
  SendOutcome,
  Transient,
  UnknownOutcome,
  UploadProgress,
} from './outcomes.ts';
import type { MeshPart } from './transport.ts';

/** MESH takes no larger request; over the internet about 20 MB is the practical limit. */
export const maxPartBytes = 100_000_000;

/** A POST is begun only with at least this much of the clock's time left: a cut-off one would be a doubt. */
const leastTimeToPost = 1000;

const acceptedAnswer = z.union([
  z.object({ message_id: z.string().min(1) }).transform((body) => body.message_id),
  z.object({ messageID: z.string().min(1) }).transform((body) => body.messageID),
]);

const refused = (reason: string, advice: string): Refused => ({ kind: 'refused', reason, advice });

const noTime: Transient = { kind: 'transient', reason: 'Too little time was left to post the message.' };

/**
 * A connection that has just answered, so that nothing but the message itself can go wrong after its first byte.
 * Whatever MESH answers to the ping proves the connection; being out of order keeps the message back.
 */
const prove = async (session: Session): Promise<Transient | Configuration | undefined> => {
  if (session.transport.hasProvenConnection()) return undefined;
  const call = { method: 'GET', path: '/messageexchange/_ping', headers: {} } as const;
  const called = await callSafely(session, call, [400, 401, 403, 404, 405, 410]);
  if (called.kind === 'answered') {
    await discard(called.answer);
    return undefined;
  }
  if (called.kind === 'transient' || called.kind === 'configuration') return called;
  return undefined;
};

const postFirst = async (session: Session, headers: OutgoingHttpHeaders, part: MeshPart): Promise<SendOutcome> => {
  let rebuilt = false;
  for (let unproven = 0; unproven <= repeats; ) {
    const fault = await prove(session);
    if (fault) return fault;
    if (session.transport.remaining() < leastTimeToPost) return noTime;
    const exchange = await exchangeOnce(session, {
      method: 'POST',
      path: mailboxPath(session, 'outbox'),
      headers,
      body: part,
      provenOnly: true,
    });
    if (exchange.kind === 'unproven') {
      unproven++;
      continue;
    }
    if (exchange.kind === 'no-answer') {
      if (exchange.fault.kind === 'configuration') return exchange.fault;
      const { reason } = exchange.fault;
      return exchange.bodyBegan ? { kind: 'unknown', reason } : { kind: 'transient', reason };
    }
    const { status } = exchange;
    if (status === 202 || status === 200) {
      const parsed = acceptedAnswer.safeParse(await readJson(exchange.response, errorBodyLimit));
      if (parsed.success && exchange.bodySent) return { kind: 'sent', meshMessageId: parsed.data };
      return { kind: 'unknown', status, reason: 'MESH accepted the message but gave no message id.' };
    }
    if (status < 300) {
      await discard(exchange);
      return { kind: 'unknown', status, reason: `MESH gave an answer that cannot be understood (${status}).` };
    }
    const error = await readError(exchange, session.clock);
    if (error.kind === 'configuration' && status === 403 && !rebuilt) {
      rebuilt = true;
      continue;
    }
    if (error.kind === 'server-error') {
      return { kind: 'unknown', status, reason: `MESH is out of order (${status}) and may have taken the message.` };
    }
    if (error.kind === 'gone') {
      return { ...refused(error.reason, 'Check mailbox id and MESH address of the mailbox.'), status: error.status };
    }
    return error;
  }
  return { kind: 'transient', reason: 'No connection to MESH stayed open.' };
};

export interface ChunkCall {
  /** Of the message, from the first part. */
  readonly meshMessageId: string;
  /** From 2. */
  readonly part: number;
  readonly total: number;
  readonly content: MeshPart;
  /** The same for every part. */
  readonly contentEncoding?: 'gzip';
  readonly contentType: string;
}

type ChunkResult = ChunkOutcome | { readonly kind: 'complete' };

/** A part after the first may be posted again: MESH knows which one it is. */
const postChunk = async (session: Session, chunk: ChunkCall): Promise<ChunkResult> => {
  let rebuilt = false;
  for (let attempt = 0; ; attempt++) {
    if (session.transport.remaining() < leastTimeToPost) return noTime;
    const exchange = await exchangeOnce(session, {
      method: 'POST',
      path: mailboxPath(session, 'outbox', chunk.meshMessageId, String(chunk.part)),
      headers: {
        'Mex-Chunk-Range': formatChunkRange(chunk),
        'Content-Type': chunk.contentType,
        ...(chunk.contentEncoding === undefined ? {} : { 'Content-Encoding': chunk.contentEncoding }),
      },
      body: chunk.content,
    });
    let outcome: Transient | UnknownOutcome;
    if (exchange.kind === 'answer') {
      const { status } = exchange;
      if (status >= 200 && status < 300) {
        await discard(exchange); // v2 answers `null` or an id: nothing to rely on.
        return { kind: 'ok', value: undefined };
      }
      const error = await readError(exchange, session.clock);
      if (status === 423) return { kind: 'complete' };
      if (error.kind === 'configuration' && status === 403 && !rebuilt) {
        rebuilt = true;
        attempt--;
        continue;
      }
      if (error.kind === 'gone') {
        const advice =
          'MESH has dropped the unfinished message: the document has to be sent again from its first part.';
        return { ...refused(error.reason, advice), status: error.status };
      }
      if (error.kind === 'server-error') {
        outcome = { kind: 'unknown', status, reason: `MESH is out of order (${status}) and may have taken the part.` };
      } else if (error.kind === 'transient') outcome = error;
      else return error;
    } else if (exchange.kind === 'no-answer') {
      if (exchange.fault.kind === 'configuration') return exchange.fault;
      outcome = { kind: exchange.bodyBegan ? 'unknown' : 'transient', reason: exchange.fault.reason };
    } else {
      outcome = { kind: 'transient', reason: 'No connection to MESH stayed open.' };
    }
    const wait = outcome.kind === 'transient' ? outcome.retryAfterMs : undefined;
    if (attempt >= repeats || !(await pause(session, attempt, wait))) return outcome;
  }
};

/** Posts one part after the first, again where that is safe. 423 for the last part means that MESH has it. */
export const sendChunk = async (session: Session, chunk: ChunkCall): Promise<ChunkOutcome> => {
  const { part, total } = chunk;
  if (!(Number.isInteger(part) && part >= 2 && part <= total && total <= maxParts)) {
    return refused('The part number is not between 2 and the number of parts.', 'A fault of this system: report it.');
  }
  const result = await postChunk(session, chunk);
  if (result.kind !== 'complete') return result;
  if (part === total) return { kind: 'ok', value: undefined };
  return {
    ...refused(
      'MESH says that the message is complete, but parts are missing.',
      'Ask MESH what became of it (tracking).',
    ),
    status: 423,
  };
};

export interface SendOptions {
  /** Goes on with a message whose first part MESH has; the first part is not posted. */
  readonly resume?: UploadProgress;
  /** Told after each part but the last, so that the caller can write it down before the next one goes. */
  readonly onProgress?: (progress: UploadProgress) => Promise<void> | void;
}

const checkParts = (parts: readonly MeshPart[], resume: UploadProgress | undefined): Refused | undefined => {
  const report = 'A fault of this system: report it.';
  if (parts.length === 0 || parts.length > maxParts) return refused('The message has no parts, or too many.', report);
  for (const { length } of parts) {
    if (!Number.isInteger(length) || length <= 0) return refused('A part of the message is empty.', report);
    if (length > maxPartBytes) return refused('A part is larger than MESH takes (100 MB).', 'Make the parts smaller.');
  }
  if (resume && !(resume.nextPart >= 2 && resume.nextPart <= parts.length + 1)) {
    return refused('The message cannot be resumed at that part.', report);
  }
  return undefined;
};

/**
 * Sends a message: the first part once and never again (only a refused token is made anew), the others with repeats.
 * Parts go in order, each of them encoded already.
 */
export const send = async (
  session: Session,
  envelope: MeshEnvelope,
  parts: readonly MeshPart[],
  options: SendOptions = {},
): Promise<SendOutcome> => {
  const { resume } = options;
  const headers = envelopeHeaders(envelope, session.mailboxId);
  if (headers.kind !== 'ok') return headers;
  const fault = checkParts(parts, resume);
  if (fault) return fault;
  const [firstPart] = parts;
  const total = parts.length;

  let meshMessageId = resume?.meshMessageId;
  if (meshMessageId === undefined && firstPart) {
    const range = total > 1 ? { 'Mex-Chunk-Range': formatChunkRange({ part: 1, total }) } : {};
    const first = await postFirst(session, { ...headers.value, ...range }, firstPart);
    if (first.kind !== 'sent' || total === 1) return first;
    meshMessageId = first.meshMessageId;
    await options.onProgress?.({ meshMessageId, nextPart: 2 });
  }
  if (meshMessageId === undefined) return refused('The message has no parts.', 'A fault of this system: report it.');

  for (let part = resume?.nextPart ?? 2; part <= total; part++) {
    const content = parts[part - 1];
    if (!content) break;
    const { contentType, contentEncoding } = envelope;
    const encoding = contentEncoding === undefined ? {} : { contentEncoding };
    const result = await postChunk(session, { meshMessageId, part, total, content, contentType, ...encoding });
    if (result.kind === 'complete') {
      // Only the last part completes a message; when resuming, what we know of its progress may be old.
      if (part === total || resume) return { kind: 'sent', meshMessageId };
      const reason = 'MESH says that the message is complete, but parts are missing.';
      return {
        ...refused(reason, 'Ask MESH what became of it (tracking).'),
        status: 423,
        upload: { meshMessageId, nextPart: part },
      };
    }
    if (result.kind !== 'ok') {
      const upload = { meshMessageId, nextPart: part };
      // Without all of its parts a message goes nowhere: only the last part leaves a doubt.
      if (result.kind === 'unknown' && part < total) {
        return { kind: 'transient', reason: result.reason, upload };
      }
      return { ...result, upload };
    }
    if (part < total) await options.onProgress?.({ meshMessageId, nextPart: part + 1 });
  }
  return { kind: 'sent', meshMessageId };
};
