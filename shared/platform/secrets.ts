/** The port to stored secrets. `undefined` where none has that name: an operator's move, not a bug. */
export interface SecretSource {
  read(name: string): Promise<string | undefined>;
}
