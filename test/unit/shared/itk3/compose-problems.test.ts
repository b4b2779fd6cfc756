import { describe, expect, it } from 'vitest';
import { composeProblems } from '../../../../shared/itk3/compose-problems.ts';
import type { DocumentToCompose } from '../../../../shared/itk3/document.ts';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import { profileFor } from '../../../../shared/senders/profile-for.ts';
import { documentToCompose } from '../../../fixtures/itk3/documents.ts';

const problemsOf = (changes: Partial<DocumentToCompose>, profile = profiles.v1) =>
  composeProblems(documentToCompose(changes), profile).map(({ path, code }) => `${path} ${code}`);
const { patient, practitioner } = documentToCompose();

describe('what stands against composing', () => {
  it('is nothing for a good document', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it('is told all at once, by path, without any value', () => {
    const problems = composeProblems(
      documentToCompose({
        title: 'Discharge letter',
        version: 0,
        documentType: { code: '149701000000109', display: 'Remote health correspondence (record artifact)' },
        patient: { ...patient, family: 'Łucka', given: ['Mar\u0000en'] },
        practitioner: { ...practitioner, phone: ' ' },
      }),
    );
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'patient.given.0 ILLEGAL_CHARACTER',
      'practitioner.phone EMPTY_TEXT',
      'patient.family SURNAME_NOT_LATIN1',
      'documentType.code DOCUMENT_TYPE_NOT_IN_PROFILE',
      'title TITLE_FIXED',
      'version VERSION_NOT_POSITIVE',
    ]);
    for (const { message } of problems) expect(message).not.toMatch(/Łucka|Mar|9691375087/);
  });

  it('is a document type that version 1 does not know, not for version 2 (GPCM-SD-115)', () => {
    const documentType = { code: '149701000000109', display: 'Remote health correspondence (record artifact)' };
    expect(problemsOf({ documentType })).toEqual(['documentType.code DOCUMENT_TYPE_NOT_IN_PROFILE']);
    expect(problemsOf({ documentType, title: 'Letter' }, profiles.v2)).toEqual([]);
  });

  it('is what version 1 has no place for (GPCM-SD-032)', () => {
    const coded = { code: '310065000', display: 'Open access service' };
    const changes = { careSetting: coded, events: [coded], practitioner: { family: 'Ashdown', given: [] } };
    expect(problemsOf(changes)).toEqual([
      'practitioner.sdsUserId SDS_USER_ID_MISSING',
      'careSetting FIELD_NOT_IN_PROFILE',
      'events FIELD_NOT_IN_PROFILE',
    ]);
    expect(problemsOf(changes, profiles.v2)).toEqual([]);
  });

  it('is a confidential document wherever no notification was chosen, and any attachment to one', () => {
    expect(problemsOf({ confidential: true })).toEqual(['confidential CONFIDENTIAL_NOT_SENT']);
    expect(problemsOf({ confidential: true }, profiles.v2)).toEqual(['confidential CONFIDENTIAL_NOT_SENT']);
    const notifying = profileFor({ confidentialNotification: true }, undefined);
    expect(problemsOf({ confidential: true }, notifying)).toEqual([]);
    const files = [
      { contentType: 'application/pdf', title: 'Report' },
      { contentType: 'image/png', title: 'Photograph' },
    ];
    expect(problemsOf({ confidential: true, files }, notifying)).toEqual(['files NOTIFICATION_HAS_ATTACHMENTS']);
  });

  it.each<[string, Partial<DocumentToCompose>]>([
    [
      'files.1.contentType TYPE_NOT_APPROVED',
      {
        files: [
          { contentType: 'application/pdf', title: 'x' },
          { contentType: 'image/jpeg', title: 'its other name is for handing over only' },
        ],
      },
    ],
    ['encounterId TOO_LONG', { encounterId: 'e'.repeat(256) }],
    ['version VERSION_NOT_POSITIVE', { version: 1.5 }],
    ['files.0 REPORT_NOT_FIRST', { files: [{ contentType: 'image/png', title: 'x' }] }],
    ['files.0 REPORT_NOT_FIRST', { files: [] }],
    ['files IDS_DO_NOT_MATCH_FILES', { ids: { ...documentToCompose().ids, binaryIds: [] } }],
    ['patient.nhsNumber NHS_NUMBER_NOT_ROUTABLE', { patient: { ...patient, nhsNumber: '12345' } }],
    ['patient.birthDate BIRTH_DATE_NOT_ROUTABLE', { patient: { ...patient, birthDate: '1957' } }],
    ['patient.given.0 ILLEGAL_CHARACTER', { patient: { ...patient, given: ['\uD800'] } }],
  ])('is %s', (problem, changes) => {
    expect(problemsOf(changes)).toContain(problem);
  });
});
