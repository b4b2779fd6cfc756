import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** The log of one function: what its processes print, and Lambda's own START, END and REPORT lines. */
export interface FunctionLog {
  line(text: string): void;
  /** Copies a stream line by line, so that lines of two processes never mix. */
  follow(stream: Readable): void;
  close(): Promise<void>;
}

/** `heard` is given every line that the function itself printed. */
export const openFunctionLog = (file: string, heard: (line: string) => void = () => {}): FunctionLog => {
  const out = createWriteStream(file, { flags: 'a' });
  let closed = false;
  const line = (text: string): void => {
    if (!closed) out.write(`${text}\n`);
  };
  const printed = (text: string): void => {
    line(text);
    heard(text);
  };
  return {
    line,
    follow(stream) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        const lines = `${rest}${text}`.split('\n');
        rest = lines.pop() ?? '';
        for (const each of lines) printed(each);
      });
      stream.on('close', () => rest !== '' && printed(rest));
    },
    close() {
      closed = true;
      return new Promise((done) => out.end(() => done()));
    },
  };
};
