/** The port to a bucket. */

export interface StoredObject {
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection back without reading to the end. */
  discard(): void;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly lastModified: number;
}

export interface Objects {
  /** `undefined` where there is no such object (or version, or it was deleted). */
  get(
    key: string,
    options?: { versionId?: string; range?: { from: number; to: number } },
  ): Promise<StoredObject | undefined>;
  head(key: string): Promise<{ versionId: string; size: number; etag: string } | undefined>;
  /**
   * Writes a small object. `ifMatch`: only over that ETag; `ifNew`: only where nothing is. `conflict` otherwise.
   */
  put(
    key: string,
    body: string | Uint8Array,
    options?: { contentType?: string; ifMatch?: string; ifNew?: boolean },
  ): Promise<'written' | 'conflict'>;
  /** Writes a stream of unknown length in parts. Rejects, leaving nothing, if `body` throws. */
  upload(key: string, body: AsyncIterable<Uint8Array>, contentType: string): Promise<void>;
  /** A delete marker where the bucket keeps versions; only over `ifMatch` where given. Deleting nothing is fine. */
  remove(key: string, options?: { ifMatch?: string }): Promise<'removed' | 'conflict'>;
  /** Streams another bucket's object here, only where nothing is yet. Throws if there is no such object. */
  copyFrom(source: Objects, sourceKey: string, key: string): Promise<'written' | 'conflict'>;
  /** In the order of keys; `after` leaves out everything up to and including that key. */
  list(prefix: string, after?: string): AsyncIterable<ListedObject>;
  readonly bucket: string;
}

/** A whole small object as bytes; `undefined` if missing. Refuses to take more than `limit` bytes into memory. */
export const readWhole = async (
  objects: Objects,
  key: string,
  limit: number,
  versionId?: string,
): Promise<{ bytes: Buffer; etag: string } | 'too-large' | undefined> => {
  const found = await objects.get(key, versionId === undefined ? {} : { versionId });
  if (!found) return undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of found.body) {
    size += part.length;
    if (size > limit) {
      found.discard();
      return 'too-large';
    }
    parts.push(part);
  }
  return { bytes: Buffer.concat(parts), etag: found.etag };
};
