import { base64Text } from './base64.ts';
import type { DocumentToCompose } from './document.ts';
import { type MessageProfile, profiles } from './profiles.ts';
import { messageBundle } from './resources.ts';
import { writeResource } from './xml.ts';

/**
 * The message around its files: file n belongs, in base64, between `pieces[n]` and `pieces[n + 1]`. UTF-8 XML without a
 * byte order mark; the same input always gives the same pieces. Throws on input that `composeProblems` would refuse.
 */
export const composeMessage = (
  input: DocumentToCompose,
  profile: MessageProfile = profiles.v1,
): { readonly pieces: readonly string[] } => ({ pieces: writeResource(messageBundle(input, profile)) });

/** Bytes of the whole message when the files have these sizes in bytes. */
export const messageLength = (
  input: DocumentToCompose,
  fileSizes: readonly number[],
  profile: MessageProfile = profiles.v1,
): number => {
  const { pieces } = composeMessage(input, profile);
  return [
    ...pieces.map((piece) => Buffer.byteLength(piece)),
    ...fileSizes.map((size) => 4 * Math.ceil(size / 3)),
  ].reduce((sum, length) => sum + length, 0);
};

/**
 * The message bit by bit: bytes, or text that is all ASCII, so that whoever gathers it need not make a buffer of each.
 * Every file (in the order of `input.files`) is read once as a stream and never held whole.
 */
export async function* messagePieces(
  input: DocumentToCompose,
  files: readonly AsyncIterable<Uint8Array>[],
  profile: MessageProfile = profiles.v1,
): AsyncGenerator<Buffer | string, void, undefined> {
  const { pieces } = composeMessage(input, profile);
  if (pieces.length !== files.length + 1) throw new Error('The message has not as many places for files as there are.');
  for (const [index, piece] of pieces.entries()) {
    yield Buffer.from(piece, 'utf8');
    const file = files[index];
    if (file) yield* base64Text(file);
  }
}

/** The same, all of it as bytes. */
export async function* messageStream(
  input: DocumentToCompose,
  files: readonly AsyncIterable<Uint8Array>[],
  profile: MessageProfile = profiles.v1,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of messagePieces(input, files, profile)) yield Buffer.from(piece);
}
