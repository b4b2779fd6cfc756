import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A body as it came over the wire, on disk. */
export interface StoredBody {
  readonly path: string;
  /** Bytes. */
  readonly length: number;
}

/** Bodies lie on disk: a message of any size costs no memory. */
export interface Bodies {
  /**
   * Writes a stream down. Undefined where it is longer than `limit`: it is read to its end all the same, so that the
   * sender gets to hear of it. Rejects, and leaves nothing behind, where the stream breaks off.
   */
  receive(source: AsyncIterable<Buffer>, limit: number): Promise<StoredBody | undefined>;
  keep(bytes: Buffer): StoredBody;
  read(body: StoredBody): Buffer;
  /** Its first `bytes` (all), in pieces of `pieceBytes` where that matters. */
  open(body: StoredBody, reading?: { readonly bytes?: number; readonly pieceBytes?: number }): Readable;
  remove(body: StoredBody): void;
  /** Deletes the folder. */
  close(): void;
}

/** In `folder`, or in one of its own that goes when the process does. */
export const openBodies = (folder?: string): Bodies => {
  const dir = folder ?? mkdtempSync(join(tmpdir(), 'mesh-simulator-'));
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const clear = () => rmSync(dir, { recursive: true, force: true });
  process.once('exit', clear);
  let last = 0;
  const newPath = () => join(dir, String(++last));

  return {
    async receive(source, limit) {
      const path = newPath();
      const file = await open(path, 'wx');
      let length = 0;
      let whole = false;
      try {
        for await (const chunk of source) {
          length += chunk.length;
          if (length <= limit) await file.appendFile(chunk);
        }
        whole = length <= limit;
      } finally {
        await file.close();
        if (!whole) rmSync(path, { force: true });
      }
      return whole ? { path, length } : undefined;
    },
    keep(bytes) {
      const path = newPath();
      writeFileSync(path, bytes);
      return { path, length: bytes.length };
    },
    read: ({ path }) => readFileSync(path),
    open: ({ path }, { bytes, pieceBytes } = {}) =>
      createReadStream(path, {
        ...(bytes === undefined ? {} : { end: bytes - 1 }),
        ...(pieceBytes === undefined ? {} : { highWaterMark: pieceBytes }),
      }),
    remove: ({ path }) => rmSync(path, { force: true }),
    close() {
      process.off('exit', clear);
      clear();
    },
  };
};
