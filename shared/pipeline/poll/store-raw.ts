import { archivedReceived } from '../../delivery/keys.ts';
import type { MeshHeaders } from '../../mesh/mesh-headers.ts';
import type { Objects } from '../../platform/objects.ts';

/** Largest answer taken into memory; ITK3 responses are a few kilobytes. */
export const largestAnswer = 10_000_001;

/** At most `largestAnswer` bytes of a body: what is longer is no answer, and the reader will say so. */
export const readBody = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    const room = largestAnswer - size;
    parts.push(part.subarray(0, room));
    size += Math.min(part.length, room);
    if (size >= largestAnswer) break;
  }
  return Buffer.concat(parts);
};

/** The raw bytes and headers, kept before anything is done with them; storing them again changes nothing. */
export const storeRaw = async (
  archive: Objects,
  mailboxId: string,
  meshMessageId: string,
  headers: MeshHeaders,
  body: Buffer,
): Promise<void> => {
  const key = (n: number, kind: string) => archivedReceived(mailboxId, meshMessageId, n, kind);
  await archive.put(key(1, 'headers'), JSON.stringify(Object.fromEntries(headers.entries())), { ifNew: true });
  await archive.put(key(2, 'body'), body, { ifNew: true, contentType: 'application/octet-stream' });
};
