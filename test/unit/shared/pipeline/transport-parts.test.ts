import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DigestMismatch, withDigest } from '../../../../shared/pipeline/compose/digest-stream.ts';
import { encodingFor, partLimit, storeTransport } from '../../../../shared/pipeline/compose/transport-parts.ts';

const chunks = (total: number, size = 64 << 10): Buffer[] => {
  const bytes = Buffer.alloc(total);
  for (let index = 0; index < total; index++) bytes[index] = (index * 2654435761) >>> 24;
  return Array.from({ length: Math.ceil(total / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
};
/** Base64 of bytes that nothing compresses, as of most PDFs. */
const noise = (total: number, size = 50_000): Buffer[] => {
  const bytes = Buffer.alloc((total * 3) / 4);
  let state = 0x9e3779b9;
  for (let index = 0; index < bytes.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  const text = Buffer.from(bytes.toString('base64'), 'latin1');
  return Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.subarray(n * size, (n + 1) * size));
};
async function* stream<T extends Uint8Array | string>(parts: readonly T[]) {
  yield* parts;
}
const collect = async (parts: readonly (Buffer | string)[], encoding: 'gzip' | undefined, limit: number) => {
  const bodies: Buffer[] = [];
  const stored = await storeTransport(
    stream(parts),
    encoding,
    async (part, body) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of body) pieces.push(piece);
      bodies[part - 1] = Buffer.concat(pieces);
    },
    { limit, blockLength: 64 << 10 },
  );
  return { bodies, stored };
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('transport parts', () => {
  it.each([undefined, 'gzip'] as const)('what fits one part is one part (%s)', async (encoding) => {
    const parts = chunks(300_000);
    const { bodies, stored } = await collect(parts, encoding, 1 << 20);
    expect(bodies).toHaveLength(1);
    const [body = Buffer.alloc(0)] = bodies;
    expect(sha256(encoding === 'gzip' ? gunzipSync(body) : body)).toBe(sha256(Buffer.concat(parts)));
    expect(stored).toEqual({
      xmlDigest: sha256(Buffer.concat(parts)),
      parts: [
        { length: body.length, sha256: sha256(body), ...(encoding === 'gzip' ? { compression: 'level-1' } : {}) },
      ],
    });
  });
  it.each([undefined, 'gzip'] as const)(
    'more is cut into parts that each decode alone and join to the whole (%s)',
    async (encoding) => {
      const parts = noise(3_000_000);
      const { bodies, stored } = await collect(parts, encoding, 500_000);
      expect(bodies.length).toBeGreaterThan(2);
      expect(stored.parts.map(({ length }) => length)).toEqual(bodies.map(({ length }) => length));
      expect(sha256(Buffer.concat(bodies.map((body) => (encoding === 'gzip' ? gunzipSync(body) : body))))).toBe(
        sha256(Buffer.concat(parts)),
      );
      for (const body of bodies) expect(body.length).toBeLessThanOrEqual(500_000);
      for (const body of bodies.slice(0, -1)) expect(body.length).toBeGreaterThanOrEqual(400_000);
    },
  );
  it('the digest of the XML does not depend on how it is encoded or cut', async () => {
    const parts = chunks(1_000_000);
    const digests = await Promise.all([
      collect(parts, undefined, 1 << 30),
      collect(parts, 'gzip', 1 << 30),
      collect(parts, 'gzip', 100_000),
    ]);
    expect(new Set(digests.map(({ stored }) => stored.xmlDigest)).size).toBe(1);
  });
  it('the same message gives the same bytes in the same parts, in whatever pieces it comes and however slowly it goes', async () => {
    const whole = Buffer.concat(noise(1_500_000));
    const inPieces = (size: number): Buffer[] =>
      Array.from({ length: Math.ceil(whole.length / size) }, (_, n) => whole.subarray(n * size, (n + 1) * size));
    const asText = inPieces(77_777).map((piece, n) => (n % 2 === 0 ? piece.toString('latin1') : piece));
    const outcomes = await Promise.all(
      [inPieces(1_000_000), inPieces(4096), inPieces(65_537), asText].map((parts) => collect(parts, 'gzip', 300_000)),
    );
    expect(new Set(outcomes.map(({ stored }) => JSON.stringify(stored))).size).toBe(1);
  });
  it('base64 of what is compressed already gets Huffman codes alone, text is matched, and each part says which', async () => {
    const dense = noise(400_000);
    const text = Buffer.from(Buffer.from('The patient was seen and advised. '.repeat(10_000)).toString('base64'));
    const compressions = async (parts: readonly Buffer[]) =>
      (await collect(parts, 'gzip', 1 << 30)).stored.parts.map(({ compression }) => compression);
    expect(await compressions(dense)).toEqual(['huffman']);
    expect(await compressions([text])).toEqual(['level-1']);
    expect(await compressions([...dense, text])).toEqual(['mixed']);
    const { stored } = await collect(dense, 'gzip', 1 << 30);
    expect((stored.parts[0]?.length ?? 0) / 400_000).toBeLessThan(0.77);
  });
  it('a fault of the source reaches the caller, whichever way it is encoded', async () => {
    async function* broken() {
      yield Buffer.alloc(100_000);
      throw new DigestMismatch('pdf.sha256');
    }
    const drain = async (_: number, body: AsyncIterable<Uint8Array>) => {
      for await (const piece of body) expect(piece.length).toBeGreaterThan(0);
    };
    await expect(storeTransport(broken(), 'gzip', drain)).rejects.toThrow(DigestMismatch);
    await expect(storeTransport(broken(), undefined, drain)).rejects.toThrow(DigestMismatch);
  });
  it('no part reaches 19 MiB, and none is much smaller without need', () => {
    expect(partLimit).toBeLessThan(19 << 20);
    expect(partLimit).toBeGreaterThan(18 << 20);
  });
  it('compresses only what is worth it', () => {
    expect(encodingFor(1 << 20)).toBeUndefined();
    expect(encodingFor((1 << 20) + 1)).toBe('gzip');
  });
  it('bytes that are not the ones named are found out at their end', async () => {
    const read = async (named: string) => {
      for await (const piece of withDigest(stream([Buffer.from('pdf')]), named, 'pdf.sha256'))
        expect(piece.length).toBe(3);
    };
    await expect(read(sha256(Buffer.from('pdf')))).resolves.toBeUndefined();
    await expect(read(sha256(Buffer.from('other')))).rejects.toThrow(DigestMismatch);
  });
});
