import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { samplePdf } from '../../../../local/samples/sample-pdf.ts';
import {
  makeDrop,
  makeManifest,
  makePdf,
  manifestBytes,
  manifestPatient,
  pickTestPatients,
  sampleFacts,
  sha256Of,
  TEST_PATIENTS,
} from '../../../../local/samples/variants.ts';
import { inspectPdf } from '../../../../shared/submission/pdf.ts';
import { readManifest } from '../../../../shared/submission/read-manifest.ts';
import { checkManifest } from '../../../../shared/submission/rules.ts';
import { bytesSource } from './pdf-support.ts';
import { context } from './support.ts';

const bundled = (name: string) => readFile(new URL(`../../../../local/samples/${name}`, import.meta.url));
const strict = context({ senderSettings: { requireDigest: true } });

describe('the bundled sample', () => {
  it('has nothing against it, and its manifest names its PDF', async () => {
    const [pdf, json] = await Promise.all([bundled('consultation.pdf'), bundled('consultation.json')]);
    const read = readManifest(json);
    if (read.kind !== 'manifest') throw new Error(JSON.stringify(read.problems));
    expect(checkManifest(read.manifest, strict)).toEqual([]);
    expect(read.manifest.pdf?.sha256).toBe(sha256Of(pdf));
    expect(await inspectPdf(bytesSource(pdf))).toEqual({ kind: 'ok' });
    expect(pdf.length).toBeLessThan(40 * 1024);
  });

  it('is what local/samples/make-sample.ts makes, to the byte', async () => {
    const pdf = await samplePdf(sampleFacts);
    expect(pdf.equals(await bundled('consultation.pdf'))).toBe(true);
    const json = manifestBytes(makeManifest({ pdf: { sha256: sha256Of(pdf) } }));
    expect(json.equals(await bundled('consultation.json'))).toBe(true);
  });
});

describe('variants of the sample', () => {
  it('are sound documents for every test patient', async () => {
    for (const [index, patient] of pickTestPatients(TEST_PATIENTS.length).entries()) {
      const { pdf, json } = await makeDrop(
        { text: `Report ${index}`, pages: 2, objectStreams: index % 2 === 1 },
        { patient: manifestPatient(patient), encounterId: `E-${index}` },
      );
      const read = readManifest(json);
      if (read.kind !== 'manifest') throw new Error(JSON.stringify(read.problems));
      expect(checkManifest(read.manifest, strict)).toEqual([]);
      expect(read.manifest.pdf?.sha256).toBe(sha256Of(pdf));
      expect(await inspectPdf(bytesSource(pdf))).toEqual({ kind: 'ok' });
    }
  });

  it('have the same bytes for the same content and others for other content', async () => {
    const [a, b, c] = await Promise.all([makePdf({ text: 'x' }), makePdf({ text: 'x' }), makePdf({ text: 'y' })]);
    expect(a.equals(b)).toBe(true);
    expect(a.equals(c)).toBe(false);
    expect((await makePdf({ text: 'x', minBytes: 100_000 })).length).toBeGreaterThan(100_000);
  });

  it('come for as many patients as are asked for', () => {
    expect(pickTestPatients(8).map((patient) => patient.nhsNumber)).toEqual(
      [0, 1, 2, 3, 4, 5, 0, 1].map((index) => TEST_PATIENTS[index]?.nhsNumber),
    );
  });
});
