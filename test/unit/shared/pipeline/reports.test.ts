import { describe, expect, it } from 'vitest';
import { receiptOf } from '../../../../shared/delivery/receipt.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { MeshHeaders } from '../../../../shared/mesh/mesh-headers.ts';
import { parseReport } from '../../../../shared/mesh/reports.ts';
import { statusCodes } from '../../../../shared/mesh/status-codes.ts';
import { recordedReport } from '../../../../shared/pipeline/poll/apply-answer.ts';
import { meshId, recordAfter, wasSent } from '../../../support/records.ts';

const reportWith = (code: string, success = 'ERROR') => {
  const headers = { 'mex-messagetype': 'REPORT', 'mex-statuscode': code, 'mex-statussuccess': success };
  const parsed = parseReport(new MeshHeaders(Object.entries(headers)));
  if (!parsed) throw new Error('It is a report.');
  return recordedReport(parsed, 'report-1', 900);
};

const receiptAfter = (code: string) => {
  const reduction = reduce(
    recordAfter(...wasSent),
    { kind: 'reported', meshMessageId: meshId(1), report: reportWith(code) },
    900,
  );
  if (reduction.kind === 'no-op') throw new Error(reduction.why);
  return receiptOf({ ...reduction.record, revision: 1 }, { name: 'report-1', at: 0 }, 1000);
};

const failures = statusCodes.map(({ code }) => code).filter((code) => /^(\d+|EPL-\d+)$/.test(code) && code !== '00');

describe('a report that MESH could not deliver', () => {
  it.each([...failures, 'EPL-999', 'a code of 9691375087', ''])(
    'with code %j makes the document UNDELIVERED, and its receipt says what to do (GPCM-SD-075)',
    (code) => {
      const receipt = receiptAfter(code);
      expect(receipt).toMatchObject({ state: 'UNDELIVERED', whoseMove: 'the sender' });
      expect(receipt.advice).toMatch(/^[A-Z].{40,}\.$/);
      expect(JSON.stringify(receipt)).not.toContain('9691375087');
    },
  );

  it('is told from one that it did deliver', () => {
    expect(reportWith('00', 'SUCCESS')).toMatchObject({ delivered: true });
    expect(reportWith('00', 'ERROR')).not.toHaveProperty('delivered');
    expect(reportWith('14')).not.toHaveProperty('delivered');
  });
});
