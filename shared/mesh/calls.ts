import type { OutgoingHttpHeaders } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import { discard, readError } from './answers.ts';
import type { MeshCredentials } from './credentials.ts';
import type { Configuration, Gone, Outcome, Refused, Transient } from './outcomes.ts';
import { meshAuthorization } from './token.ts';
import type { Answer, Exchange, HttpCall, Transport } from './transport.ts';

/** What every operation works with. */
export interface Session {
  readonly mailboxId: string;
  readonly credentials: MeshCredentials;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly transport: Transport;
}

/** First wait between attempts, in milliseconds; it doubles. */
const backoffMs = 200;
/** Times a call that is safe to repeat is repeated. */
export const repeats = 2;
/** A longer `Retry-After` is left to the caller, who has better things to do than to wait. */
const longestCourtesyMs = 5000;

export const acceptV2 = 'application/vnd.mesh.v2+json';

/** `/messageexchange/{mailbox}/…`, every part encoded. */
export const mailboxPath = (session: Session, ...parts: readonly string[]): string =>
  ['/messageexchange', session.mailboxId, ...parts]
    .map((part, i) => (i === 0 ? part : encodeURIComponent(part)))
    .join('/');

/** Headers of one attempt: the token is good for it alone. */
export const attemptHeaders = (session: Session, headers: OutgoingHttpHeaders): OutgoingHttpHeaders => ({
  ...headers,
  Accept: acceptV2,
  'User-Agent': 'gp-connect-send-document',
  Authorization: meshAuthorization({
    mailboxId: session.mailboxId,
    password: session.credentials.password,
    sharedKey: session.credentials.sharedKey,
    nonce: session.uuid(),
    at: session.clock.now(),
  }),
});

export const exchangeOnce = (session: Session, call: HttpCall): Promise<Exchange> =>
  session.transport.exchange({ ...call, headers: attemptHeaders(session, call.headers) });

/** Waits before the next attempt; false where the deadline comes first. Jitter keeps a crowd from returning together. */
export const pause = async (session: Session, attempt: number, atLeastMs = 0): Promise<boolean> => {
  const fraction = Number.parseInt(session.uuid().slice(0, 8), 16) / 0x1_0000_0000;
  const jitter = backoffMs * 2 ** attempt * (0.5 + (Number.isNaN(fraction) ? 0.5 : fraction) / 2);
  const wait = Math.max(atLeastMs, jitter);
  if (wait >= session.transport.remaining()) return false;
  await session.clock.sleep(wait);
  return true;
};

export type Called =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | Refused
  | Transient
  | Configuration
  | Gone;

/**
 * A call that is safe to repeat (mesh 1.11): again after no answer, 408, 425, 429 and 5xx, at most twice and inside
 * the deadline; a 403 once more with a new token. `accept` names further statuses that are an answer.
 */
export const callSafely = async (session: Session, call: HttpCall, accept: readonly number[] = []): Promise<Called> => {
  let rebuilt = false;
  let cuts = 0;
  for (let attempt = 0; ; attempt++) {
    const exchange = await exchangeOnce(session, call);
    let outcome: Transient;
    if (exchange.kind === 'answer') {
      const { status } = exchange;
      if ((status >= 200 && status < 300) || accept.includes(status)) return { kind: 'answered', answer: exchange };
      const error = await readError(exchange, session.clock);
      if (error.kind === 'configuration' && status === 403 && !rebuilt) {
        rebuilt = true;
        attempt--;
        continue;
      }
      if (error.kind !== 'transient' && error.kind !== 'server-error') return error;
      outcome =
        error.kind === 'transient'
          ? error
          : { ...error, kind: 'transient', reason: `MESH is out of order (${status}).` };
      if ((outcome.retryAfterMs ?? 0) > longestCourtesyMs) return outcome;
    } else if (exchange.kind === 'no-answer') {
      if (exchange.fault.kind === 'configuration') return exchange.fault;
      if (exchange.fault.cut) cuts++;
      outcome = { kind: 'transient', reason: exchange.fault.reason };
    } else {
      outcome = { kind: 'transient', reason: 'No connection to MESH stayed open.' };
    }
    if (attempt >= repeats || !(await pause(session, attempt, outcome.retryAfterMs))) {
      // Every connection closed without a word is also how a server refuses a certificate under TLS 1.3.
      return (cuts > repeats ? await session.transport.diagnose() : undefined) ?? outcome;
    }
  }
};

/** Runs a call and reads its answer. `read` gives undefined where the answer cannot be understood. */
export const operation = async <T>(
  session: Session,
  call: HttpCall,
  read: (answer: Answer) => Promise<{ readonly value: T } | undefined>,
): Promise<Outcome<T>> => {
  const called = await callSafely(session, call);
  if (called.kind !== 'answered') return called;
  const result = await read(called.answer);
  if (result) return { kind: 'ok', value: result.value };
  return { kind: 'transient', status: called.answer.status, reason: 'MESH gave an answer that cannot be understood.' };
};

/** An operation whose answer's body says nothing. */
export const command = (session: Session, call: HttpCall): Promise<Outcome<undefined>> =>
  operation(session, call, async (answer) => {
    await discard(answer);
    return { value: undefined };
  });
