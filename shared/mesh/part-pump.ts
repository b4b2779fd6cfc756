import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';

/** Bytes to post: `length` is their exact number, `open` gives them from the beginning each time it is called. */
export interface MeshPart {
  readonly length: number;
  /** A stream, or the bytes themselves where they are few. */
  open(): Readable | Uint8Array | Promise<Readable | Uint8Array>;
}

/** Our own side failed the request: whatever went out falls short of the announced length. */
export class PartFault extends Error {}

/** How far a request has come; shared by the pump and whoever waits for the answer. */
export interface RequestCourse {
  /** All of the body was handed over: from here on the server may have the whole request. */
  bodySent: boolean;
  answered: boolean;
}

/**
 * Feeds a part to its request, at the connection's pace. One piece is held back until the next comes or the source
 * ends, so that a source of the wrong length is found before MESH has all that was announced. Faults destroy the
 * request with a `PartFault`.
 */
export const pump = (request: ClientRequest, part: MeshPart, course: RequestCourse): void => {
  const fail = (reason: string) => {
    if (!course.answered) request.destroy(new PartFault(reason));
  };
  const unreadable = () => fail('The part could not be read.');
  const feed = (opened: Readable | Uint8Array) => {
    if (course.answered || request.destroyed) {
      if (!(opened instanceof Uint8Array)) opened.destroy();
    } else if (opened instanceof Uint8Array) {
      if (opened.length !== part.length) return fail(wrongLength(opened.length, part.length));
      course.bodySent = true;
      request.end(opened);
    } else {
      flow(request, opened, part.length, course, fail);
    }
  };
  try {
    const opened = part.open();
    if (opened instanceof Promise) opened.then(feed, unreadable);
    else feed(opened);
  } catch {
    unreadable();
  }
};

const wrongLength = (length: number, announced: number) =>
  `The part is ${length > announced ? 'longer' : 'shorter'} than announced.`;

const flow = (
  request: ClientRequest,
  source: Readable,
  announced: number,
  course: RequestCourse,
  fail: (reason: string) => void,
): void => {
  // Over already: it will say nothing more, not even that.
  if (source.destroyed) {
    fail('The part could not be read.');
    return;
  }
  let read = 0;
  let held: Uint8Array | undefined;
  const stop = () => {
    source.destroy();
  };
  request.once('response', stop).once('close', stop);
  request.on('drain', () => source.resume());
  source.on('data', (piece: Uint8Array) => {
    if (course.answered || request.destroyed) return;
    read += piece.length;
    if (read > announced) return fail(wrongLength(read, announced));
    if (held && !request.write(held)) source.pause();
    held = piece;
  });
  source.once('end', () => {
    if (course.answered || request.destroyed) return;
    if (read < announced) return fail(wrongLength(read, announced));
    course.bodySent = true;
    request.end(held);
  });
  source.once('error', () => fail('The part could not be read.'));
  source.once('close', () => {
    if (!course.bodySent && !request.destroyed) fail('The part could not be read.');
  });
};
