import type { IncomingMessage } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import { parseErrorBody } from './error-body.ts';
import type { Configuration, Gone, Refused, Transient } from './outcomes.ts';
import { describeCode } from './status-codes.ts';
import type { Answer } from './transport.ts';

/** An error's body says a few words; more is not read. */
export const errorBodyLimit = 65_536;
/** 5,000 message ids with room to spare. */
export const listBodyLimit = 4_194_304;

/** The body as text, or undefined where it is longer than `limit` or breaks off. */
export const readText = async (response: IncomingMessage, limit: number): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) return undefined; // Leaving the loop closes the connection.
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
};

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

const isPassing = (status: number): boolean => status === 408 || status === 425 || status === 429;

export type ErrorOutcome =
  | Refused
  | Transient
  | Configuration
  | Gone
  | { readonly kind: 'server-error'; readonly status: number; readonly retryAfterMs?: number };

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
    return { kind: 'server-error', status, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  }
  if (status === 401 || status === 403) {
    return {
      kind: 'configuration',
      reason: `MESH refused a newly made token (${status}).`,
      advice:
        'Check mailbox id, mailbox password and shared key of this MESH environment, and that the clock is right.',
    };
  }
  if (status >= 300 && status < 400) {
    return {
      kind: 'configuration',
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
