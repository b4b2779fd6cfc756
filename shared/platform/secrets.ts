/** The port to stored secrets. `undefined` where none has that name: an operator's move, not a bug. */
export interface SecretSource {
  /** `fresh`: past any cache, because what was read before is not taken any more. */
  read(name: string, options?: { readonly fresh?: boolean }): Promise<string | undefined>;
}
