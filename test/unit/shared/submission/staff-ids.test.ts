import { describe, expect, it } from 'vitest';
import { staffIdsOf } from '../../../../shared/submission/staff-ids.ts';

const patient = { nhsNumber: '9691375087' };
const idsOf = (userId: string, roleId?: string) => staffIdsOf({ actor: { userId, roleId }, patient });

describe('who caused a document to be sent, where no patient data may be (FHIR-DOC-03)', () => {
  it.each(['555000000101', 'ruth.adeyemi@northfield.example', 'ADASTRA-4711'])('is %s', (userId) => {
    expect(idsOf(userId, '555000000102')).toEqual({ userId, roleId: '555000000102' });
  });
  it.each([
    ['an NHS number', '9449306613'],
    ['an NHS number as it is printed', '944-930-6613'],
    ['an NHS number within', 'user.9449306613.a'],
    ['the patient’s number within more digits', '019691375087'],
    ['words', 'Dr Adeyemi, about Mrs Fernández'],
    ['more than one line', 'a\nb'],
  ])('is not kept there where it holds %s', (_, id) => {
    expect(idsOf(id)).toBeUndefined();
    expect(idsOf('555000000101', id)).toEqual({ userId: '555000000101' });
  });
});
