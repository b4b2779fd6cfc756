import { describe, expect, it } from 'vitest';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { nextEscalationAt, withEscalations, withTold } from '../../../../shared/delivery/told.ts';
import { days, hours } from '../../../../shared/platform/clock.ts';
import { negative, recordAfter, wasSent } from '../../../support/records.ts';

/** What is left to be told of a condition: its beginning, that it is still open after a working day, its end. */

const at = (text: string) => Date.parse(text);
const refused = (): DocumentRecord => {
  const { told: _, ...record } = recordAfter(...wasSent, negative('30002'));
  return { ...record, work: {} };
};
const found = (when: number): DocumentRecord => ({ ...withTold(refused(), when), work: {} });
const kinds = ({ work }: DocumentRecord) => (work.notify ?? []).map(({ kind }) => kind);
const resolved = (record: DocumentRecord, when: number): DocumentRecord => ({
  ...record,
  resolutions: [{ at: when, by: 'Ann', route: 'posted', of: ['BUSINESS_REJECTED'] }],
});

describe('what is to be told', () => {
  const monday = at('2026-11-30T10:00:00Z');

  it('is left once when it begins, whatever else changes the record, and once when it ends', () => {
    const begun = withTold(refused(), monday);
    expect(kinds(begun)).toEqual(['start']);
    expect(withTold({ ...begun, work: {} }, monday + 1).work).toEqual({});
    const over = withTold(resolved({ ...begun, work: {} }, monday + 2), monday + 2);
    expect([kinds(over), over.told]).toEqual([['clear'], undefined]);
  });

  it('is left once more when it is open after a working day, and then its end for those who were told so', () => {
    const begun = found(monday);
    expect(nextEscalationAt(begun, undefined)).toBe(monday + days(1));
    expect(withEscalations(begun, monday + days(1) - 1, undefined)).toBe(begun);
    const again = withEscalations(begun, monday + days(1), undefined);
    expect(kinds(again)).toEqual(['escalation']);
    expect(nextEscalationAt(again, undefined)).toBeUndefined();
    expect(withEscalations({ ...again, work: {} }, monday + days(9), undefined).work).toEqual({});
    const over = withTold(resolved({ ...again, work: {} }, monday + days(2)), monday + days(2));
    expect(kinds(over)).toEqual(['clear', 'escalation-clear']);
  });

  it.each([
    ['on a Friday', '2026-12-04T17:00:00Z', '2026-12-07T17:00:00Z'],
    ['on a Saturday', '2026-12-05T03:00:00Z', '2026-12-08T00:00:00Z'],
    ['on Christmas Eve, before two bank holidays and a weekend', '2026-12-24T16:00:00Z', '2026-12-29T16:00:00Z'],
    ['on the Friday before summer time begins', '2026-03-27T12:00:00Z', '2026-03-30T11:00:00Z'],
  ])('counts working days of England: found %s', (_, when, again) => {
    expect(nextEscalationAt(found(at(when)), undefined)).toBe(at(again));
  });

  it('counts a day that is proclaimed a bank holiday after it was found', () => {
    const begun = found(monday);
    const exceptions = { added: ['2026-12-01'], removed: [] };
    expect(withEscalations(begun, monday + days(1) + hours(1), exceptions)).toBe(begun);
    expect(nextEscalationAt(begun, exceptions)).toBe(monday + days(2));
  });
});
