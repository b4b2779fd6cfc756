import type { Caller } from '../callers/authorise.ts';

/** A request as the routes see it: data only, nothing of the gateway in front. */
export interface ApiRequest {
  readonly method: string;
  /** The route's template, such as `/v1/documents/{documentId}`. */
  readonly resource: string;
  /** The path as the caller wrote it, with what stands before `/v1`: Location is built on it. */
  readonly calledPath: string;
  /** Names the request where the caller gave no name that can be used. */
  readonly gatewayRequestId: string;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** From the authoriser; absent on routes that anybody may call. */
  readonly caller?: Caller;
  /** From the authoriser too: a sound token's client that is registered for no organisation. It may do nothing. */
  readonly unregisteredClient?: string;
}
