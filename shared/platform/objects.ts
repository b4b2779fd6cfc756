/** The port to a bucket. */

export interface StoredObject {
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection back without reading to the end. */
  discard(): void;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  /** What whoever wrote it put beside it (`x-amz-meta-…`): input like any other. */
  readonly metadata?: Readonly<Record<string, string>>;
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
  /** `sha256`: hex, where the object was written with that checksum. */
  head(key: string): Promise<{ versionId: string; size: number; etag: string; sha256?: string } | undefined>;
  /**
   * Writes a small object. `ifMatch`: only over that ETag; `ifNew`: only where nothing is. `conflict` otherwise.
   */
  put(
    key: string,
    body: string | Uint8Array,
    options?: {
      contentType?: string;
      ifMatch?: string;
      ifNew?: boolean;
      metadata?: Readonly<Record<string, string>>;
    },
  ): Promise<'written' | 'conflict'>;
  /**
   * Writes a stream of unknown length in parts. Rejects, leaving nothing, if `body` throws. `ifNew`: leaves what is
   * there already as it is.
   */
  upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    options?: { readonly ifNew?: boolean },
  ): Promise<void>;
  /** A delete marker where the bucket keeps versions; only over `ifMatch` where given. Deleting nothing is fine. */
  remove(key: string, options?: { ifMatch?: string }): Promise<'removed' | 'conflict'>;
  /** Streams another bucket's object here, only where nothing is yet. Throws if there is no such object. */
  copyFrom(source: Objects, sourceKey: string, key: string): Promise<'written' | 'conflict'>;
  /** Copies within the bucket without reading: only the object with that ETag, `conflict` if it is another or gone. */
  copyWithin(sourceKey: string, key: string, ifMatch: string): Promise<'written' | 'conflict'>;
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
): Promise<{ bytes: Buffer; etag: string; metadata: Readonly<Record<string, string>> } | 'too-large' | undefined> => {
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
  return { bytes: Buffer.concat(parts), etag: found.etag, metadata: found.metadata ?? {} };
};

/** A form that anybody may post one object with, once it is known: no credentials, nothing but this object. */
export interface UploadForm {
  readonly url: string;
  /** To be sent before the file, as they are. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The port that makes such forms for a bucket. */
export interface UploadForms {
  /** Fixes key, content type, length and content (SHA-256, hex); the form expires after `lifeSeconds`. */
  formFor(object: {
    readonly key: string;
    readonly contentType: string;
    readonly size: number;
    readonly sha256: string;
    readonly lifeSeconds: number;
  }): Promise<UploadForm>;
}
