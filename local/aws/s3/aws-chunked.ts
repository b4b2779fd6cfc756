import { S3Error } from './errors.ts';

const incomplete = () => new S3Error('IncompleteBody', 400, 'The body ended before the length that was announced.');
const malformed = () => new S3Error('InvalidRequest', 400, 'The aws-chunked encoding of the body is malformed.');

// A size line holds a hexadecimal number and perhaps a chunk signature; trailers are as short.
const longestLine = 8192;

/**
 * The payload inside an aws-chunked body, piece by piece; trailing headers are put into `trailers`, names in lower case.
 * Chunk signatures are passed over: the request's own signature is what is checked.
 * Throws IncompleteBody or InvalidRequest (400).
 */
export async function* awsChunkedPayload(
  source: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let expecting: 'size' | 'data' | 'end of data' | 'trailer' | 'nothing' = 'size';
  let left = 0;

  const takeLine = (): string | undefined => {
    const end = rest.indexOf('\r\n');
    if (end < 0) {
      if (rest.length > longestLine) throw malformed();
      return undefined;
    }
    const line = rest.toString('latin1', 0, end);
    rest = rest.subarray(end + 2);
    return line;
  };

  for await (const piece of source) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    while (rest.length > 0 && expecting !== 'nothing') {
      if (expecting === 'data') {
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        if (left === 0) expecting = 'end of data';
        yield part;
        continue;
      }
      const line = takeLine();
      if (line === undefined) break;
      if (expecting === 'size') {
        const size = /^([0-9a-fA-F]{1,13})(;|$)/.exec(line)?.[1];
        if (size === undefined) throw malformed();
        left = Number.parseInt(size, 16);
        expecting = left > 0 ? 'data' : 'trailer';
      } else if (expecting === 'end of data') {
        if (line !== '') throw malformed();
        expecting = 'size';
      } else if (line === '') {
        expecting = 'nothing';
      } else {
        const colon = line.indexOf(':');
        if (colon < 1) throw malformed();
        trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
      }
    }
  }
  // The blank line after the last chunk is left out by some clients.
  if (expecting !== 'nothing' && !(expecting === 'trailer' && rest.length === 0)) throw incomplete();
}
