import type { Json } from '../aws/events/pattern.ts';

/** What a function reports of an error, as Lambda gives it to the caller. */
export interface FunctionError {
  /** `Runtime.ExitError`, `Sandbox.Timedout`, `Runtime.HandlerNotFound`, or the error's own name. */
  readonly errorType: string;
  readonly errorMessage: string;
}

/** How one invocation ended. */
export type InvocationOutcome =
  | { readonly kind: 'answered'; readonly payload: Json }
  | ({ readonly kind: 'failed' } & FunctionError)
  /** Never started: it waited for a free environment past the time it was good for, or the engine closed. */
  | { readonly kind: 'dropped'; readonly reason: 'too old' | 'throttled' | 'closing' };
