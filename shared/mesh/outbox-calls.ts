import { z } from 'zod';
import { discard, errorBodyLimit, readError, readJson } from './answers.ts';
import {
  type Appeal,
  appeal,
  callSafely,
  exchangeOnce,
  longestCourtesyMs,
  type MeshCall,
  mailboxPath,
  pause,
  pingCall,
  repeats,
} from './calls.ts';
import { formatChunkRange, maxParts } from './chunk-range.ts';
import { headerFault } from './envelope.ts';
import type { ChunkOutcome, Configuration, Refused, SendOutcome, Transient, UnknownOutcome } from './outcomes.ts';
import type { MeshPart } from './part-pump.ts';
import type { Access, Session } from './session.ts';
import type { Answer, Exchange } from './transport.ts';

/** A POST is begun only with at least this much of the clock's time left: a cut-off one would be a doubt. */
const leastTimeToPost = 1000;

/** Opaque, but it is logged and becomes a key: what could be anything is no id. */
const text = z
  .string()
  .regex(/^[\x21-\x7e]{1,300}$/)
  .optional()
  .catch(undefined);
const acceptedAnswer = z.object({ message_id: text, messageID: text });

export const refused = (reason: string, advice: string): Refused => ({ kind: 'refused', reason, advice });

const noTime: Transient = { kind: 'transient', reason: 'Too little time was left to post the message.' };

/**
 * A connection that has just answered, so that nothing but the message itself can go wrong after its first byte.
 * Whatever MESH answers to the ping proves the connection; being out of order keeps the message back.
 */
const prove = async (session: Session): Promise<Transient | Configuration | undefined> => {
  if (await session.access().transport.hasProvenConnection()) return undefined;
  const called = await callSafely(session, pingCall, [400, 401, 403, 404, 405, 410]);
  if (called.kind === 'answered') {
    await discard(called.answer);
    return undefined;
  }
  if (called.kind === 'transient' || called.kind === 'configuration') return called;
  return undefined;
};

/** MESH never had the whole of it, or says that it did not process it: no later look is needed. */
type First = SendOutcome | { readonly kind: 'again' };

const afterFirst = async (session: Session, access: Access, answer: Answer, appealed: Appeal): Promise<First> => {
  const { status, bodySent } = answer;
  if (status === 202 || status === 200) {
    const parsed = acceptedAnswer.safeParse(await readJson(answer.response, errorBodyLimit));
    const meshMessageId = parsed.data?.message_id ?? parsed.data?.messageID;
    if (meshMessageId !== undefined && bodySent) return { kind: 'sent', meshMessageId };
    return { kind: 'unknown', status, reason: 'MESH accepted the message but gave no message id.' };
  }
  if (status < 300) {
    await discard(answer);
    return { kind: 'unknown', status, reason: `MESH gave an answer that cannot be understood (${status}).` };
  }
  const error = await readError(answer, session.clock);
  // "See other", a time-out and what makes no sense may come after the message was taken; never before all of it came.
  const obscure = status < 400 ? error.kind !== 'configuration' || status === 303 : status === 408;
  if (bodySent && obscure) return { kind: 'unknown', status, reason: error.reason };
  switch (error.kind) {
    case 'configuration':
      return (await appealed.against(error, access, status)) ?? { kind: 'again' };
    case 'server-error': {
      const reason = `MESH is out of order (${status})`;
      return bodySent
        ? { kind: 'unknown', status, reason: `${reason} and may have taken the message.` }
        : { ...error, kind: 'transient', reason: `${reason}.` };
    }
    case 'gone':
      return { ...refused(error.reason, 'Check mailbox id and MESH address of the mailbox.'), status: error.status };
    default:
      return error;
  }
};

/** Posts a first part: once, and never again unless MESH certainly did not take it. */
export const postFirst = async (session: Session, headers: readonly string[], part: MeshPart): Promise<SendOutcome> => {
  const appealed = appeal(session);
  const call: MeshCall = {
    method: 'POST',
    path: mailboxPath(session, 'outbox'),
    headers,
    body: part,
    provenOnly: true,
  };
  for (let unproven = 0; unproven <= repeats; ) {
    const fault = await prove(session);
    if (fault) return fault;
    const access = session.access();
    if (access.transport.remaining() < leastTimeToPost) return noTime;
    const exchange = await exchangeOnce(session, access, call);
    if (exchange.kind === 'unproven') {
      unproven++;
      continue;
    }
    if (exchange.kind === 'no-answer') {
      if (exchange.fault.kind === 'configuration') return exchange.fault;
      const { reason } = exchange.fault;
      return exchange.mayHaveArrived ? { kind: 'unknown', reason } : { kind: 'transient', reason };
    }
    const outcome = await afterFirst(session, access, exchange, appealed);
    if (outcome.kind !== 'again') return outcome;
  }
  return { kind: 'transient', reason: 'No connection to MESH stayed open.' };
};

