import { discard, readError } from './answers.ts';
import type { Configuration, Gone, Outcome, Refused, Transient } from './outcomes.ts';
import type { Access, Session } from './session.ts';
import { meshAuthorization } from './token.ts';
import type { Answer, Exchange, HttpCall } from './transport.ts';

/** First wait between attempts, in milliseconds; it doubles. */
const backoffMs = 200;
/** Times a call that is safe to repeat is repeated. */
export const repeats = 2;
/** A longer `Retry-After` is left to the caller, who has better things to do than to wait. */
export const longestCourtesyMs = 5000;

const acceptV1 = 'application/vnd.mesh.v1+json';
const acceptV2 = 'application/vnd.mesh.v2+json';

export interface MeshCall extends HttpCall {
  /** For what MESH offers to anybody with a certificate: no token goes along. */
  readonly anonymous?: true;
  /** For what only the first version of the API has. */
  readonly v1?: true;
}

/** `encodeURIComponent`, which throws for text that is not well formed. */
const encodePart = (part: string): string =>
  /^[\w.-]*$/.test(part) ? part : encodeURIComponent(Buffer.from(part).toString());

/** `/messageexchange/…`, every part encoded. */
export const meshPath = (...parts: readonly string[]): string => `/messageexchange/${parts.map(encodePart).join('/')}`;

/** `/messageexchange/{mailbox}/…` */
export const mailboxPath = (session: Session, ...parts: readonly string[]): string =>
  meshPath(session.mailboxId, ...parts);

/** One attempt, with a token of its own. */
export const exchangeOnce = (session: Session, access: Access, call: MeshCall): Promise<Exchange> => {
  const headers = [...call.headers, 'Accept', call.v1 ? acceptV1 : acceptV2, 'User-Agent', 'gp-connect-send-document'];
  if (!call.anonymous) {
    const { password, sharedKey } = access.credentials;
    const [nonce, at] = [session.uuid(), session.clock.now()];
    headers.push('Authorization', meshAuthorization({ mailboxId: session.mailboxId, password, sharedKey, nonce, at }));
  }
  const { method, path, body, provenOnly } = call;
  return access.transport.exchange({
    method,
    path,
    headers,
    ...(body && { body }),
    ...(provenOnly && { provenOnly }),
  });
};

export const pingCall: MeshCall = { method: 'GET', path: meshPath('_ping'), headers: [], anonymous: true };

/** Waits before the next attempt; false where the deadline comes first. Jitter keeps a crowd from returning together. */
export const pause = async (session: Session, attempt: number, atLeastMs = 0): Promise<boolean> => {
  const fraction = Number.parseInt(session.uuid().slice(0, 8), 16) / 0x1_0000_0000;
  const jitter = backoffMs * 2 ** attempt * (0.5 + (Number.isNaN(fraction) ? 0.5 : fraction) / 2);
  const wait = Math.max(atLeastMs, jitter);
  if (wait >= session.access().transport.remaining()) return false;
  await session.clock.sleep(wait);
  return true;
};

/**
 * What to do about a configuration fault before it is believed: a token is made anew once, then the credentials are
 * read again once (they may have been rotated); of a certificate that is refused only the latter.
 */
export interface Appeal {
  /** Undefined: try again. Else the fault to return. */
  against(fault: Configuration, used: Access, status?: number): Promise<Configuration | undefined>;
}

export const appeal = (session: Session): Appeal => {
  let rebuilt = false;
  let reread = false;
  return {
    async against(fault, used, status) {
      const aboutToken = status === 401 || status === 403;
      if (status !== undefined && !aboutToken) return fault;
      if (aboutToken && !rebuilt) {
        rebuilt = true;
        return undefined;
      }
      if (reread) return fault;
      reread = true;
      const renewed = await session.renew(used);
      if (renewed === 'renewed') return undefined;
      return renewed === 'same' ? fault : renewed;
    },
  };
};

export type Called =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | Refused
  | Transient
  | Configuration
  | Gone;

/**
 * A call that is safe to repeat (mesh 1.11): again after no answer, 408, 425, 429 and 5xx, at most twice and inside
 * the deadline; a refused token or certificate as `Appeal` says. `accept` names further statuses that are an answer.
 */
export const callSafely = async (session: Session, call: MeshCall, accept: readonly number[] = []): Promise<Called> => {
  const appealed = appeal(session);
  let cuts = 0;
  for (let attempt = 0; ; attempt++) {
    const access = session.access();
    const exchange = await exchangeOnce(session, access, call);
    let outcome: Transient;
    if (exchange.kind === 'answer') {
      const { status } = exchange;
      if ((status >= 200 && status < 300) || accept.includes(status)) return { kind: 'answered', answer: exchange };
      const error = await readError(exchange, session.clock);
      if (error.kind === 'configuration') {
        const fault = await appealed.against(error, access, status);
        if (fault) return fault;
        attempt--;
        continue;
      }
      if (error.kind !== 'transient' && error.kind !== 'server-error') return error;
      outcome = error.kind === 'transient' ? error : { ...error, kind: 'transient' };
      if ((outcome.retryAfterMs ?? 0) > longestCourtesyMs) return outcome;
    } else if (exchange.kind === 'no-answer') {
      if (exchange.fault.kind === 'configuration') {
        const fault = await appealed.against(exchange.fault, access);
        if (fault) return fault;
        attempt--;
        continue;
      }
      if (exchange.fault.cut) cuts++;
      outcome = { kind: 'transient', reason: exchange.fault.reason };
    } else {
      outcome = { kind: 'transient', reason: 'No connection to MESH stayed open.' };
    }
    if (attempt < repeats && (await pause(session, attempt, outcome.retryAfterMs))) continue;
    // Every connection closed without a word is also how a server refuses a certificate under TLS 1.3.
    const refusal = cuts > repeats ? await access.transport.diagnose() : undefined;
    const fault = refusal && (await appealed.against(refusal, access));
    if (refusal && !fault) {
      [attempt, cuts] = [-1, 0];
      continue;
    }
    return fault ?? outcome;
  }
};

/** Runs a call and reads its answer. `read` gives undefined where the answer cannot be understood. */
export const operation = async <T>(
  session: Session,
  call: MeshCall,
  read: (answer: Answer) => Promise<{ readonly value: T } | undefined>,
  accept: readonly number[] = [],
): Promise<Outcome<T>> => {
  const called = await callSafely(session, call, accept);
  if (called.kind !== 'answered') return called;
  const result = await read(called.answer);
  if (result) return { kind: 'ok', value: result.value };
  return { kind: 'transient', status: called.answer.status, reason: 'MESH gave an answer that cannot be understood.' };
};

/** An operation whose answer's body says nothing. */
export const command = (session: Session, call: MeshCall): Promise<Outcome<undefined>> =>
  operation(session, call, async (answer) => {
    await discard(answer);
    return { value: undefined };
  });
