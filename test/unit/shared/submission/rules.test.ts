import { describe, expect, it } from 'vitest';
import { type ManifestOverrides, makeManifest } from '../../../../local/samples/variants.ts';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import { profileFor } from '../../../../shared/senders/profile-for.ts';
import { readManifest } from '../../../../shared/submission/read-manifest.ts';
import { type CheckContext, checkManifest, suppressionOf } from '../../../../shared/submission/rules.ts';
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
    ['an attachment (GPCM-SD-088)', { attachments: [attachment] }],
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
    const settings = { requireDigest: true };
    expect(check({}, { senderSettings: settings })).toEqual(['pdf.sha256 PDF_DIGEST_MISSING']);
    expect(check({ pdf: { sha256: 'b'.repeat(64) } }, { senderSettings: settings })).toEqual([]);
  });

  it('tell everything at once', () => {
    expect(
      check({
        patient: { nhsNumber: '9691375088', family: 'Ł_', birthDate: '2031-01-01' },
        consultation: { savedAt: '2024-03-18T09:00:00Z' },
        title: 'Letter',
        attachments: [{ ...attachment, contentType: 'application/zip' }],
      }),
    ).toEqual([
      'attachments[0].contentType ATTACHMENT_TYPE_NOT_APPROVED',
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
});

const inV2 = { profileFor: () => profiles.v2 };
const notifying = { profileFor: () => profileFor({ confidentialNotification: true }, undefined) };

describe('the rules of the generation', () => {
  const remote = { code: '149701000000109' };
  const careSetting = { code: '310065000', display: 'Open access service' };
  const events = [{ code: '185317003', display: 'Telephone encounter' }];

  it('refuse in v1 what only v2 carries, with the way out (GPCM-SD-115, GPCM-SD-118)', () => {
    const problems = checkManifest(
      manifest({ documentType: remote, title: 'Letter', careSetting, events, practitioner: { sdsUserId: undefined } }),
      context(),
    );
    expect(codes(problems)).toEqual([
      'careSetting FIELD_NOT_IN_PROFILE',
      'documentType.code DOCUMENT_TYPE_NOT_SUPPORTED',
      'events FIELD_NOT_IN_PROFILE',
      'practitioner.sdsUserId MISSING',
      'title TITLE_NOT_SUPPORTED',
    ]);
    expect(problems.find(({ code }) => code === 'DOCUMENT_TYPE_NOT_SUPPORTED')?.message).toBe(
      'To this practice documents go in v1, which carries only: 371531000 (Report of clinical encounter). Give 371531000 if it is a report of a consultation; otherwise ask the operator whether v2 can be chosen for the practice.',
    );
  });

  it('send in v2 other documents, any title, care setting and events, and clinicians of unknown id (GPCM-SD-032)', () => {
    const overrides = { documentType: remote, title: 'Letter', careSetting, events };
    expect(check({ ...overrides, practitioner: { sdsUserId: undefined } }, inV2)).toEqual([]);
    expect(check({ documentType: { code: '24361000000105' } }, inV2)).toEqual([
      'documentType.code DOCUMENT_TYPE_NOT_SUPPORTED',
    ]);
  });

  it('go by the practice that the manifest names', () => {
    const settings = profileFor.bind(undefined, { practiceProfiles: { Y12345: 'v2' } });
    expect(check({ title: 'Letter' }, { profileFor: settings })).toEqual([]);
    expect(check({ title: 'Letter', registeredPractice: { odsCode: 'Y99999' } }, { profileFor: settings })).toEqual([
      'title TITLE_NOT_SUPPORTED',
    ]);
  });

  it('leave the generation to compose where the sender is not known, but not what no generation sends', () => {
    const { profileFor: _, ...unknown } = context();
    const told = (overrides: ManifestOverrides) => codes(checkManifest(manifest(overrides), unknown));
    expect(told({ documentType: remote, title: 'Letter', careSetting })).toEqual([]);
    expect(told({ documentType: { code: '24361000000105' } })).toEqual([
      'documentType.code DOCUMENT_TYPE_NOT_SUPPORTED',
    ]);
  });

  it('tell a malformed SDS user id once, and a missing one beside other faults', () => {
    const told = (practitioner: object) => {
      const read = readManifest(Buffer.from(JSON.stringify({ ...makeManifest({ version: 0 }), practitioner })));
      if (read.kind !== 'partial') throw new Error(read.kind);
      return codes([...read.problems, ...checkManifest(read.salvaged, context())]);
    };
    expect(told({ family: 'A', sdsUserId: 'UNK' })).toEqual([
      'practitioner.sdsUserId WRONG_FORMAT',
      'version OUT_OF_RANGE',
    ]);
    expect(told({ family: 'A' })).toEqual(['practitioner.sdsUserId MISSING', 'version OUT_OF_RANGE']);
  });

  it('hold events to real times in their order', () => {
    const [event] = events;
    const at = (startedAt: string, endedAt: string) =>
      check({ events: [{ ...event, startedAt, endedAt }] as never }, inV2);
    expect(at('2024-03-18T09:40:00Z', '2024-03-18T09:58:00Z')).toEqual([]);
    expect(at('2024-03-18T09:40:00Z', '2024-03-18T09:39:00Z')).toEqual(['events[0].endedAt ENDED_BEFORE_STARTED']);
    expect(at('2024-02-30T09:40:00Z', '2025-03-18T09:39:00Z')).toEqual([
      'events[0].endedAt TIME_IN_FUTURE',
      'events[0].startedAt TIME_NOT_REAL',
    ]);
  });

  it('take every approved type of attachment by each of its names, and no other', () => {
    const told = (contentType: string) => check({ attachments: [{ ...attachment, contentType }] });
    for (const type of ['application/pdf', 'image/jpg', 'image/jpeg', 'application/mswrtford', 'image/tiff'])
      expect(told(type)).toEqual([]);
    expect(told('application/zip')).toEqual(['attachments[0].contentType ATTACHMENT_TYPE_NOT_APPROVED']);
  });
});

describe('a confidential consultation', () => {
  it('needs a redacted report without attachments where the sender notifies (GPCM-SD-117)', () => {
    expect(check({ confidential: true, redacted: true }, notifying)).toEqual([]);
    expect(check({ confidential: true }, notifying)).toEqual(['redacted NOTIFICATION_NOT_REDACTED']);
    expect(check({ confidential: true, redacted: true, attachments: [attachment] }, notifying)).toEqual([
      'attachments NOTIFICATION_HAS_ATTACHMENTS',
    ]);
  });

  it('is not what a redacted report belongs to by itself: that is refused, whoever sends it', () => {
    expect(check({ redacted: true })).toEqual(['redacted REDACTED_NOT_CONFIDENTIAL']);
    expect(check({ redacted: true }, notifying)).toEqual(['redacted REDACTED_NOT_CONFIDENTIAL']);
  });
});

describe('suppression', () => {
  const v1 = profiles.v1;
  it('leaves a confidential consultation unsent, in v1 and v2 alike', () => {
    for (const profile of [profiles.v1, profiles.v2]) {
      expect(suppressionOf(manifest({ confidential: true }), 'A12345', profile)).toBe('confidential');
      expect(suppressionOf(manifest({ confidential: true, redacted: true }), 'A12345', profile)).toBe('confidential');
      expect(suppressionOf(manifest({ confidential: true }), 'Y12345', profile)).toBe('confidential');
    }
  });
  it('does not stop the notification of 1.3.x, unless it is the sender’s own patient', () => {
    const profile = notifying.profileFor();
    expect(suppressionOf(manifest({ confidential: true, redacted: true }), 'A12345', profile)).toBeUndefined();
    expect(suppressionOf(manifest({ confidential: true, redacted: true }), 'Y12345', profile)).toBe('registered-here');
  });
  it('leaves a patient of the sending practice unsent (GPCM-SD-083)', () => {
    expect(suppressionOf(manifest(), 'Y12345', v1)).toBe('registered-here');
    expect(suppressionOf(manifest({ registeredHere: true }), 'A12345', v1)).toBe('registered-here');
    expect(suppressionOf(manifest({ registeredHere: false }), 'Y12345', v1)).toBe('registered-here');
  });
  it('concerns nobody else', () => {
    expect(suppressionOf(manifest(), 'A12345', v1)).toBeUndefined();
    expect(suppressionOf(manifest({ registeredHere: false }), 'A12345', v1)).toBeUndefined();
  });
  it('is not a problem', () => {
    expect(check({ confidential: true })).toEqual([]);
  });
});
