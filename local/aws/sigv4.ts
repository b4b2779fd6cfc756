import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { LocalClock } from '../clock.ts';
import { type Identities, ServiceError } from './service.ts';

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

/** URI encoding as Signature Version 4 defines it: everything but unreserved characters. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export const signingKey = (secret: string, day: string, region: string, service: string): Buffer =>
  hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');

/** The signature of a POST policy document (base64), as S3 checks a presigned form. */
export const policySignature = (secret: string, day: string, region: string, policy: string): string =>
  hmac(signingKey(secret, day, region, 's3'), policy).toString('hex');

/** `yyyyMMddTHHmmssZ` to epoch milliseconds. */
export const amzTime = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

export interface Caller {
  readonly accessKeyId: string;
  readonly presigned: boolean;
}

interface Claim {
  credential: string;
  signedHeaders: string[];
  signature: string;
  date: string;
  presigned: boolean;
}

const claimOf = (request: IncomingMessage, query: URLSearchParams): Claim => {
  const header = request.headers.authorization;
  if (header?.startsWith('AWS4-HMAC-SHA256 ')) {
    const fields = new Map(
      header
        .slice(17)
        .split(/,\s*/)
        .map((part) => part.split(/=(.*)/s) as [string, string]),
    );
    return {
      credential: fields.get('Credential') ?? '',
      signedHeaders: (fields.get('SignedHeaders') ?? '').split(';'),
      signature: fields.get('Signature') ?? '',
      date: String(request.headers['x-amz-date'] ?? ''),
      presigned: false,
    };
  }
  const signature = query.get('X-Amz-Signature');
  if (!signature) throw new ServiceError('AccessDenied', 'Access Denied', 403);
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature,
    date: query.get('X-Amz-Date') ?? '',
    presigned: true,
  };
};

const fifteenMinutes = 900_000;

/**
 * The time that the signer went by. Functions have the run's clock, but a person's own client signs by the machine's,
 * and where the run's time is faster both must be let in.
 */
const signersTime = (clock: LocalClock, signedAt: number): number => {
  const real = Date.now();
  return clock.scale > 1 && signedAt <= real + fifteenMinutes ? real : clock.now();
};

/**
 * Who signed this request. `bodyHash` is the SHA-256 of the body where the client does not send `x-amz-content-sha256`.
 * Throws AccessDenied, InvalidAccessKeyId, RequestTimeTooSkewed or SignatureDoesNotMatch (all 403).
 */
export const verifySignature = (
  request: IncomingMessage,
  identities: Identities,
  clock: LocalClock,
  bodyHash?: string,
): Caller => {
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const claim = claimOf(request, query);
  const [accessKeyId = '', day = '', region = '', service = ''] = claim.credential.split('/');
  const secret = identities.secretFor(accessKeyId);
  if (secret === undefined) {
    throw new ServiceError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist.', 403);
  }
  const signedAt = amzTime(claim.date);
  const now = signersTime(clock, signedAt);
  if (claim.presigned) {
    if (!(now <= signedAt + 1000 * Number(query.get('X-Amz-Expires')))) {
      throw new ServiceError('AccessDenied', 'Request has expired', 403);
    }
  } else if (!(Math.abs(now - signedAt) <= fifteenMinutes)) {
    throw new ServiceError(
      'RequestTimeTooSkewed',
      'The difference between the request time and now is too large.',
      403,
    );
  }
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const payloadHash = claim.presigned
    ? (query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD')
    : (request.headers['x-amz-content-sha256'] ?? bodyHash ?? sha256(''));
  const headers = claim.signedHeaders.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replace(/\s+/g, ' ')}`,
  );
  const canonical = [
    request.method,
    path,
    canonicalQuery,
    ...headers,
    '',
    claim.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const wanted = hmac(
    signingKey(secret, day, region, service),
    ['AWS4-HMAC-SHA256', claim.date, scope, sha256(canonical)].join('\n'),
  ).toString('hex');
  if (wanted.length !== claim.signature.length || !timingSafeEqual(Buffer.from(wanted), Buffer.from(claim.signature))) {
    throw new ServiceError(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      403,
    );
  }
  return { accessKeyId, presigned: claim.presigned };
};
