import { S3Error } from './errors.ts';

/** One field of a multipart/form-data body. Its content must be read to the end before the next is asked for. */
export interface FormField {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly contentType: string | undefined;
  readonly content: AsyncIterable<Buffer>;
}

const malformed = () =>
  new S3Error('MalformedPOSTRequest', 400, 'The body of your POST request is not well-formed multipart/form-data.');

const longestHeaders = 16 * 1024;

const parameter = (disposition: string, name: string): string | undefined => {
  const value = new RegExp(`[; ]${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(disposition)?.[1];
  return value?.replace(/%22/g, '"').replace(/\\(.)/g, '$1');
};

/** The fields of a form, one at a time, as they arrive. Throws MalformedPOSTRequest (400). */
export async function* formFields(source: AsyncIterable<Uint8Array>, contentType: string): AsyncGenerator<FormField> {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/i.exec(contentType)?.slice(1).find(Boolean)?.trim();
  if (boundary === undefined) throw malformed();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const pieces = source[Symbol.asyncIterator]();
  // The first boundary has no line break before it: with one put there, all boundaries look alike.
  let rest: Buffer = Buffer.from('\r\n');

  const more = async (): Promise<void> => {
    const next = await pieces.next();
    if (next.done) throw malformed();
    rest = Buffer.concat([rest, next.value]);
  };

  /** Yields what comes before the next boundary and steps over it. */
  async function* upToBoundary(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = rest.indexOf(delimiter);
      const safe = at >= 0 ? at : Math.max(0, rest.length - delimiter.length + 1);
      if (safe > 0) {
        const part = rest.subarray(0, safe);
        rest = rest.subarray(safe);
        yield part;
      }
      if (at >= 0) {
        rest = rest.subarray(delimiter.length);
        return;
      }
      await more();
    }
  }

  for await (const _preamble of upToBoundary());
  for (;;) {
    while (rest.length < 2) await more();
    if (rest.toString('latin1', 0, 2) === '--') return;
    while (!rest.includes('\r\n\r\n')) {
      if (rest.length > longestHeaders) throw malformed();
      await more();
    }
    const end = rest.indexOf('\r\n\r\n');
    const headers = new Map(
      rest
        .toString('utf8', 0, end)
        .split('\r\n')
        .map((line) => [line.split(':')[0]?.trim().toLowerCase() ?? '', line.replace(/^[^:]*:\s*/, '')]),
    );
    rest = rest.subarray(end + 4);
    const disposition = headers.get('content-disposition') ?? '';
    const name = parameter(disposition, 'name');
    if (name === undefined) throw malformed();
    yield {
      name,
      fileName: parameter(disposition, 'filename'),
      contentType: headers.get('content-type'),
      content: upToBoundary(),
    };
  }
}
