import { createHash, type Hash } from 'node:crypto';
import {
  type Compression,
  checkOf,
  compressionFor,
  deflateBlock,
  gzipHeader,
  gzipTrailer,
  gzipTrailerLength,
  noBytes,
  blockLength as usualBlockLength,
} from './gzip-blocks.ts';

/** Just under the 20 MB that MESH's internet path takes in one request (mesh-api 1.9.2), counted after compression. */
export const partLimit = 19 * (1 << 20) - (1 << 17);
/** Below this, compressing buys nothing worth one more thing to go wrong. */
const gzipFrom = 1 << 20;
/** Blocks that are compressed while the next one is filled and digested. */
const ahead = 2;
/** A choice of compression holds for this many blocks: sampling each would cost more than a bad choice. */
const blocksPerSample = 4;

export interface StoredPart {
  readonly length: number;
  readonly sha256: string;
  /** How its blocks were compressed; absent where it is not. */
  readonly compression?: Compression | 'mixed';
}

export interface StoredTransport {
  readonly xmlDigest: string;
  readonly parts: readonly StoredPart[];
}

/** gzip pays where there is something to gain; base64 always gives back a quarter. */
export const encodingFor = (xmlLength: number): 'gzip' | undefined => (xmlLength > gzipFrom ? 'gzip' : undefined);

/** Blocks that were dealt with, to be filled again: memory that is new costs more than the base64 written into it. */
class BlockPool {
  readonly #free: Buffer[] = [];
  readonly length: number;
  constructor(length: number) {
    this.length = length;
  }
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.length);
  }
  giveBack(block: Buffer): void {
    this.#free.push(block);
  }
}

/** The whole in blocks of the same length, whatever pieces it comes in; text is ASCII. `block`: to be given back. */
async function* blocksOf(
  pieces: AsyncIterable<Buffer | string>,
  pool: BlockPool,
): AsyncGenerator<{ readonly block: Buffer; readonly plain: Buffer }, void, undefined> {
  let block = pool.take();
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(piece.length - at, pool.length - filled);
      if (typeof piece === 'string') block.write(at === 0 ? piece : piece.slice(at), filled, taken, 'latin1');
      else piece.copy(block, filled, at, at + taken);
      at += taken;
      filled += taken;
      if (filled === pool.length) {
        yield { block, plain: block };
        block = pool.take();
        filled = 0;
      }
    }
  }
  if (filled > 0) yield { block, plain: block.subarray(0, filled) };
}

interface Encoded {
  readonly bytes: Buffer;
  readonly block: Buffer;
  readonly plain: Buffer;
  readonly compression?: Compression;
}

const encode = async (
  source: { readonly block: Buffer; readonly plain: Buffer },
  compression: Compression | undefined,
): Promise<Encoded> =>
  compression === undefined
    ? { ...source, bytes: Buffer.from(source.plain) }
    : { ...source, compression, bytes: await deflateBlock(source.plain, compression) };

/** The blocks in their order, some of them compressed on other threads while the next is filled on this one. */
async function* encodedBlocks(
  pieces: AsyncIterable<Buffer | string>,
  encoding: 'gzip' | undefined,
  pool: BlockPool,
  xmlDigest: Hash,
): AsyncGenerator<Encoded, void, undefined> {
  const inHand: Promise<Encoded>[] = [];
  let compression: Compression | undefined;
  let count = 0;
  for await (const source of blocksOf(pieces, pool)) {
    if (encoding === 'gzip' && count % blocksPerSample === 0) compression = compressionFor(source.plain);
    count += 1;
    const encoded = encode(source, compression);
    // Its failure is the caller's once its turn comes, and nobody's if an earlier one fails before.
    encoded.catch(() => undefined);
    inHand.push(encoded);
    xmlDigest.update(source.plain);
    const first = inHand.length > ahead ? inHand.shift() : undefined;
    if (first) yield await first;
  }
  for (const encoded of inHand) yield await encoded;
}

/**
 * Cuts the message into transport parts, each encoded on its own, and hands each to `store` as a stream: no more than a
 * few blocks are ever held. What fits one part is one part, and none is longer than `limit` bytes after encoding. The
 * same message always gives the same bytes: which block goes where depends on nothing but the blocks.
 */
export const storeTransport = async (
  pieces: AsyncIterable<Buffer | string>,
  encoding: 'gzip' | undefined,
  store: (part: number, body: AsyncIterable<Uint8Array>) => Promise<void>,
  { limit = partLimit, blockLength = usualBlockLength } = {},
): Promise<StoredTransport> => {
  const xmlDigest = createHash('sha256');
  const pool = new BlockPool(blockLength);
  const blocks = encodedBlocks(pieces, encoding, pool, xmlDigest);
  const parts: StoredPart[] = [];
  // One block is read ahead, so that a part is begun only when there is something to put in it.
  let next = await blocks.next();
  try {
    while (!next.done) {
      const sha256 = createHash('sha256');
      const used = new Set<Compression>();
      let length = 0;
      let check = noBytes;
      const counted = (bytes: Buffer): Buffer => {
        length += bytes.length;
        sha256.update(bytes);
        return bytes;
      };
      const around = encoding === 'gzip' ? gzipTrailerLength : 0;
      const body = async function* () {
        if (encoding === 'gzip') yield counted(gzipHeader);
        do {
          if (next.done) break;
          const { bytes, plain, block, compression } = next.value;
          if (compression !== undefined) {
            check = checkOf(check, plain);
            used.add(compression);
          }
          pool.giveBack(block);
          yield counted(bytes);
          next = await blocks.next();
        } while (!next.done && length + next.value.bytes.length + around <= limit);
        if (encoding === 'gzip') yield counted(gzipTrailer(check));
      };
      await store(parts.length + 1, body());
      const [compression, ...others] = used;
      parts.push({
        length,
        sha256: sha256.digest('hex'),
        ...(compression === undefined ? {} : { compression: others.length > 0 ? 'mixed' : compression }),
      });
    }
  } finally {
    await blocks.return();
  }
  return { xmlDigest: xmlDigest.digest('hex'), parts };
};
