/** A multiple of three, so that only the last piece is padded; small enough for its text to be short-lived memory. */
const stagingLength = 48 << 10;

/**
 * Base64 of a stream, as text in pieces of 64 KiB. What comes is gathered in one buffer that is used again and again: the
 * source may do the same with its own.
 */
export async function* base64Text(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const staging = Buffer.allocUnsafeSlow(stagingLength);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, stagingLength - filled);
      staging.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled === stagingLength) {
        filled = 0;
        yield staging.toString('base64');
      }
    }
  }
  if (filled > 0) yield staging.toString('base64', 0, filled);
}

/** The same as bytes. */
export async function* base64Stream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  for await (const text of base64Text(source)) yield Buffer.from(text, 'latin1');
}
