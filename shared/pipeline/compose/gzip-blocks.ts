import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, deflateRawSync } from 'node:zlib';

/**
 * gzip made of blocks that are compressed each by itself and put together (RFC 1951 allows it, `pigz` does it): one
 * ordinary gzip member, whose every block has a known length before it is decided where it goes, and which can be
 * compressed on several threads. The same plain bytes always give the same block.
 */

/** Plain bytes in a block. */
export const blockLength = 1 << 20;

/**
 * How a block is compressed. Base64 of a compressed PDF has nothing that matching would find, and Huffman codes alone
 * give the same size at a quarter of the time; a PDF that is text inside shrinks by matching (mesh-api 4.1).
 */
export type Compression = 'huffman' | 'level-1';

const sampleLength = 16 << 10;
/** Huffman codes alone bring base64 to 0.75 of its length, so below this something was found to match. */
const matchingPays = 0.7;

/** Chosen by a sample from the middle of a block: its bytes alone decide. */
export const compressionFor = (plain: Buffer): Compression => {
  const from = Math.max(0, (plain.length - sampleLength) >> 1);
  const sample = plain.subarray(from, from + sampleLength);
  return deflateRawSync(sample, { level: 1 }).length < sample.length * matchingPays ? 'level-1' : 'huffman';
};

const deflate = promisify<Buffer, Parameters<typeof deflateRaw>[1], Buffer>(deflateRaw);

const settings: Readonly<Record<Compression, { readonly level: number; readonly strategy: number }>> = {
  huffman: { level: 1, strategy: constants.Z_HUFFMAN_ONLY },
  'level-1': { level: 1, strategy: constants.Z_DEFAULT_STRATEGY },
};

/** Options of zlib that give the same compression in one stream: what a comparison has to use. */
export const zlibOptions = (compression: Compression) => ({ ...settings[compression], memLevel: 9 });

/** On a thread of libuv's; ends on a whole byte, without ending the stream. */
export const deflateBlock = (plain: Buffer, compression: Compression): Promise<Buffer> =>
  deflate(plain, {
    ...zlibOptions(compression),
    finishFlush: constants.Z_SYNC_FLUSH,
    // Room for what Huffman codes leave of base64, in one piece.
    chunkSize: Math.max(1 << 10, Math.ceil(plain.length * 0.8)),
  });

/** No name, no time, no operating system: nothing that would differ from run to run. */
export const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
export const gzipTrailerLength = 10;

/** Check and length of the plain bytes of a member so far. */
export interface GzipCheck {
  readonly crc: number;
  readonly length: number;
}
export const noBytes: GzipCheck = { crc: 0, length: 0 };
export const checkOf = (check: GzipCheck, plain: Buffer): GzipCheck => ({
  crc: crc32(plain, check.crc),
  length: check.length + plain.length,
});

/** An empty last block, then what the whole must come to. */
export const gzipTrailer = ({ crc, length }: GzipCheck): Buffer => {
  const trailer = Buffer.alloc(gzipTrailerLength);
  trailer.writeUInt8(3, 0);
  trailer.writeUInt32LE(crc, 2);
  trailer.writeUInt32LE(length % 2 ** 32, 6);
  return trailer;
};
