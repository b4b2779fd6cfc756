import type { IncomingHttpHeaders } from 'node:http';
import { inspect } from 'node:util';
import { type ChunkRange, parseChunkRange } from './chunk-range.ts';

/** Headers that hold neither patient data nor addresses of a person: all that may be logged. */
const loggable = [
  'mex-messageid',
  'mex-messagetype',
  'mex-workflowid',
  'mex-chunk-range',
  'mex-linkedmsgid',
  'mex-statuscode',
  'mex-statusevent',
  'mex-statussuccess',
  'mex-statustimestamp',
  'content-encoding',
  'content-length',
] as const;

/**
 * The headers of a message, read without regard to case. `Mex-To` and `Mex-Subject` hold patient data, so printing
 * or serialising this shows the loggable ones only; `entries()` hands out all of them, for the archive.
 */
export class MeshHeaders {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: Iterable<readonly [name: string, value: string]>) {
    this.#values = new Map([...values].map(([name, value]) => [name.toLowerCase(), value]));
  }

  static fromHttp(headers: IncomingHttpHeaders): MeshHeaders {
    const values: [string, string][] = [];
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) values.push([name, Array.isArray(value) ? value.join(', ') : value]);
    }
    return new MeshHeaders(values);
  }

  /** Undefined where absent or blank. */
  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())?.trim() || undefined;
  }

  /** Everything, patient data included. */
  entries(): [name: string, value: string][] {
    return [...this.#values];
  }

  get messageId(): string | undefined {
    return this.get('mex-messageid');
  }
  /** `DATA` or `REPORT`. */
  get messageType(): string | undefined {
    return this.get('mex-messagetype')?.toUpperCase();
  }
  get workflowId(): string | undefined {
    return this.get('mex-workflowid');
  }
  /** Mailbox of the sender; reports have none. */
  get from(): string | undefined {
    return this.get('mex-from');
  }
  get localId(): string | undefined {
    return this.get('mex-localid');
  }
  get linkedMessageId(): string | undefined {
    return this.get('mex-linkedmsgid');
  }
  get statusCode(): string | undefined {
    return this.get('mex-statuscode');
  }
  get chunkRange(): ChunkRange | undefined {
    return parseChunkRange(this.get('mex-chunk-range'));
  }
  get contentEncoding(): string | undefined {
    return this.get('content-encoding')?.toLowerCase();
  }

  toJSON(): Record<string, string> {
    const shown: Record<string, string> = {};
    for (const name of loggable) {
      const value = this.get(name);
      if (value !== undefined) shown[name] = value;
    }
    return shown;
  }

  [inspect.custom](): Record<string, string> {
    return this.toJSON();
  }
}