export const completeTooSoon: Refused = {
  kind: 'refused',
  status: 423,
  reason: 'MESH says that the message is complete, but parts are missing.',
  advice: 'Ask MESH what became of it (tracking).',
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

export type ChunkResult = (ChunkOutcome & { readonly abandoned?: true }) | { readonly kind: 'complete' };

/** A part after the first may be posted again: MESH knows which one it is. */
export const postChunk = async (session: Session, chunk: ChunkCall): Promise<ChunkResult> => {
  const appealed = appeal(session);
  const call: MeshCall = {
    method: 'POST',
    path: mailboxPath(session, 'outbox', chunk.meshMessageId, String(chunk.part)),
    headers: [
      ...['Mex-Chunk-Range', formatChunkRange(chunk)],
      ...['Content-Type', chunk.contentType],
      ...(chunk.contentEncoding === undefined ? [] : ['Content-Encoding', chunk.contentEncoding]),
    ],
    body: chunk.content,
  };
  let doubt: UnknownOutcome | undefined;
  for (let attempt = 0; ; attempt++) {
    const access = session.access();
    if (access.transport.remaining() < leastTimeToPost) return doubt ?? noTime;
    const exchange = await exchangeOnce(session, access, call);
    const outcome = await afterChunk(session, access, exchange, appealed);
    if (outcome.kind === 'again') {
      attempt--;
      continue;
    }
    if (outcome.kind === 'ok' || outcome.kind === 'complete') return outcome;
    if (outcome.kind === 'unknown') doubt = outcome;
    // What a later try certainly came to does not clear up what an earlier one may have done.
    const ended = doubt ?? outcome;
    if (outcome.kind !== 'transient' && outcome.kind !== 'unknown') return ended;
    const wait = outcome.kind === 'transient' ? outcome.retryAfterMs : undefined;
    if ((wait ?? 0) > longestCourtesyMs) return ended;
    if (attempt >= repeats || !(await pause(session, attempt, wait))) return ended;
  }
};

const afterChunk = async (
  session: Session,
  access: Access,
  exchange: Exchange,
  appealed: Appeal,
): Promise<ChunkResult | { readonly kind: 'again' }> => {
  if (exchange.kind === 'unproven') return { kind: 'transient', reason: 'No connection to MESH stayed open.' };
  if (exchange.kind === 'no-answer') {
    if (exchange.fault.kind === 'configuration') {
      return (await appealed.against(exchange.fault, access)) ?? { kind: 'again' };
    }
    return { kind: exchange.mayHaveArrived ? 'unknown' : 'transient', reason: exchange.fault.reason };
  }
  const { status, bodySent } = exchange;
  if (status >= 200 && status < 300) {
    await discard(exchange); // v2 answers `null` or an id: nothing to rely on.
    if (bodySent) return { kind: 'ok', value: undefined };
    return { kind: 'transient', status, reason: 'MESH answered before it had all of the part.' };
  }
  const error = await readError(exchange, session.clock);
  if (status === 423) return { kind: 'complete' };
  switch (error.kind) {
    case 'configuration':
      return (await appealed.against(error, access, status)) ?? { kind: 'again' };
    case 'gone': {
      const advice = 'MESH has dropped the unfinished message: the document has to be sent again from its first part.';
      return { ...refused(error.reason, advice), status: error.status, abandoned: true };
    }
    case 'server-error': {
      const reason = `MESH is out of order (${status})`;
      return bodySent
        ? { kind: 'unknown', status, reason: `${reason} and may have taken the part.` }
        : { ...error, kind: 'transient', reason: `${reason}.` };
    }
    default:
      return error;
  }
};

/** Posts one part after the first, again where that is safe. 423 for the last part means that MESH has it. */
export const sendChunk = async (session: Session, chunk: ChunkCall): Promise<ChunkOutcome> => {
  const { part, total } = chunk;
  if (!(Number.isInteger(part) && part >= 2 && part <= total && total <= maxParts)) {
    return refused('The part number is not between 2 and the number of parts.', 'A fault of this system: report it.');
  }
  const fault = headerFault('Mex-Content-Type', chunk.contentType);
  if (fault) return refused(`Content-Type ${fault}.`, 'A fault of this system: report it.');
  const result = await postChunk(session, chunk);
  if (result.kind === 'complete') return part === total ? { kind: 'ok', value: undefined } : completeTooSoon;
  if (result.kind !== 'refused') return result;
  const { abandoned: _, ...outcome } = result;
  return outcome;
};
