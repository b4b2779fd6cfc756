import { describe, expect, it } from 'vitest';
import { makeManifest, manifestBytes } from '../../../../local/samples/variants.ts';
import { familyNameLimit } from '../../../../shared/submission/manifest.ts';
import { boundProblems, problem } from '../../../../shared/submission/problems.ts';
import { pathText, readManifest } from '../../../../shared/submission/read-manifest.ts';
import { checkManifest } from '../../../../shared/submission/rules.ts';
import { codes, context } from './support.ts';

const read = (text: string | Uint8Array) => readManifest(typeof text === 'string' ? Buffer.from(text) : text);
const sample = () => JSON.parse(manifestBytes(makeManifest()).toString()) as Record<string, Record<string, unknown>>;
const problemsOf = (value: unknown) => {
  const reading = read(JSON.stringify(value));
  return reading.kind === 'manifest' ? [] : reading.problems;
};

describe('reading a manifest', () => {
  it('gives the manifest and the JSON as written', () => {
    const reading = readManifest(manifestBytes(makeManifest()));
    expect(reading).toMatchObject({ kind: 'manifest', manifest: { version: 1, patient: { nhsNumber: '9691375087' } } });
  });

  it('fills in what may be left out', () => {
    const { attachments: _, ...rest } = sample();
    const { given: __, ...practitioner } = rest.practitioner ?? {};
    const reading = read(JSON.stringify({ ...rest, practitioner }));
    expect(reading).toMatchObject({ kind: 'manifest', manifest: { attachments: [], practitioner: { given: [] } } });
  });

  it('tolerates a byte order mark', () => {
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), manifestBytes(makeManifest())]);
    expect(readManifest(marked).kind).toBe('manifest');
  });

  it('tells everything that is wrong at once, each with its path', () => {
    const wrong = {
      ...sample(),
      patient: { nhsNumber: 9691375087, nhsNumberStatus: '09', family: ' ', given: [], birthDate: '9 Jan 1957' },
      practitioner: { sdsUserId: 'UNK', family: 'A\tB', given: ['Ruth', ''], fone: '1' },
      version: 0,
      documentType: undefined,
      confidential: 'no',
      consultation: { startedAt: '2024-03-18T09:40:00', savedAt: '2024-03-18' },
      registeredPractice: { odsCode: 'y12345', name: 'x'.repeat(201), lookedUpAt: '2024-03-18T09:40:00Z' },
      pdf: { sha256: 'ABC' },
      organisation: { odsCode: 'RX1' },
    };
    expect(codes(problemsOf(wrong))).toEqual(
      [
        'patient.nhsNumber WRONG_TYPE',
        'patient.nhsNumberStatus WRONG_VALUE',
        'patient.family EMPTY',
        'patient.given TOO_FEW',
        'patient.birthDate WRONG_FORMAT',
        'practitioner.sdsUserId WRONG_FORMAT',
        'practitioner.family CONTROL_CHARACTER',
        'practitioner.given[1] EMPTY',
        'practitioner.fone UNKNOWN_FIELD',
        'version OUT_OF_RANGE',
        'documentType MISSING',
        'confidential WRONG_TYPE',
        'consultation.startedAt WRONG_FORMAT',
        'consultation.savedAt WRONG_FORMAT',
        'registeredPractice.odsCode WRONG_FORMAT',
        'registeredPractice.name TOO_LONG',
        'pdf.sha256 WRONG_FORMAT',
        'organisation UNKNOWN_FIELD',
      ].sort(),
    );
  });

  it.each(['\u202A', '\u202E', '\u2066', '\u2069'])(
    'refuses what would turn the direction of the sentence that a name stands in (%j)',
    (turn) => {
      const manifest = sample();
      const patient = { ...manifest.patient, given: [`Ruth${turn}`] };
      expect(codes(problemsOf({ ...manifest, patient }))).toEqual(['patient.given[0] CONTROL_CHARACTER']);
      // Names in scripts that are written from the right are as good as others.
      const hebrew = { ...manifest.patient, given: ['רות\u200F'] };
      expect(problemsOf({ ...manifest, patient: hebrew })).toEqual([]);
    },
  );

  it('never asks to shorten a family name, by which MESH finds the practice (GPCM-SD-063)', () => {
    const manifest = sample();
    const patient = { ...manifest.patient, family: 'S'.repeat(familyNameLimit + 1) };
    const problems = problemsOf({ ...manifest, patient });
    expect(codes(problems)).toEqual(['patient.family FAMILY_NAME_TOO_LONG']);
    expect(problems[0]?.message).toContain('by other means');
    expect(problems[0]?.message).not.toContain('Shorten');
  });

  it('refuses the mark that stands where an export has lost a letter', () => {
    const manifest = sample();
    const patient = { ...manifest.patient, given: ['Mar\uFFFDa'] };
    expect(codes(problemsOf({ ...manifest, patient }))).toEqual(['patient.given[0] LETTER_LOST']);
  });

  it('salvages the sound parts, so that content is checked together with shape', () => {
    const manifest = sample();
    const reading = read(
      JSON.stringify({
        ...manifest,
        practitioner: 'Dr Adeyemi',
        patient: { ...manifest.patient, nhsNumber: '9691375088' },
      }),
    );
    if (reading.kind !== 'partial') throw new Error(reading.kind);
    expect(codes(reading.problems)).toEqual(['practitioner WRONG_TYPE']);
    expect(codes(checkManifest(reading.salvaged, context()))).toEqual(['patient.nhsNumber NHS_NUMBER_CHECK_DIGIT']);
    expect(reading).toMatchObject({ encounterId: manifest.encounterId, version: 1 });
  });

  it('names the encounter of a broken manifest only if its id is sound', () => {
    const broken = (over: object) => read(JSON.stringify({ ...sample(), actor: 1, ...over }));
    expect(broken({ encounterId: 'E 1' })).not.toHaveProperty('encounterId');
    expect(broken({ encounterId: 'visit-9691375087' })).not.toHaveProperty('encounterId');
    expect(broken({ version: 1.5 })).not.toHaveProperty('version');
    expect(broken({ encounterId: 'E-1' })).toHaveProperty('encounterId', 'E-1');
  });

  it('refuses an encounter id that holds an NHS number', () => {
    expect(codes(problemsOf({ ...sample(), encounterId: 'visit-9691375087' }))).toEqual([
      'encounterId ENCOUNTER_ID_HOLDS_NHS_NUMBER',
    ]);
  });

  it('refuses a doubled field, and does not choose between two encounters', () => {
    const text = manifestBytes(makeManifest()).toString();
    const twice = read(text.replace('{', '{ "encounterId": "E-1", "patient": {},'));
    if (twice.kind !== 'partial') throw new Error(twice.kind);
    expect(codes(twice.problems)).toEqual(['encounterId DUPLICATE_FIELD', 'patient DUPLICATE_FIELD']);
    expect(twice).not.toHaveProperty('encounterId');
    expect(twice).toHaveProperty('version', 1);
  });

  it('is not led astray by __proto__ or constructor', () => {
    const text = manifestBytes(makeManifest()).toString();
    const reading = read(text.replace('{', '{ "__proto__": { "version": 7 }, "constructor": 1,'));
    if (reading.kind !== 'partial') throw new Error(reading.kind);
    expect(codes(reading.problems)).toEqual(['__proto__ UNKNOWN_FIELD', 'constructor UNKNOWN_FIELD']);
    expect(reading.version).toBe(1);
    expect(codes(problemsOf({ ...sample(), patient: JSON.parse('{"__proto__":{"family":"X"}}') }))).toContain(
      'patient.family MISSING',
    );
  });

  it.each([
    ['nothing', '', 'MANIFEST_EMPTY'],
    ['blanks', ' \n', 'MANIFEST_EMPTY'],
    ['a byte order mark alone', '\ufeff', 'MANIFEST_EMPTY'],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'MANIFEST_NOT_UTF8'],
    ['Latin-1', Buffer.from('{"é":1}', 'latin1'), 'MANIFEST_NOT_UTF8'],
    ['a PDF', '%PDF-1.7', 'MANIFEST_NOT_JSON'],
    ['half a manifest', '{"version": 1, ', 'MANIFEST_NOT_JSON'],
    ['two values', '{} {}', 'MANIFEST_NOT_JSON'],
    ['a list', '[]', 'MANIFEST_NOT_OBJECT'],
    ['null', 'null', 'MANIFEST_NOT_OBJECT'],
    ['a deep nest', `${'['.repeat(40_000)}`, 'MANIFEST_TOO_DEEP'],
    ['too much', `{"a":"${'x'.repeat(65_536)}"}`, 'MANIFEST_TOO_LARGE'],
  ])('calls %s unreadable', (_, bytes, code) => {
    expect(read(bytes)).toMatchObject({ kind: 'unreadable', problems: [{ path: 'manifest', code }] });
  });

  it('says where JSON breaks without quoting it', () => {
    const reading = read('{\n  "family": "Marker",\n  "given": oops\n}');
    if (reading.kind !== 'unreadable') throw new Error(reading.kind);
    expect(reading.problems[0]?.message).toContain('line 3, column 12');
    expect(JSON.stringify(reading)).not.toMatch(/Marker|oops/);
  });

  it('shows a field’s name only if it looks like one', () => {
    expect(pathText(['patient', 'given', 0])).toBe('patient.given[0]');
    expect(pathText(['John Smith'])).toBe('*');
    expect(pathText(['patient', '9691375087'])).toBe('patient.*');
    expect(pathText([])).toBe('manifest');
  });
});

describe('a list of problems', () => {
  it('is cut after fifty, and says how many are left', () => {
    const many = Array.from({ length: 53 }, (_, n) => problem('UNKNOWN_FIELD', `a${n}`));
    expect(boundProblems(many.slice(0, 50))).toHaveLength(50);
    const cut = boundProblems(many);
    expect(cut).toHaveLength(51);
    expect(cut.at(-1)).toMatchObject({
      path: 'manifest',
      code: 'MORE_PROBLEMS',
      message: expect.stringContaining('3 more'),
    });
  });
});
