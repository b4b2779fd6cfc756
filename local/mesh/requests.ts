import type { IncomingMessage } from 'node:http';

/** Names in lower case. The token does not belong to a message. */
export const headersOf = (request: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  delete headers.authorization;
  return headers;
};

/** To its end, without keeping any of it: whoever stops reading before never gets an answer across. */
export const drained = async (request: IncomingMessage): Promise<void> => {
  for await (const _ of request as AsyncIterable<Buffer>);
};

const longestText = 65_536;

/** A small body as text; undefined past 64 KiB. */
export const textOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longestText) chunks.push(chunk);
  }
  return length <= longestText ? Buffer.concat(chunks).toString() : undefined;
};
