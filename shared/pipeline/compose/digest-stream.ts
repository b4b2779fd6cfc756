import { createHash } from 'node:crypto';

/** The bytes that came are not the ones that were named. */
export class DigestMismatch extends Error {
  /** Where the manifest names the digest. */
  readonly path: string;
  constructor(path: string) {
    super('The bytes do not have the digest that was named for them.');
    this.name = 'DigestMismatch';
    this.path = path;
  }
}

/** Passes bytes through, and throws DigestMismatch at the end if they are not the ones named (SHA-256, hex). */
export async function* withDigest(
  source: AsyncIterable<Uint8Array>,
  named: string | undefined,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  if (named !== undefined && hash.digest('hex') !== named.toLowerCase()) throw new DigestMismatch(path);
}

export const digestOf = async (source: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of source) hash.update(chunk);
  return hash.digest('hex');
};
