import { describe, expect, it } from 'vitest';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { digestDate, digestOf } from '../../../../shared/notices/digest.ts';
import { digestMessage, digestRow, digestTable, operatorsTable } from '../../../../shared/notices/digest-words.ts';
import { readCsv } from '../../../../shared/platform/csv.ts';
import { answered, composed, dropOf, dropped, recordAfter, wasSent } from '../../../support/records.ts';

const at = (text: string) => Date.parse(text);
const period = { from: 0, to: 1_000_000 };

describe('when a digest is due', () => {
  const rule = { days: 'working-days', at: '07:30' } as const;
  it('goes by the clocks of London, summer and winter, and its working days', () => {
    expect(digestDate(rule, at('2026-11-30T07:29:00Z'), undefined)).toBeUndefined();
    expect(digestDate(rule, at('2026-11-30T07:30:00Z'), undefined)).toBe('2026-11-30');
    expect(digestDate(rule, at('2026-07-01T06:30:00Z'), undefined)).toBe('2026-07-01');
    expect(digestDate(rule, at('2026-11-29T09:00:00Z'), undefined)).toBeUndefined();
    expect(digestDate(rule, at('2026-12-25T09:00:00Z'), undefined)).toBeUndefined();
    expect(digestDate({ ...rule, days: 'every-day' }, at('2026-12-25T09:00:00Z'), undefined)).toBe('2026-12-25');
    expect(digestDate({ ...rule, days: 'never' }, at('2026-11-30T09:00:00Z'), undefined)).toBeUndefined();
  });
});

describe('a digest', () => {
  const accepted = recordAfter(...wasSent, answered('20013', 'positive'), answered('30001', 'positive'));
  const rejected = {
    ...recordAfter(...wasSent, answered('20013', 'positive'), answered('30002', 'negative')),
    documentId: dropOf(2).documentId,
    version: 2,
  };
  const waiting = { ...recordAfter(dropped(), composed()), documentId: dropOf(3).documentId, version: 3 };
  const digest = digestOf('RX1', period, [accepted, rejected, waiting], 12);

  it('counts what happened in its time, and what waits or needs somebody now, with ages', () => {
    expect(digest).toMatchObject({ handedOver: 3, sent: 2, accepted: 1, waiting: 1, certificateDaysLeft: 12 });
    expect(digest.needAttention.map(({ record }) => record)).toEqual([rejected]);
    const { body, subject } = digestMessage(digest, { id: 'an-id', name: 'Northfield', date: '1970-01-01' });
    expect(subject).toBe('Send Document RX1, summary: 3 handed over, 1 accepted, 1 need somebody');
    expect(body).toMatch(/^ {6}3 {2}handed over$/m);
    expect(body).toMatch(/^ {5}12 {2}days to the end of the certificate$/m);
    expect(body).toContain(`Document ${rejected.documentId}, version 2, for less than an hour`);
    expect(body).toContain('receipts/RX1/digests/1970-01-01.csv');
    expect(digestOf('RX1', { from: 900_000, to: 1_000_000 }, [accepted], undefined)).toMatchObject({
      handedOver: 0,
      accepted: 0,
      documents: [],
    });
  });

  it.each([
    ['superseded', { supersededBy: { at: 5, version: 9 } }, {}],
    ['suppressed', { suppression: { at: 5, why: 'confidential' } }, {}],
    ['lateHandovers', { lateHandover: { minutes: 200 } }, {}],
    ['possibleDuplicates', { possibleDuplicate: true, sentAt: 5 }, {}],
    ['refusedDrops', {}, { refusals: [{ name: 'again', at: 5, problems: [] }] }],
  ] as const)('counts in its time, and not before or after it: %s', (figure, facts, more) => {
    const record = recordAfter(dropped(), composed());
    const compositions = record.compositions.map((one) => ({ ...one, ...facts }));
    const one = { ...record, compositions, ...more } as DocumentRecord;
    const figureIn = (from: number, to: number) => digestOf('RX1', { from, to }, [one], undefined)[figure];
    expect([figureIn(0, 10), figureIn(6, 10), figureIn(-9, 0)]).toEqual([1, 0, 0]);
  });

  it('has a table beside it, a line for each document, and for operators one for each organisation', () => {
    const formula = { ...waiting, encounterId: '-2+3' };
    const table = digestTable({ ...digest, documents: [...digest.documents.slice(0, -1), formula] });
    expect(table.endsWith('\r\n')).toBe(true);
    const [head, ...lines] = readCsv(table) ?? [];
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toHaveLength(head?.length ?? 0);
    const cell = (line: readonly string[] | undefined, name: string) => line?.[head?.indexOf(name) ?? -1];
    const of = (record: { documentId: string }) => lines.find((line) => line.includes(record.documentId));
    expect(cell(of(rejected), 'attention')).toBe('BUSINESS_REJECTED');
    expect(cell(of(rejected), 'whoseMove')).toBe('the sender');
    expect(cell(of(accepted), 'acceptedAt')).toBe('1970-01-01T00:00:00.900Z');
    // A spreadsheet would compute it.
    expect(cell(of(formula), 'encounterId')).toBe("'-2+3");
    expect(readCsv(operatorsTable([digestRow(digest)], period))?.[1]).toEqual([
      'RX1',
      '3',
      '2',
      '1',
      '0',
      '0',
      '0',
      '0',
      '0',
      '1',
      '1',
      '0',
      '0',
      '12',
    ]);
  });
});
