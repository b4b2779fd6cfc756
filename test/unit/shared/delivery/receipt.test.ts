import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { receiptOf, replacesReceipt, waitingReceipt } from '../../../../shared/delivery/receipt.ts';
import { meanings, states } from '../../../../shared/delivery/states.ts';
import { responseCode, responseCodes } from '../../../../shared/itk3/response-codes.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import { dropOf, negative, positive, recordAfter, wasSent } from '../../../support/records.ts';

const receiptAfter = (...events: readonly DeliveryEvent[]) =>
  receiptOf({ ...recordAfter(...events), revision: 7 }, { name: 'report-1', at: 0 }, 1_700_000_000_000);

describe('a receipt', () => {
  it('says what ACCEPTED does not mean', () => {
    const receipt = receiptAfter(...wasSent, positive('20013'), positive('30001'));
    expect(receipt).toMatchObject({ state: 'ACCEPTED', whoseMove: 'nobody', revision: 7 });
    expect(receipt.meaning).toContain('does not mean that anybody has read');
  });
  it('lists every problem with its path, and what to do', () => {
    const problems = [
      { path: 'patient.family', code: 'MISSING', message: 'Missing.' },
      { path: 'pdf', code: 'PDF_ENCRYPTED', message: 'Encrypted.' },
    ];
    const receipt = receiptAfter({ kind: 'drop-rejected', drop: dropOf(), ids: deriveIds, problems });
    expect(receipt).toMatchObject({ state: 'REJECTED', whoseMove: 'the sender', problems });
    expect(receipt.advice).toContain('drop');
  });
  it('gives the advice of the code that the practice answered', () => {
    expect(receiptAfter(...wasSent, negative('30002')).advice).toBeTruthy();
    expect(receiptAfter(...wasSent, negative('20009')).advice).toBeTruthy();
  });
  it.each(responseCodes.map(({ code }) => code))(
    'after %s from the practice says what became of it, and what to do (RC-HS-01, RC-HS-02)',
    (code) => {
      const { level, polarity } = responseCode(code);
      const answer = polarity === 'positive' ? positive(code) : negative(code);
      const before = level === 'business' ? [...wasSent, positive('20013')] : wasSent;
      const { state, whoseMove, advice } = receiptAfter(...before, answer);
      if (code === '20013') expect([state, whoseMove]).toEqual(['INFRASTRUCTURE_ACKNOWLEDGED', 'the practice']);
      // Delivered, and the sender learns that the patient has died.
      else if (code === '30004')
        expect([state, whoseMove, advice]).toEqual(['ACCEPTED', 'the sender', responseCode(code).advice]);
      else if (polarity === 'positive') expect([state, whoseMove]).toEqual(['ACCEPTED', 'nobody']);
      else {
        expect(state).toBe(level === 'business' ? 'BUSINESS_REJECTED' : 'INFRASTRUCTURE_REJECTED');
        expect(advice).toContain(responseCode(code).advice);
        expect(whoseMove).not.toBe('nobody');
      }
    },
  );
  it('has a meaning and a mover for every state', () => {
    for (const state of states) expect(meanings[state].meaning.length).toBeGreaterThan(20);
  });
  it('never goes back: only a higher revision of the same document takes its place', () => {
    const mine = receiptAfter(...wasSent);
    expect(replacesReceipt({ ...mine, revision: 6 }, mine)).toBe(true);
    expect(replacesReceipt({ ...mine, revision: 7 }, mine)).toBe(false);
    expect(replacesReceipt({ ...mine, revision: 8 }, mine)).toBe(false);
  });
  it('leaves the name to what was dropped later under it', () => {
    const mine = receiptAfter(...wasSent);
    const other = { documentId: 'other', revision: 99 };
    expect(replacesReceipt({ ...other, droppedAt: '2050-01-01T00:00:00.000Z' }, mine)).toBe(false);
    expect(replacesReceipt({ ...other, droppedAt: '1950-01-01T00:00:00.000Z' }, mine)).toBe(true);
  });
  it('of a waiting drop says whose move it is', () => {
    const receipt = waitingReceipt({ odsCode: 'RX1', name: 'x' }, 'SENDER_NOT_REGISTERED', 0, 1);
    expect(receipt).toMatchObject({ documentId: null, state: 'SENDER_NOT_REGISTERED', whoseMove: 'the sender' });
    expect(receipt.advice).toContain('operators');
  });
});
