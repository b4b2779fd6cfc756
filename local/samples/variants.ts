import { createHash } from 'node:crypto';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import type { ManifestInput } from '../../shared/submission/manifest.ts';
import { prettyJson } from '../../shared/submission/pretty-json.ts';
import { TEST_PATIENTS, type TestPatient } from './test-patients.ts';

export { pickTestPatients, TEST_PATIENTS, type TestPatient } from './test-patients.ts';

/** Other documents than the sample, for tests and demonstrations: the same input always makes the same bytes. */

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that do not compress, the same for the same length. */
const noise = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
};

/** A plain PDF that says `text` (Latin-1) on each page. `minBytes` blows it up with bytes that nothing shows. */
export const makePdf = async (content: {
  readonly text: string;
  readonly pages?: number;
  readonly minBytes?: number;
  /** Compressed objects and a cross-reference stream (PDF 1.5) instead of a classic table. Default false. */
  readonly objectStreams?: boolean;
}): Promise<Buffer> => {
  const { text, pages = 1, minBytes = 0, objectStreams = false } = content;
  // Without the writer's dates, which would change the bytes.
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (let number = 1; number <= pages; number++) {
    const page = pdf.addPage([595, 842]);
    page.drawText(text, { x: 50, y: 780, size: 11, lineHeight: 14, maxWidth: 495, font });
    page.drawText(`Page ${number} of ${pages}`, { x: 50, y: 40, size: 9, font });
  }
  if (minBytes > 0) pdf.context.register(pdf.context.stream(noise(minBytes)));
  return Buffer.from(await pdf.save({ useObjectStreams: objectStreams }));
};

/** What goes in the manifest's patient for a test patient. */
export const manifestPatient = (patient: TestPatient): ManifestInput['patient'] => ({
  nhsNumber: patient.nhsNumber,
  nhsNumberStatus: '01',
  family: patient.family,
  given: [...patient.given],
  prefix: patient.prefix,
  birthDate: patient.birthDate,
});

/** The facts of the sample consultation, without its PDF. */
export const sampleFacts: ManifestInput = {
  patient: manifestPatient(TEST_PATIENTS[0]),
  practitioner: {
    sdsUserId: '555000000101',
    roleProfileId: '555000000102',
    family: 'Adeyemi',
    given: ['Ruth'],
    prefix: 'Dr',
    phone: '01632 960100',
  },
  encounterId: '3f2b8c1e-7d54-4b0a-9c36-5a1e8d0f4b72',
  version: 1,
  documentType: { code: '371531000', display: 'Report of clinical encounter' },
  title: 'Consultation report',
  confidential: false,
  consultation: {
    startedAt: '2024-03-18T09:40:00+00:00',
    endedAt: '2024-03-18T09:58:00+00:00',
    savedAt: '2024-03-18T10:04:00+00:00',
  },
  registeredPractice: { odsCode: 'Y12345', name: 'Willow Lane Surgery', lookedUpAt: '2024-03-18T09:35:00+00:00' },
  attachments: [],
  actor: { userId: '555000000101', roleId: '555000000102', name: 'Dr Ruth Adeyemi' },
};

/** Members to replace, each object by its own members; `undefined` takes a member out. */
export type ManifestOverrides = {
  readonly [K in keyof ManifestInput]?: ManifestInput[K] extends readonly unknown[] | undefined
    ? ManifestInput[K]
    : ManifestInput[K] extends object | undefined
      ?
          | { readonly [M in keyof NonNullable<ManifestInput[K]>]?: NonNullable<ManifestInput[K]>[M] | undefined }
          | undefined
      : ManifestInput[K] | undefined;
};

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const merge = (base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> => {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) delete merged[key];
    else merged[key] = isPlain(value) ? merge(isPlain(merged[key]) ? merged[key] : {}, value) : value;
  }
  return merged;
};

/** The sample's manifest with other facts. Not checked: a test may want it wrong. */
export const makeManifest = (overrides: ManifestOverrides = {}): ManifestInput =>
  merge(sampleFacts, overrides) as ManifestInput;

export const manifestBytes = (manifest: ManifestInput): Buffer => Buffer.from(prettyJson(manifest), 'utf8');

/** A PDF and the manifest that names it. */
export const makeDrop = async (
  content: Parameters<typeof makePdf>[0],
  overrides: ManifestOverrides = {},
): Promise<{ readonly pdf: Buffer; readonly manifest: ManifestInput; readonly json: Buffer }> => {
  const pdf = await makePdf(content);
  const manifest = makeManifest({ pdf: { sha256: sha256Of(pdf) }, ...overrides });
  return { pdf, manifest, json: manifestBytes(manifest) };
};
