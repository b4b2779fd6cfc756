import type { Readable } from 'node:stream';
import { archivedReceived } from '../../delivery/keys.ts';
import type { MeshHeaders } from '../../mesh/mesh-headers.ts';
import type { Objects } from '../../platform/objects.ts';

/** Largest answer taken into memory; ITK3 responses are a few kilobytes. */
export const largestAnswer = 10_000_001;

/** A body as far as it is taken into memory. What is longer is no answer, and the reader will say so. */
export interface Received {
  /** At most `largestAnswer` bytes, and a piece. */
  readonly bytes: Buffer;
  /** What follows them, still to come; absent where they are all. */
  readonly rest?: AsyncIterable<Uint8Array>;
  /** Lets go of what is still to come. */
  discard(): void;
}

export const readBody = async (body: Readable): Promise<Received> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  const discard = () => void body.destroy();
  for await (const part of body.iterator({ destroyOnReturn: false })) {
    parts.push(part);
    size += part.length;
    if (size >= largestAnswer) return { bytes: Buffer.concat(parts), rest: body, discard };
  }
  return { bytes: Buffer.concat(parts), discard };
};

async function* joined(first: Buffer, rest: AsyncIterable<Uint8Array>, inTime: () => boolean) {
  yield first;
  for await (const part of rest) {
    if (!inTime()) throw new Error('A message in the inbox is too long to be kept in the time that is left.');
    yield part;
  }
}

/** The raw bytes and headers, kept before anything is done with them; storing them again changes nothing. */
export const storeRaw = async (
  archive: Objects,
  mailboxId: string,
  meshMessageId: string,
  headers: MeshHeaders,
  body: Received,
  inTime: () => boolean,
): Promise<void> => {
  const key = (n: number, kind: string) => archivedReceived(mailboxId, meshMessageId, n, kind);
  await archive.put(key(1, 'headers'), JSON.stringify(Object.fromEntries(headers.entries())), { ifNew: true });
  const type = 'application/octet-stream';
  if (!body.rest) await archive.put(key(2, 'body'), body.bytes, { ifNew: true, contentType: type });
  else await archive.upload(key(2, 'body'), joined(body.bytes, body.rest, inTime), type, { ifNew: true });
};
