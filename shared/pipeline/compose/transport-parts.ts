import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

/** Just under the 20 MB that MESH's internet path takes in one request (mesh-api 1.9.2), counted after compression. */
export const partLimit = 19 * (1 << 20) - (1 << 17);
/** Below this, compressing buys nothing worth one more thing to go wrong. */
const gzipFrom = 1 << 20;

export interface StoredPart {
  readonly length: number;
  readonly sha256: string;
}

export interface StoredTransport {
  readonly xmlDigest: string;
  readonly parts: readonly StoredPart[];
}

/** gzip pays where there is something to gain; base64 always gives back a quarter. */
export const encodingFor = (xmlLength: number): 'gzip' | undefined => (xmlLength > gzipFrom ? 'gzip' : undefined);

/**
 * Cuts the message into transport parts, each encoded on its own, and hands each to `store` as a stream: nothing is
 * ever held whole. What fits one part is one part. `limit` is in bytes after encoding.
 */
export const storeTransport = async (
  xml: AsyncIterable<Buffer>,
  encoding: 'gzip' | undefined,
  store: (part: number, body: AsyncIterable<Uint8Array>) => Promise<void>,
  limit = partLimit,
): Promise<StoredTransport> => {
  const source = xml[Symbol.asyncIterator]();
  const digest = createHash('sha256');
  const parts: StoredPart[] = [];
  // One chunk is read ahead, so that a part is begun only when there is something to put in it.
  let next = await source.next();
  const take = async function* (full: () => boolean) {
    do {
      if (next.done) return;
      digest.update(next.value);
      yield next.value;
      next = await source.next();
    } while (!full());
  };
  try {
    while (!next.done) {
      let length = 0;
      const sha256 = createHash('sha256');
      const plain = take(() => length >= limit);
      const encoded: AsyncIterable<Uint8Array> =
        encoding === 'gzip'
          ? // Base64 of a compressed PDF has nothing that matching would find: Huffman codes alone give the same size.
            pipeline(Readable.from(plain), createGzip({ strategy: constants.Z_HUFFMAN_ONLY }), () => undefined)
          : plain;
      const counted = async function* () {
        for await (const chunk of encoded) {
          length += chunk.length;
          sha256.update(chunk);
          yield chunk;
        }
      };
      await store(parts.length + 1, counted());
      parts.push({ length, sha256: sha256.digest('hex') });
    }
  } finally {
    await source.return?.();
  }
  return { xmlDigest: digest.digest('hex'), parts };
};
