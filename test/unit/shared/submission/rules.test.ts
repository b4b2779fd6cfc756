import { describe, expect, it } from 'vitest';
import type { ManifestOverrides } from '../../../../local/samples/variants.ts';
import {
  type CheckContext,
  checkManifest,
  pdfSizeProblem,
  suppressionOf,
} from '../../../../shared/submission/rules.ts';
import { codes, context, manifest } from './support.ts';

const check = (overrides: ManifestOverrides = {}, over: Partial<CheckContext> = {}) =>
  codes(checkManifest(manifest(overrides), context(over)));

const attachment = { name: 'photo.png', contentType: 'image/png', title: 'Photograph', sha256: 'a'.repeat(64) };

describe('the rules of a manifest', () => {
  it('have nothing against the sample', () => {
    expect(check()).toEqual([]);
  });

  it.each<[what: string, overrides: ManifestOverrides, expected: string[]]>([
    ['a wrong check digit', { patient: { nhsNumber: '9691375088' } }, ['patient.nhsNumber NHS_NUMBER_CHECK_DIGIT']],
    [
      'a published example that fails the check',
      { patient: { nhsNumber: '9989453456' } },
      ['patient.nhsNumber NHS_NUMBER_CHECK_DIGIT'],
    ],
    [
      'a probable Scottish CHI number',
      { patient: { nhsNumber: '0101010001' } },
      ['patient.nhsNumber NHS_NUMBER_PROBABLY_SCOTTISH'],
    ],
    [
      'a number that is not on the list',
      { patient: { nhsNumber: '9434765919' } },
      ['patient.nhsNumber NHS_NUMBER_NOT_ALLOWED_HERE'],
    ],
    [
      'a number that is not verified',
      { patient: { nhsNumberStatus: '02' } },
      ['patient.nhsNumberStatus NHS_NUMBER_NOT_VERIFIED'],
    ],
    [
      'an underscore in the family name (GPCM-SD-063)',
      { patient: { family: 'Smith_Jones' } },
      ['patient.family FAMILY_NAME_UNDERSCORE'],
    ],
    ['a family name outside Latin-1', { patient: { family: 'Łuczak' } }, ['patient.family FAMILY_NAME_NOT_LATIN1']],
    ['a date that does not exist', { patient: { birthDate: '1957-02-29' } }, ['patient.birthDate DATE_NOT_REAL']],
    ['a birth in the future', { patient: { birthDate: '2024-03-19' } }, ['patient.birthDate BIRTH_DATE_IN_FUTURE']],
    ['a birth before 1880', { patient: { birthDate: '1879-12-31' } }, ['patient.birthDate BIRTH_DATE_TOO_EARLY']],
    [
      'a time that does not exist',
      { consultation: { startedAt: '2024-02-30T09:00:00Z' } },
      ['consultation.startedAt TIME_NOT_REAL'],
    ],
    [
      'an hour that does not exist',
      { consultation: { endedAt: '2024-03-18T24:30:00Z' } },
      ['consultation.endedAt TIME_NOT_REAL'],
    ],
    [
      'an offset that does not exist',
      { registeredPractice: { lookedUpAt: '2024-03-18T09:30:00+25:00' } },
      ['registeredPractice.lookedUpAt TIME_NOT_REAL'],
    ],
    [
      'a time in the future',
      { consultation: { savedAt: '2024-03-18T10:10:01Z' } },
      ['consultation.savedAt TIME_IN_FUTURE'],
    ],
    [
      'an end before the start',
      { consultation: { endedAt: '2024-03-18T09:39:59Z' } },
      ['consultation.endedAt ENDED_BEFORE_STARTED'],
    ],
    [
      'saved before the start',
      { consultation: { savedAt: '2024-03-18T09:40:00+01:00' } },
      ['consultation.savedAt SAVED_BEFORE_STARTED'],
    ],
    [
      'another document type (GPCM-SD-115)',
      { documentType: { code: '149701000000109' } },
      ['documentType.code DOCUMENT_TYPE_NOT_SUPPORTED'],
    ],
    ['another title (GPCM-SD-118)', { title: 'Consultation Report' }, ['title TITLE_NOT_SUPPORTED']],
    ['an attachment', { attachments: [attachment] }, ['attachments ATTACHMENTS_NOT_SUPPORTED_YET']],
  ])('tell of %s', (_, overrides, expected) => {
    expect(check(overrides)).toEqual(expected);
  });

  it.each<[what: string, overrides: ManifestOverrides]>([
    ['a time five minutes ahead', { consultation: { savedAt: '2024-03-18T10:10:00Z' } }],
    ['the same moment in another zone', { consultation: { savedAt: '2024-03-18T11:04:00+01:00' } }],
    ['a birth today', { patient: { birthDate: '2024-03-18' } }],
    ['29 February of a leap year', { patient: { birthDate: '2000-02-29' } }],
    ['no title and no end', { title: undefined, consultation: { endedAt: undefined } }],
    ['apostrophe, hyphen, accents and spaces in a family name', { patient: { family: "O'Néill-van der Ææ" } }],
    ['an accent given as a letter of its own', { patient: { family: 'Ferna\u0301ndez' } }],
    ['given names outside Latin-1', { patient: { given: ['Łukasz', '美'] } }],
    ['a harness word outside production', { practitioner: { given: ['IB001'] } }],
  ])('allow %s', (_, overrides) => {
    expect(check(overrides)).toEqual([]);
  });

  it('allow a birth date that British Summer Time has reached and UTC has not', () => {
    const now = Date.parse('2024-07-01T23:30:00Z');
    expect(check({ patient: { birthDate: '2024-07-02' } }, { now })).toEqual([]);
    expect(check({ patient: { birthDate: '2024-07-03' } }, { now })).toEqual([
      'patient.birthDate BIRTH_DATE_IN_FUTURE',
    ]);
  });

  it('demand the PDF’s digest unless the sender’s settings waive it', () => {
    const settings = { requireDigest: true, maxPdfBytes: 1 };
    expect(check({}, { senderSettings: settings })).toEqual(['pdf.sha256 PDF_DIGEST_MISSING']);
    expect(check({ pdf: { sha256: 'b'.repeat(64) } }, { senderSettings: settings })).toEqual([]);
  });

  it('tell everything at once', () => {
    expect(
      check({
        patient: { nhsNumber: '9691375088', family: 'Ł_', birthDate: '2031-01-01' },
        consultation: { savedAt: '2024-03-18T09:00:00Z' },
        title: 'Letter',
        attachments: [attachment],
      }),
    ).toEqual([
      'attachments ATTACHMENTS_NOT_SUPPORTED_YET',
      'consultation.savedAt SAVED_BEFORE_STARTED',
      'patient.birthDate BIRTH_DATE_IN_FUTURE',
      'patient.family FAMILY_NAME_NOT_LATIN1',
      'patient.family FAMILY_NAME_UNDERSCORE',
      'patient.nhsNumber NHS_NUMBER_CHECK_DIGIT',
      'title TITLE_NOT_SUPPORTED',
    ]);
  });

  it.each(['9990000018', '9000000009', '9691375087', '9691376008', '9657702003', '9686477462'])(
    'refuse the published test number %s in production',
    (nhsNumber) => {
      expect(check({ patient: { nhsNumber } }, { production: true })).toEqual([
        'patient.nhsNumber NHS_NUMBER_IS_A_TEST_NUMBER',
      ]);
    },
  );

  it('send any other sound number in production, and need no allow-list there', () => {
    expect(check({ patient: { nhsNumber: '4010232137' } }, { production: true, allowedNhsNumbers: [] })).toEqual([]);
  });

  it('refuse harness words as given names in production, of the patient and of the clinician', () => {
    const overrides = {
      patient: { nhsNumber: '4010232137', given: ['Ann', '20001'] },
      practitioner: { given: ['noresponse'] },
    };
    expect(check(overrides, { production: true })).toEqual([
      'patient.given[1] GIVEN_NAME_STEERS_TEST_HARNESS',
      'practitioner.given[0] GIVEN_NAME_STEERS_TEST_HARNESS',
    ]);
    // A pattern with state must not give every second name a pass.
    expect(check(overrides, { production: true, refusedGivenNames: [/^(noresponse|20001)$/g] })).toHaveLength(2);
  });

  it('bound the PDF by the sender’s settings', () => {
    expect(pdfSizeProblem(100, 100)).toBeUndefined();
    expect(pdfSizeProblem(101, 100)).toMatchObject({ path: 'pdf', code: 'PDF_TOO_LARGE' });
  });
});

describe('suppression', () => {
  it('leaves a confidential consultation unsent', () => {
    expect(suppressionOf(manifest({ confidential: true }), 'A12345')).toBe('confidential');
    expect(suppressionOf(manifest({ confidential: true }), 'Y12345')).toBe('confidential');
  });
  it('leaves a patient of the sending practice unsent (GPCM-SD-083)', () => {
    expect(suppressionOf(manifest(), 'Y12345')).toBe('registered-here');
  });
  it('concerns nobody else', () => {
    expect(suppressionOf(manifest(), 'A12345')).toBeUndefined();
  });
  it('is not a problem', () => {
    expect(check({ confidential: true })).toEqual([]);
  });
});
