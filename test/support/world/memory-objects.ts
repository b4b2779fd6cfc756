import { createHash } from 'node:crypto';
import type { Clock } from '../../../shared/platform/clock.ts';
import type { Objects } from '../../../shared/platform/objects.ts';

/** The bucket port in memory, versioned, held to the same contract as S3's (test/contract/ports). */

interface Version {
  readonly versionId: string;
  /** Absent: a delete marker. */
  readonly body?: Buffer;
  readonly etag: string;
  readonly lastModified: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Created {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly sequencer: string;
  readonly size: number;
}

const gathered = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
};

export const memoryObjects = (
  bucket: string,
  clock: Pick<Clock, 'now'>,
  onCreated: (created: Created) => void = () => undefined,
): Objects & { count(): number } => {
  const objects = new Map<string, Version[]>();
  let last = 0;
  const current = (key: string): (Version & { body: Buffer }) | undefined => {
    const version = objects.get(key)?.at(-1);
    return version?.body ? { ...version, body: version.body } : undefined;
  };
  const add = (key: string, body: Buffer | undefined, metadata?: Readonly<Record<string, string>>) => {
    last += 1;
    const version: Version = {
      versionId: `v${last}`,
      etag: body ? `"${createHash('md5').update(body).digest('hex')}"` : '',
      lastModified: clock.now(),
      ...(body ? { body } : {}),
      ...(metadata ? { metadata } : {}),
    };
    const versions = objects.get(key);
    if (versions) versions.push(version);
    else objects.set(key, [version]);
    if (body) {
      const sequencer = last.toString(16).toUpperCase().padStart(16, '0');
      onCreated({ bucket, key, versionId: version.versionId, sequencer, size: body.length });
    }
  };
  const port: Objects & { count(): number } = {
    bucket,
    count: () => objects.size,
    async get(key, { versionId, range } = {}) {
      const found =
        versionId === undefined ? current(key) : objects.get(key)?.find((version) => version.versionId === versionId);
      if (!found?.body) return undefined;
      const bytes = range ? found.body.subarray(range.from, range.to) : found.body;
      return {
        body: (async function* () {
          if (bytes.length > 0) yield bytes;
        })(),
        discard: () => undefined,
        size: bytes.length,
        etag: found.etag,
        lastModified: found.lastModified,
        metadata: found.metadata ?? {},
      };
    },
    async head(key) {
      const found = current(key);
      return found && { versionId: found.versionId, size: found.body.length, etag: found.etag };
    },
    async put(key, body, { ifMatch, ifNew, metadata } = {}) {
      const there = current(key);
      if (ifNew && there) return 'conflict';
      if (ifMatch !== undefined && there?.etag !== ifMatch) return 'conflict';
      add(key, Buffer.from(body), metadata);
      return 'written';
    },
    async upload(key, body) {
      add(key, await gathered(body));
    },
    async remove(key, { ifMatch } = {}) {
      const there = current(key);
      if (!there) return 'removed';
      if (ifMatch !== undefined && there.etag !== ifMatch) return 'conflict';
      add(key, undefined);
      return 'removed';
    },
    async copyFrom(source, sourceKey, key) {
      const found = await source.get(sourceKey);
      if (!found) throw new Error('An object to be copied is gone.');
      const bytes = await gathered(found.body);
      if (current(key)) return 'conflict';
      add(key, bytes);
      return 'written';
    },
    async copyWithin(sourceKey, key, ifMatch) {
      const there = current(sourceKey);
      if (!there || there.etag !== ifMatch) return 'conflict';
      add(key, there.body);
      return 'written';
    },
    async *list(prefix, after) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && (after === undefined || key > after));
      for (const key of keys.sort()) {
        const found = current(key);
        if (found) yield { key, size: found.body.length, lastModified: found.lastModified };
      }
    },
  };
  return port;
};
