/** Bytes that are fetched by range, such as an object in a bucket. */
export interface RangedSource {
  /** In bytes. */
  readonly size: number;
  /** Bytes `from` up to but not including `to`. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/** More ranges were asked for than an honest document needs. */
export class TooManyReads extends Error {}

const blockSize = 16 * 1024;

/**
 * Looks into a source without reading it whole: block by block, each block once, at most `maxReads` of them.
 * `at` gives up to `length` bytes from an offset as Latin-1 text (one character for each byte), fewer at the end.
 */
export const rangedText = (source: RangedSource, maxReads: number) => {
  const blocks = new Map<number, string>();

  const block = async (index: number): Promise<string> => {
    const known = blocks.get(index);
    if (known !== undefined) return known;
    if (blocks.size >= maxReads) throw new TooManyReads();
    const from = index * blockSize;
    const to = Math.min(source.size, from + blockSize);
    const bytes = await source.read(from, to);
    if (bytes.byteLength !== to - from)
      throw new Error(`Read ${bytes.byteLength} bytes where ${to - from} were asked for.`);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    blocks.set(index, text);
    return text;
  };

  return {
    async at(offset: number, length: number): Promise<string> {
      const from = Math.max(0, offset);
      const to = Math.min(source.size, offset + length);
      let text = '';
      for (let position = from; position < to; ) {
        const index = Math.floor(position / blockSize);
        const start = index * blockSize;
        text += (await block(index)).slice(position - start, to - start);
        position = start + blockSize;
      }
      return text;
    },
  };
};

export type RangedText = ReturnType<typeof rangedText>;
