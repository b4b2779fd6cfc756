/** Writes the bundled sample again: `node --import tsx local/samples/make-sample.ts`. A test compares. */
import { writeFile } from 'node:fs/promises';
import { samplePdf } from './sample-pdf.ts';
import { makeManifest, manifestBytes, sampleFacts, sha256Of } from './variants.ts';

const pdf = await samplePdf(sampleFacts);
await writeFile(new URL('consultation.pdf', import.meta.url), pdf);
await writeFile(
  new URL('consultation.json', import.meta.url),
  manifestBytes(makeManifest({ pdf: { sha256: sha256Of(pdf) } })),
);
