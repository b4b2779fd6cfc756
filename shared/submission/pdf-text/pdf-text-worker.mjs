// Reads the text of PDFs for pdf-text-reader.ts, one after another, in a thread of its own. It has no credentials, no
// environment and no network: it asks for the bytes that it needs, and what it prints goes nowhere.
//   in:  { kind: 'open', job, size, chunkSize, maxPages, maxPageText } · { kind: 'bytes', job, from, bytes } ·
//        { kind: 'next', job, more }
//   out: { kind: 'ready' } · { kind: 'need', job, from, to } · { kind: 'page', job, text } ·
//        { kind: 'end', job, how: 'all' | 'enough' | 'pages' | 'memory' | 'broken' }, once nothing of it is left here
import { parentPort } from 'node:worker_threads';
// Before pdfjs, which looks about itself when it is loaded.
import './quiet-surroundings.mjs';
// Gives pdfjs its parser in this thread: it would start one by itself from a file that no bundle has.
import 'pdfjs-dist/legacy/build/pdf.worker.mjs';
import { getDocument, PDFDataRangeTransport, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';

class PageTooLong extends Error {}

/** The text of a page in the order of drawing, then that of its form fields and notes, which are no part of the page. */
const textOf = async (page, maxLength) => {
  let text = '';
  const add = (more) => {
    text += more;
    if (text.length > maxLength) throw new PageTooLong();
  };
  const reader = page.streamTextContent().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const { str, hasEOL } of part.value.items) if (str !== undefined) add(hasEOL ? `${str}\n` : str);
  }
  for (const { fieldValue, contentsObj } of await page.getAnnotations()) {
    for (const value of [fieldValue, contentsObj?.str]) if (typeof value === 'string') add(`\n${value}\n`);
  }
  return text;
};

let current = { job: 0, take: () => {}, next: () => {} };

const read = async (loading, { job, maxPages, maxPageText }) => {
  const document = await loading.promise;
  for (let number = 1; number <= Math.min(document.numPages, maxPages); number++) {
    const page = await document.getPage(number);
    const text = await textOf(page, maxPageText);
    page.cleanup();
    const more = await new Promise((resolve) => {
      current.next = resolve;
      parentPort.postMessage({ kind: 'page', job, text });
    });
    if (!more) return 'enough';
  }
  return document.numPages > maxPages ? 'pages' : 'all';
};

const open = async (request) => {
  const { job, size, chunkSize } = request;
  const range = new PDFDataRangeTransport(size, null);
  range.requestDataRange = (from, to) => parentPort.postMessage({ kind: 'need', job, from, to });
  current = { job, take: (from, bytes) => range.onDataRange(from, bytes), next: () => {} };
  const loading = getDocument({
    range,
    length: size,
    rangeChunkSize: chunkSize,
    disableAutoFetch: true,
    disableStream: true,
    // A PDF can hold programs: none of them is run.
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    verbosity: VerbosityLevel.ERRORS,
  });
  const how = await read(loading, request).catch((error) => (error instanceof PageTooLong ? 'memory' : 'broken'));
  await loading.destroy();
  parentPort.postMessage({ kind: 'end', job, how });
};

parentPort.on('message', (message) => {
  if (message.kind === 'open') open(message);
  // What was asked for by a job that has ended comes too late.
  else if (message.job !== current.job) return;
  else if (message.kind === 'bytes') current.take(message.from, message.bytes);
  else current.next(message.more);
});
parentPort.postMessage({ kind: 'ready' });
