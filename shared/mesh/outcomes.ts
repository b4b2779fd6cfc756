/**
 * What an operation came to. Nothing here holds a value of a header: codes, statuses and our own sentences only.
 */

export interface Ok<T> {
  readonly kind: 'ok';
  readonly value: T;
}

/** MESH (or a check of ours, then without `status`) says no; the same request would be refused again. */
export interface Refused {
  readonly kind: 'refused';
  readonly status?: number;
  /** MESH's own code, such as `12` or `EPL-152`, where it gave one. */
  readonly code?: string;
  readonly reason: string;
  readonly advice: string;
}

/** Definitely not processed, or harmless to repeat: try again later. */
export interface Transient {
  readonly kind: 'transient';
  readonly status?: number;
  readonly reason: string;
  /** How long MESH asks us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** `token`: mailbox, password or shared key. `clock-skew`: our clock is too far from the server's for any token. */
export type ConfigurationCause =
  | 'token'
  | 'clock-skew'
  | 'client-certificate'
  | 'server-certificate'
  | 'credentials'
  | 'address';

/** Certificate, key, CA, password, shared key, address: a person must change something, for every message alike. */
export interface Configuration {
  readonly kind: 'configuration';
  readonly cause?: ConfigurationCause;
  readonly reason: string;
  readonly advice: string;
}

/** Not in this mailbox: never was (404), or no longer (410: acknowledged, expired, failed). */
export interface Gone {
  readonly kind: 'gone';
  readonly status: 404 | 410;
  readonly code?: string;
  readonly reason: string;
}

export type Fault = Refused | Transient | Configuration | Gone;

export type Outcome<T> = Ok<T> | Fault;

/**
 * How far a message of several parts has got: hand it back to `send` to go on from there. Without its last part MESH
 * delivers nothing of it, and nothing in the API deletes it.
 */
export interface UploadProgress {
  readonly meshMessageId: string;
  /** First part that MESH has not acknowledged, from 2. */
  readonly nextPart: number;
}

/** MESH has taken the message. That is not delivery: a failure to deliver comes later, as a report. */
export interface Sent {
  readonly kind: 'sent';
  readonly meshMessageId: string;
}

/** MESH may have taken the message: it must not be posted again before somebody has found out (mesh 1.11). */
export interface UnknownOutcome {
  readonly kind: 'unknown';
  readonly status?: number;
  readonly reason: string;
}

/** A failed outcome of a message whose first part MESH has: it is finished through `upload`. */
export interface Begun {
  readonly upload?: UploadProgress;
  /** MESH does not know the upload (404, 410): it cannot be finished, nor was it delivered unless that was in doubt. */
  readonly abandoned?: true;
}

export type SendOutcome =
  | Sent
  | (Refused & Begun)
  | (Transient & Begun)
  | (UnknownOutcome & Begun)
  | (Configuration & Begun);

export type ChunkOutcome = Ok<undefined> | Refused | Transient | UnknownOutcome | Configuration;

export const ok = <T>(value: T): Ok<T> => ({ kind: 'ok', value });

/** Carries an outcome out of a stream or an iteration, where it cannot be returned. */
export class MeshFault extends Error {
  readonly outcome: Fault;
  constructor(outcome: Fault) {
    super(outcome.reason);
    this.name = 'MeshFault';
    this.outcome = outcome;
  }
}
