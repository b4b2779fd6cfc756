import { Worker } from 'node:worker_threads';

/** What the thread says while it reads one PDF. */
export interface PdfTextListener {
  /** Wants bytes `from` up to but not including `to`. */
  need(from: number, to: number): void;
  /** Waits for `next` then. */
  page(text: string): void;
  /** The last that is heard of this PDF; the thread can read another. */
  end(how: 'all' | 'enough' | 'pages' | 'memory' | 'broken'): void;
  /** The thread is gone: at the hands of the PDF, or, an error, because it could not start. */
  died(how: 'memory' | 'broken' | Error): void;
}

export interface PdfTextJob {
  readonly size: number;
  readonly chunkSize: number;
  readonly maxPages: number;
  readonly maxPageText: number;
}

/** A thread that reads PDFs one after another. It keeps no process from ending while it has nothing to do. */
export interface PdfTextThread {
  readonly alive: boolean;
  /** How many PDFs it was given. */
  readonly jobs: number;
  begin(job: PdfTextJob, listener: PdfTextListener): void;
  give(from: number, bytes: Uint8Array): void;
  next(more: boolean): void;
  /** At once, whatever it is doing. */
  terminate(): Promise<void>;
}

type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'need'; readonly job: number; readonly from: number; readonly to: number }
  | { readonly kind: 'page'; readonly job: number; readonly text: string }
  | { readonly kind: 'end'; readonly job: number; readonly how: Parameters<PdfTextListener['end']>[0] };

const isOutOfMemory = (error: Error): boolean => 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

export const startThread = (heapMegabytes: number): PdfTextThread => {
  // The file lies beside this one here, and beside the bundle in a function (infra/constructs/node-function.ts).
  const worker = new Worker(new URL('./pdf-text-worker.mjs', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: 16 },
    // What reads a stranger's file gets nothing of this process: no credentials, no options, no log.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  let ready = false;
  let alive = true;
  let jobs = 0;
  let listener: PdfTextListener | undefined;

  const died = (how: Parameters<PdfTextListener['died']>[0]) => {
    alive = false;
    listener?.died(how);
    listener = undefined;
  };
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'ready') ready = true;
    else if (message.job !== jobs) return;
    else if (message.kind === 'need') listener?.need(message.from, message.to);
    else if (message.kind === 'page') listener?.page(message.text);
    else {
      const heard = listener;
      listener = undefined;
      worker.unref();
      heard?.end(message.how);
    }
  });
  worker.on('error', (error) => {
    if (isOutOfMemory(error)) died('memory');
    // Before it is ready no PDF can be at fault: its file is missing, or pdfjs.
    else died(ready ? 'broken' : error);
  });
  worker.on('exit', () => died('broken'));

  return {
    get alive() {
      return alive;
    },
    get jobs() {
      return jobs;
    },
    begin(job, heard) {
      listener = heard;
      jobs += 1;
      worker.ref();
      worker.postMessage({ kind: 'open', job: jobs, ...job });
    },
    give(from, bytes) {
      // A copy of its own, given away: a view could lie in a pool that others use.
      const own = new Uint8Array(bytes);
      worker.postMessage({ kind: 'bytes', job: jobs, from, bytes: own }, [own.buffer]);
    },
    next(more) {
      worker.postMessage({ kind: 'next', job: jobs, more });
    },
    async terminate() {
      alive = false;
      listener = undefined;
      await worker.terminate();
    },
  };
};
