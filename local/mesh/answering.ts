import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { LocalClock } from '../clock.ts';
import type { Bodies } from './bodies.ts';
import type { Reply } from './replies.ts';

const storedLength = ({ body, stored }: Reply): number => stored?.length ?? body?.length ?? 0;

/** Without a length where it is encoded or decoded on its way. */
const headersOf = (reply: Reply): Record<string, string | number> => ({
  ...reply.headers,
  ...(reply.transform ? {} : { 'Content-Length': storedLength(reply) }),
});

export const answer = async (response: ServerResponse, reply: Reply, bodies: Bodies): Promise<void> => {
  response.writeHead(reply.status, headersOf(reply));
  if (response.req.method === 'HEAD') return void response.end();
  if (!reply.stored) return void response.end(reply.body);
  const source = bodies.open(reply.stored);
  if (reply.transform === 'gzip') await pipeline(source, createGzip({ level: 1 }), response);
  else if (reply.transform === 'gunzip') await pipeline(source, createGunzip(), response);
  else await pipeline(source, response);
};

/** Half of the body, and then the connection is cut: never a whole answer, not even of an empty one. */
export const answerHalf = async (response: ServerResponse, reply: Reply, bodies: Bodies): Promise<void> => {
  const whole = storedLength(reply);
  const bytes = Math.floor(whole / 2);
  response.writeHead(reply.status, { ...reply.headers, 'Content-Length': whole + 1 });
  if (reply.stored && bytes > 0) {
    for await (const chunk of bodies.open(reply.stored, { bytes })) response.write(chunk);
  }
  response.write(reply.body?.subarray(0, bytes) ?? Buffer.alloc(0), () => response.req.socket.destroy());
};

const pieces = 8;

/** The head at once, then the body in pieces with a wait before each: `waitMs` of the clock in all. */
export const answerSlowly = async (
  response: ServerResponse,
  reply: Reply,
  bodies: Bodies,
  { clock, waitMs }: { readonly clock: LocalClock; readonly waitMs: number },
): Promise<void> => {
  const whole = storedLength(reply);
  const pieceBytes = Math.max(1, Math.ceil(whole / pieces));
  response.writeHead(reply.status, { ...reply.headers, 'Content-Length': whole });
  response.flushHeaders();
  const small = reply.body ?? Buffer.alloc(0);
  const cuts = Array.from({ length: Math.ceil(small.length / pieceBytes) }, (_, i) =>
    small.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  const source = reply.stored ? bodies.open(reply.stored, { pieceBytes }) : Readable.from(cuts);
  for await (const chunk of source) {
    await clock.sleep(waitMs / pieces);
    response.write(chunk);
  }
  response.end();
};
