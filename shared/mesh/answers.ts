import type { IncomingMessage } from 'node:http';
import { type Clock, hours, minutes } from '../platform/clock.ts';
import { parseErrorBody } from './error-body.ts';
import type { Configuration, Gone, Refused, Transient } from './outcomes.ts';
import { describeCode } from './status-codes.ts';
import type { Answer } from './transport.ts';

/** An error's body says a few words; more is not read. */
export const errorBodyLimit = 65_536;
/** 5,000 message ids with room to spare. */
export const listBodyLimit = 4_194_304;

/** The body as text, or undefined where it is longer than `limit` or breaks off. */
export const readText = (response: IncomingMessage, limit: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      resolve(undefined);
      response.destroy(); // And with it the connection.
    });
    response.on('error', () => resolve(undefined));
    response.on('close', () => {
      const [only] = chunks;
      const whole = chunks.length === 1 && only ? only : Buffer.concat(chunks);
      resolve(response.readableEnded && response.complete ? whole.toString() : undefined);
    });
    if (response.destroyed) resolve(undefined);
  });

/** Reads an answer to its end so that its connection can be used again; a long body costs the connection instead. */
export const discard = async (answer: Answer): Promise<void> => {
  await readText(answer.response, errorBodyLimit);
};

/** The body as JSON; undefined where it is none. */
export const readJson = async (response: IncomingMessage, limit = listBodyLimit): Promise<unknown> => {
  const text = await readText(response, limit);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `Retry-After` in milliseconds: seconds or a date. */
export const retryAfter = (response: IncomingMessage, clock: Clock): number | undefined => {
  const value = response.headers['retry-after']?.trim();
  if (!value) return undefined;
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
};

const byStatus: Record<number, { reason: string; advice: string }> = {
  400: {
    reason: 'MESH found the request malformed (400).',
    advice:
      'A header holds something that MESH does not take: correct the document’s data, or report a fault of this system.',
  },
  406: {
    reason: 'MESH does not accept this part number (406).',
    advice: 'A fault of this system: report it. The document has to be sent again.',
  },
  413: {
    reason: 'The message is too large for one request (413).',
    advice: 'Send a smaller document, or lower the size of a part in the settings.',
  },
  417: {
    reason: 'MESH does not accept recipient, workflow or part (417).',
    advice: 'Check the recipient’s address and the registration of the workflow with the MESH service desk.',
  },
  422: {
    reason: 'MESH does not accept the content’s encoding (422).',
    advice: 'A fault of this system: report it.',
  },
  423: {
    reason: 'The message is complete already (423).',
    advice: 'Ask MESH what became of it (tracking) before anything is sent again.',
  },
};

/** A token bears two hours; a little less, since it shows whole minutes. */
const tolerableSkewMs = hours(2) - minutes(2);

const skewText = (skewMs: number): string => {
  const whole = Math.round(Math.abs(skewMs) / minutes(1));
  const [h, m] = [Math.floor(whole / 60), whole % 60];
  return `${h} h ${m} min ${skewMs > 0 ? 'ahead of' : 'behind'} the server's`;
};

const tokenRefused = ({ status, serverTime }: Answer, clock: Clock): Configuration => {
  const skewMs = serverTime === undefined ? 0 : clock.now() - serverTime;
  if (Math.abs(skewMs) >= tolerableSkewMs) {
    return {
      kind: 'configuration',
      cause: 'clock-skew',
      reason: `MESH refused a newly made token (${status}), and our clock is ${skewText(skewMs)}.`,
      advice: 'Set the clock right: MESH takes no token that is more than two hours off. Credentials need no change.',
    };
  }
  return {
    kind: 'configuration',
    cause: 'token',
    reason: `MESH refused a newly made token (${status}).`,
    advice: 'Check mailbox id, mailbox password and shared key of this MESH environment, and that the clock is right.',
  };
};

const redirects = new Set([301, 302, 303, 307, 308]);

const isPassing = (status: number): boolean => status === 408 || status === 425 || status === 429;

export type ErrorOutcome =
  | Refused
  | Transient
  | Configuration
  | Gone
  | {
      readonly kind: 'server-error';
      readonly status: number;
      readonly reason: string;
      readonly retryAfterMs?: number;
    };

/**
 * What an answer outside 2xx means, its body read. A 403 may be about this one token: the caller makes another before
 * believing it.
 */
export const readError = async (answer: Answer, clock: Clock): Promise<ErrorOutcome> => {
  const { status, response } = answer;
  const wait = retryAfter(response, clock);
  const { code } = parseErrorBody((await readText(response, errorBodyLimit)) ?? '');
  const told = code === undefined ? {} : { code };
  if (isPassing(status)) {
    return {
      kind: 'transient',
      status,
      reason: `MESH asks to wait (${status}).`,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    };
  }
  if (status >= 500) {
    const reason = `MESH is out of order (${status}).`;
    return { kind: 'server-error', status, reason, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  }
  if (status === 401 || status === 403) return tokenRefused(answer, clock);
  if (status < 400 && !redirects.has(status)) {
    return { kind: 'transient', status, reason: `MESH gave an answer that cannot be understood (${status}).` };
  }
  if (status < 400) {
    return {
      kind: 'configuration',
      cause: 'address',
      reason: `MESH redirects to another address (${status}), which is not followed.`,
      advice: 'Check the MESH address of the mailbox.',
    };
  }
  if (status === 404 || status === 410) {
    const reason = code === undefined ? `MESH does not have it (${status}).` : describeCode(code).meaning;
    return { kind: 'gone', status, ...told, reason };
  }
  if (code !== undefined) {
    const { meaning, advice } = describeCode(code);
    return { kind: 'refused', status, code, reason: meaning, advice };
  }
  const known = byStatus[status] ?? {
    reason: `MESH refused the request (${status}).`,
    advice: 'Ask the MESH service desk, naming mailbox, time and status.',
  };
  return { kind: 'refused', status, ...known };
};
