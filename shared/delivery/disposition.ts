/** What becomes of a queue message once the library has decided. Throwing is for bugs and "try again". */
export type Disposition =
  | { readonly kind: 'done' }
  /** Make it visible again after this many seconds. */
  | { readonly kind: 'return'; readonly afterSeconds: number };

export const done: Disposition = { kind: 'done' };
export const returnAfter = (ms: number): Disposition => ({
  kind: 'return',
  afterSeconds: Math.max(1, Math.ceil(ms / 1000)),
});
