import type { RangedSource } from '../ranged-text.ts';
import { type PdfTextThread, startThread } from './pdf-text-thread.ts';

/** Why the text of a PDF was not read to its end. */
export type PdfTextLimit = 'pages' | 'time' | 'memory' | 'broken';
/** `enough`: whoever took the pages had seen enough. */
export type PdfTextEnd = 'all' | 'enough' | PdfTextLimit;

export interface PdfTextLimits {
  /** Of the machine's time. */
  readonly milliseconds: number;
  readonly pages: number;
  /** By how much the process may grow meanwhile; and what the thread's own heap may come to. */
  readonly megabytes: { readonly process: number; readonly heap: number };
}

export const pdfTextLimits: PdfTextLimits = {
  milliseconds: 20_000,
  pages: 200,
  megabytes: { process: 384, heap: 192 },
};

type OnPage = (text: string) => 'more' | 'enough';

/**
 * Reads the text of a PDF page by page and hands each page's text to `onPage`, until that has had enough. Reads ranges
 * of the file, never the whole. One PDF at a time, others wait their turn. Rejects with what `source.read` threw, and
 * where the thread cannot start at all; anything that is wrong with the PDF is an answer.
 */
export type ReadPdfText = (source: RangedSource, onPage: OnPage) => Promise<PdfTextEnd>;

const chunkSize = 256 * 1024;
/** In characters. No honest page comes near it. */
const maxPageText = 2_000_000;
const lookEvery = 50;
const megabyte = 1024 * 1024;
/** After so many a new thread: whatever pdfjs keeps of one PDF must not add up. */
const jobsOfOneThread = 20;

const readOne = (thread: PdfTextThread, limits: PdfTextLimits, source: RangedSource, onPage: OnPage) =>
  new Promise<PdfTextEnd>((resolve, reject) => {
    let over = false;
    const settle = (answer: () => void) => {
      over = true;
      clearInterval(look);
      answer();
    };
    /** Ends it in the middle of whatever it does; the answer waits until its memory is free again. */
    const stop = (answer: () => void) => {
      if (!over) settle(() => thread.terminate().then(answer, reject));
    };

    // The heap's limit does not count bytes outside it, such as a stream that unpacks to more than it should: the
    // process's size does. Time is the machine's: under a faster clock the work takes as long as ever.
    const startedAt = performance.now();
    const sizeBefore = process.memoryUsage.rss();
    const look = setInterval(() => {
      if (performance.now() - startedAt > limits.milliseconds) stop(() => resolve('time'));
      else if (process.memoryUsage.rss() - sizeBefore > limits.megabytes.process * megabyte) {
        stop(() => resolve('memory'));
      }
    }, lookEvery);

    thread.begin(
      { size: source.size, chunkSize, maxPages: limits.pages, maxPageText },
      {
        need(from, to) {
          source.read(from, to).then(
            (bytes) => over || thread.give(from, bytes),
            (error: unknown) => stop(() => reject(error)),
          );
        },
        page(text) {
          if (!over) thread.next(onPage(text) === 'more');
        },
        end(how) {
          if (!over) settle(() => resolve(how));
        },
        died(how) {
          stop(() => (how instanceof Error ? reject(how) : resolve(how)));
        },
      },
    );
  });

/** A reader that reads one PDF at a time, however many ask: their memory would add up. */
export const pdfTextReader = (limits: PdfTextLimits = pdfTextLimits): ReadPdfText => {
  let thread: PdfTextThread | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const take = async (source: RangedSource, onPage: OnPage): Promise<PdfTextEnd> => {
    if (thread?.alive && thread.jobs >= jobsOfOneThread) await thread.terminate();
    if (!thread?.alive) thread = startThread(limits.megabytes.heap);
    return readOne(thread, limits, source, onPage);
  };
  return (source, onPage) => {
    const mine = turn.then(() => take(source, onPage));
    turn = mine.catch(() => undefined);
    return mine;
  };
};
