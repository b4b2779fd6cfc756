import { createHash } from 'node:crypto';
import { awsChunkedPayload } from './aws-chunked.ts';
import type { BodyStore, StoredBody } from './bodies.ts';
import {
  type ChecksumAlgorithm,
  type Checksums,
  checksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  startChecksum,
} from './checksums.ts';
import { badDigest, invalidRequest, S3Error } from './errors.ts';
import type { Headers } from './model.ts';

/** What a request says about its body. */
interface BodyClaim {
  readonly chunked: boolean;
  /** Length of the payload, undefined where none was announced. */
  readonly length: number | undefined;
  /** Base64. */
  readonly md5: string | undefined;
  /** Hexadecimal, from the signature. */
  readonly sha256: string | undefined;
  readonly checksums: Checksums;
  /** The checksum that comes after the body. */
  readonly trailing: ChecksumAlgorithm | undefined;
}

const lengthOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

const claimOf = (headers: Headers): BodyClaim => {
  const payload = headers['x-amz-content-sha256'] ?? '';
  const chunked = payload.startsWith('STREAMING-');
  const trailer = headers['x-amz-trailer']?.replace(/^x-amz-checksum-/i, '');
  return {
    chunked,
    length: lengthOf(headers[chunked ? 'x-amz-decoded-content-length' : 'content-length']),
    md5: headers['content-md5'],
    sha256: /^[0-9a-f]{64}$/.test(payload) ? payload : undefined,
    checksums: Object.fromEntries(
      checksumAlgorithms.flatMap((algorithm) => {
        const value = headers[checksumHeader(algorithm)];
        return value === undefined ? [] : [[algorithm, value]];
      }),
    ),
    trailing: checksumAlgorithm(trailer),
  };
};

interface Digests {
  md5: string;
  checksums: Checksums;
}

/** Passes the payload through and, at its end, holds it against everything the request said about it. */
async function* checkedPayload(
  source: AsyncIterable<Uint8Array>,
  claim: BodyClaim,
  extra: readonly ChecksumAlgorithm[],
  found: Digests,
): AsyncGenerator<Uint8Array> {
  const trailers = new Map<string, string>();
  const wanted = new Set<ChecksumAlgorithm>(extra);
  for (const algorithm of checksumAlgorithms) if (claim.checksums[algorithm] !== undefined) wanted.add(algorithm);
  if (claim.trailing) wanted.add(claim.trailing);
  const running = [...wanted].map((algorithm) => ({ algorithm, checksum: startChecksum(algorithm) }));
  const md5 = createHash('md5');
  const sha256 = claim.sha256 === undefined ? undefined : createHash('sha256');
  let length = 0;
  for await (const piece of claim.chunked ? awsChunkedPayload(source, trailers) : source) {
    length += piece.byteLength;
    md5.update(piece);
    sha256?.update(piece);
    for (const { checksum } of running) checksum.update(piece);
    yield piece;
  }
  if (claim.length !== undefined && claim.length !== length) {
    throw new S3Error('IncompleteBody', 400, 'You did not provide the number of bytes that the headers announced.');
  }
  const digest = md5.digest();
  if (claim.md5 !== undefined && claim.md5 !== digest.toString('base64')) throw badDigest('Content-MD5');
  if (sha256 && sha256.digest('hex') !== claim.sha256) {
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const checksums: Partial<Record<ChecksumAlgorithm, string>> = {};
  for (const { algorithm, checksum } of running) {
    const value = checksum.digest().toString('base64');
    const trailed = algorithm === claim.trailing ? trailers.get(checksumHeader(algorithm)) : undefined;
    if (algorithm === claim.trailing && trailed === undefined) {
      throw new S3Error('MalformedTrailerError', 400, 'The trailer that was announced did not come.');
    }
    for (const claimed of [claim.checksums[algorithm], trailed]) {
      if (claimed !== undefined && claimed !== value) throw badDigest(algorithm);
    }
    checksums[algorithm] = value;
  }
  found.md5 = digest.toString('hex');
  found.checksums = checksums;
}

export interface ReceivedBody {
  /** Held once: by the caller. */
  readonly body: StoredBody;
  /** Hexadecimal. */
  readonly md5: string;
  /** What the request named, and what was asked for beside. */
  readonly checksums: Checksums;
}

/** Five GiB: the longest body of one call. */
const longestBody = 5 * 2 ** 30;

export interface ReceiveOptions {
  /** Checksums to work out whether or not the request names them. */
  readonly extra?: readonly ChecksumAlgorithm[];
  /** The one to work out where neither the request nor `extra` names any. */
  readonly fallback?: ChecksumAlgorithm;
  /** False for a file inside a form, whose length nobody announces. */
  readonly lengthAnnounced?: boolean;
}

/**
 * Streams a body to disk. Throws BadDigest, IncompleteBody, XAmzContentSHA256Mismatch, EntityTooLarge (400) or
 * MissingContentLength (411), and leaves nothing on disk then.
 */
export const receiveBody = async (
  bodies: BodyStore,
  headers: Headers,
  content: AsyncIterable<Uint8Array>,
  { extra = [], fallback, lengthAnnounced = true }: ReceiveOptions = {},
): Promise<ReceivedBody> => {
  const claim = claimOf(headers);
  if (lengthAnnounced && !Number.isSafeInteger(claim.length)) {
    throw new S3Error('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.');
  }
  if (claim.length !== undefined && claim.length > longestBody) {
    throw new S3Error('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size');
  }
  const names = extra.length > 0 || claim.trailing !== undefined || Object.keys(claim.checksums).length > 0;
  const found: Digests = { md5: '', checksums: {} };
  const wanted = names || fallback === undefined ? extra : [fallback];
  const body = await bodies.write(checkedPayload(content, claim, wanted, found));
  return { body, ...found };
};

// DeleteObjects with a thousand long keys is the largest document that S3 takes.
const longestDocument = 4 * 2 ** 20;

/** A request document as text. Throws as `receiveBody` does. */
export const receiveDocument = async (headers: Headers, content: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of checkedPayload(content, claimOf(headers), [], { md5: '', checksums: {} })) {
    length += piece.byteLength;
    if (length > longestDocument) throw invalidRequest('Your request was too big.');
    parts.push(piece);
  }
  return Buffer.concat(parts).toString();
};
