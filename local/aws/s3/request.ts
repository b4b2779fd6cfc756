import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';
import type { Headers } from './model.ts';

/** A request as S3 reads it. */
export interface S3Request {
  readonly method: string;
  /** Empty for a call on the service. */
  readonly bucket: string;
  /** Empty for a call on the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** Names in lower case. A presigned URL's hoisted headers are among them. */
  readonly headers: Headers;
  /** The raw body; leaving it early does not end the connection. */
  body(): AsyncIterable<Uint8Array>;
}

const signatureParameters = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token)$/;
// An SDK that presigns hoists the checksum of the empty body that it had; it says nothing about the body that comes.
const presigningArtefacts = /^x-amz-(sdk-checksum-algorithm|checksum-(crc32|crc32c|crc64nvme|sha1|sha256))$/;

const headersOf = (message: IncomingMessage, query: URLSearchParams): Headers => {
  const headers: Record<string, string> = {};
  if (query.has('X-Amz-Signature')) {
    for (const [name, value] of query) {
      const lower = name.toLowerCase();
      if (!lower.startsWith('x-amz-') || signatureParameters.test(lower) || presigningArtefacts.test(lower)) continue;
      headers[lower] = value;
    }
  }
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
};

/** Throws InvalidURI (400) where the path is not percent-encoded UTF-8. */
export const readRequest = (message: IncomingMessage): S3Request => {
  const [path = '/', search = ''] = (message.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  try {
    return {
      method: message.method ?? 'GET',
      bucket: decodeURIComponent(bucket),
      key: decodeURIComponent(key),
      query,
      headers: headersOf(message, query),
      body: () => message.iterator({ destroyOnReturn: false }),
    };
  } catch {
    throw new S3Error('InvalidURI', 400, "Couldn't parse the specified URI.");
  }
};
