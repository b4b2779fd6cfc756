/** Base64 of a stream, chunk by chunk: what does not fill three bytes is carried over to the next chunk. */
export async function* base64Stream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let carried = Buffer.alloc(0);
  for await (const part of source) {
    let chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    if (carried.length > 0) {
      const missing = 3 - carried.length;
      const group = Buffer.concat([carried, chunk.subarray(0, missing)]);
      if (group.length < 3) {
        carried = group;
        continue;
      }
      yield Buffer.from(group.toString('base64'), 'latin1');
      chunk = chunk.subarray(missing);
    }
    const whole = chunk.length - (chunk.length % 3);
    // A copy, because the source may use its memory again.
    carried = Buffer.from(chunk.subarray(whole));
    if (whole > 0) yield Buffer.from(chunk.toString('base64', 0, whole), 'latin1');
  }
  if (carried.length > 0) yield Buffer.from(carried.toString('base64'), 'latin1');
}
