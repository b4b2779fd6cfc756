import { fork } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { base64Stream } from '../../shared/itk3/base64.ts';
import { messagePieces } from '../../shared/itk3/message.ts';
import { withDigest } from '../../shared/pipeline/compose/digest-stream.ts';
import { type Compression, zlibOptions } from '../../shared/pipeline/compose/gzip-blocks.ts';
import { type StoredTransport, storeTransport } from '../../shared/pipeline/compose/transport-parts.ts';
import { documentToCompose } from '../fixtures/itk3/documents.ts';

/**
 * `npm run bench:compose`: how fast one process makes a PDF into the transport bytes of its message, beside nothing but
 * base64 and gzip of the same bytes at the same setting, in alternating rounds; and how much memory that takes for 1,
 * 10 and 100 MB, each in a process of its own. The ratio is by the clock: composing has three digests more to make (of
 * the PDF, of the XML, of each part) and lets zlib's threads work meanwhile, which a machine with one core cannot. What
 * that costs where nothing overlaps is told beside it, by processor time of all threads.
 */

const megabyte = 1_000_000;
const chunkLength = 64 << 10;
const rounds = 9;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function* chunked(pdf: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < pdf.length; at += chunkLength) yield pdf.subarray(at, at + chunkLength);
}

const drain = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
  let length = 0;
  for await (const bytes of body) length += bytes.length;
  return length;
};

const compose = async (source: AsyncIterable<Uint8Array>, sha256: string | undefined): Promise<StoredTransport> =>
  storeTransport(
    messagePieces(documentToCompose(), [withDigest(source, sha256, 'pdf.sha256')]),
    'gzip',
    async (_, body) => void (await drain(body)),
  );

/** What cannot be done without: no message around it, no digests, no parts. */
const bare = (source: AsyncIterable<Uint8Array>, compression: Compression): Promise<number> =>
  drain(
    pipeline(
      Readable.from(base64Stream(source), { objectMode: false, highWaterMark: 1 << 20 }),
      createGzip({ ...zlibOptions(compression), chunkSize: 256 << 10 }),
      () => undefined,
    ),
  );

interface Taken {
  /** Milliseconds on the clock. */
  readonly wall: number;
  /** Milliseconds of processor time, of all threads. */
  readonly cpu: number;
}

const time = async (run: () => Promise<unknown>): Promise<Taken> => {
  const began = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - began, cpu: (user + system) / 1000 };
};

/** A report that is an image or compressed text, which most are; and one with its text as it is. */
const denseBytes = (length: number): Buffer => randomFillSync(Buffer.alloc(length));
const textBytes = (length: number): Buffer => {
  const lines: string[] = [];
  for (let n = 0, written = 0; written < length; n++) {
    const line = `BT /F1 11 Tf 50 ${780 - (n % 50) * 14} Td (Observation ${(n * 7919) % 100_003} was recorded.) Tj ET\n`;
    lines.push(line);
    written += line.length;
  }
  return Buffer.from(lines.join(''), 'latin1').subarray(0, length);
};

const compare = async (name: string, pdf: Buffer): Promise<number> => {
  const sha256 = createHash('sha256').update(pdf).digest('hex');
  const first = await compose(chunked(pdf), sha256);
  const compression = first.parts[0]?.compression === 'level-1' ? 'level-1' : 'huffman';
  const bareLength = await bare(chunked(pdf), compression);
  const length = first.parts.reduce((sum, part) => sum + part.length, 0);
  const taken: { composed: Taken; bare: Taken }[] = [];
  for (let round = 0; round < rounds; round++) {
    const composedOf = () => time(() => compose(chunked(pdf), sha256));
    const bareOf = () => time(() => bare(chunked(pdf), compression));
    // Neither always goes first.
    if (round % 2 === 0) {
      const composed = await composedOf();
      taken.push({ composed, bare: await bareOf() });
    } else {
      const one = await bareOf();
      taken.push({ bare: one, composed: await composedOf() });
    }
  }
  const rate = (of: 'composed' | 'bare', by: keyof Taken) =>
    (pdf.length / megabyte / (median(taken.map((round) => round[of][by])) / 1000)).toFixed(1);
  const ratio = (by: keyof Taken) => median(taken.map(({ composed, bare: one }) => one[by] / composed[by]));
  console.log(
    `${name}, ${pdf.length / megabyte} MB, ${compression}: ${length} bytes in ${first.parts.length} part(s), bare ${bareLength}`,
  );
  console.log(
    `  MB of PDF a second by the clock: ${rate('composed', 'wall')}, bare ${rate('bare', 'wall')}: ${ratio('wall').toFixed(3)} of it`,
  );
  console.log(
    `  MB of PDF a second of processor time: ${rate('composed', 'cpu')}, bare ${rate('bare', 'cpu')}: ${ratio('cpu').toFixed(3)} of it`,
  );
  return ratio('wall');
};

interface Peak {
  /** Bytes above what the process had before. */
  readonly resident: number;
  readonly heapAndExternal: number;
}

const measurePeak = async (path: string): Promise<Peak> => {
  const used = () => {
    const { rss, heapUsed, external } = process.memoryUsage();
    return { resident: rss, heapAndExternal: heapUsed + external };
  };
  // What any first message costs, code and tables, is not what a size costs.
  await compose(chunked(Buffer.alloc(megabyte)), undefined);
  globalThis.gc?.();
  const before = used();
  let peak = before;
  const look = () => {
    const now = used();
    peak = {
      resident: Math.max(peak.resident, now.resident),
      heapAndExternal: Math.max(peak.heapAndExternal, now.heapAndExternal),
    };
  };
  async function* looking(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path)) {
      look();
      yield chunk;
    }
  }
  await compose(looking(), undefined);
  look();
  return {
    resident: peak.resident - before.resident,
    heapAndExternal: peak.heapAndExternal - before.heapAndExternal,
  };
};

const peakInChild = (path: string): Promise<Peak> =>
  new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['peak', path], { execArgv: [...process.execArgv, '--expose-gc'] });
    child.on('message', (peak) => resolve(peak as Peak));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`The measuring process ended with ${code}.`)));
  });

const [mode, path] = process.argv.slice(2);
if (mode === 'peak' && path !== undefined) {
  process.send?.(await measurePeak(path));
} else {
  const dir = mkdtempSync(join(tmpdir(), 'send-document-bench-'));
  try {
    for (const size of [1, 10, 100]) {
      const file = join(dir, `${size}.pdf`);
      writeFileSync(file, denseBytes(size * megabyte));
      const { resident, heapAndExternal } = await peakInChild(file);
      console.log(
        `${size} MB: at most ${(resident / megabyte).toFixed(1)} MB resident and ${(heapAndExternal / megabyte).toFixed(1)} MB of heap and buffers more than before`,
      );
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  await compare('text', textBytes(16 * megabyte));
  const ratio = await compare('compressed', denseBytes(32 * megabyte));
  console.log(`ratio ${ratio.toFixed(3)}`);
}
