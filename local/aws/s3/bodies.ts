import { randomUUID } from 'node:crypto';
import { createReadStream, unlink } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** Bytes at rest: a file that stays for as long as anybody holds it. */
export interface StoredBody {
  readonly path: string;
  readonly size: number;
}

/** Where bodies lie on disk. Nothing here ever has a whole body in memory. */
export interface BodyStore {
  /** Writes what comes to a file; on an error in the source nothing is left. The caller holds the result. */
  write(content: AsyncIterable<Uint8Array>): Promise<StoredBody>;
  /** Keeps the file until the matching `release`, whatever happens to the object meanwhile. */
  hold(body: StoredBody): void;
  release(body: StoredBody): void;
  /** `length` bytes from `start`; the caller holds the body while it reads. */
  read(body: StoredBody, start?: number, length?: number): Readable;
}

/** Uses (and empties) `incoming/` and `bodies/` inside `dir`. */
export const openBodyStore = async (dir: string): Promise<BodyStore> => {
  const incoming = join(dir, 'incoming');
  const settled = join(dir, 'bodies');
  for (const folder of [incoming, settled]) {
    // The index lives in memory, so what an earlier run left here belongs to nothing.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const holders = new Map<StoredBody, number>();
  return {
    async write(content) {
      const name = randomUUID();
      const temporary = join(incoming, name);
      const file = await open(temporary, 'wx', 0o600);
      let size = 0;
      try {
        try {
          for await (const piece of content) {
            await file.appendFile(piece);
            size += piece.byteLength;
          }
        } finally {
          await file.close();
        }
        const body: StoredBody = { path: join(settled, name), size };
        await rename(temporary, body.path);
        holders.set(body, 1);
        return body;
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    hold(body) {
      holders.set(body, (holders.get(body) ?? 0) + 1);
    },
    release(body) {
      const left = (holders.get(body) ?? 0) - 1;
      if (left > 0) {
        holders.set(body, left);
        return;
      }
      holders.delete(body);
      unlink(body.path, () => undefined);
    },
    read: (body, start = 0, length = body.size - start) =>
      length === 0
        ? Readable.from([])
        : createReadStream(body.path, { start, end: start + length - 1, highWaterMark: 256 * 1024 }),
  };
};
