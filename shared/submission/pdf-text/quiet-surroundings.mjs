// pdfjs, when it is loaded, looks for a canvas and for what browsers draw with. Reading text draws nothing: stand-ins
// take their place, so that a missing canvas is no fault and an installed one stays out of the thread's memory.
class NothingToDrawWith {
  constructor() {
    throw new Error('Reading text draws nothing.');
  }
}
globalThis.DOMMatrix ??= NothingToDrawWith;
globalThis.ImageData ??= NothingToDrawWith;
globalThis.Path2D ??= NothingToDrawWith;
// The way to the canvas, and to nothing that reading text needs. This thread's own `process` alone loses it.
process.getBuiltinModule = undefined;
// What it says about a PDF may quote the PDF.
for (const level of ['debug', 'error', 'info', 'log', 'trace', 'warn']) console[level] = () => {};
