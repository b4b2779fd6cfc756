import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type DocumentId, documentIdOf, type OdsCode } from '../../shared/platform/ids.ts';

/** What a caller posts to `/v1/documents`, ready for `curl --data @FILE`. */
export interface SampleSubmission {
  readonly file: string;
  readonly documentId: DocumentId;
}

const sample = (name: string) => readFileSync(new URL(`../samples/${name}`, import.meta.url));
const manifestOf = z.looseObject({ version: z.number() });

/** Writes the sample as a submission of its own: another encounter than the one that is dropped, so another document. */
export const writeSampleSubmission = (dir: string, odsCode: string): SampleSubmission => {
  const encounterId = randomUUID();
  const manifest = manifestOf.parse(JSON.parse(sample('consultation.json').toString('utf8')));
  const file = join(dir, 'sample-submission.json');
  const pdf = { base64: sample('consultation.pdf').toString('base64') };
  writeFileSync(file, `${JSON.stringify({ manifest: { ...manifest, encounterId }, pdf })}\n`);
  return { file, documentId: documentIdOf(odsCode as OdsCode, encounterId, manifest.version) };
};
