import { describe, expect, it } from 'vitest';
import { whoseIs } from '../../../../shared/pipeline/poll/whose.ts';

describe('whose an inbox message is (DESIGN 4)', () => {
  it.each([
    ['DATA', 'GPFED_CONSULT_REPORT_ACK', 'acknowledgement'],
    ['DATA', 'GPCONNECT_SEND_DOCUMENT_ACK', 'acknowledgement'],
    ['data', 'gpfed_consult_report_ack', 'acknowledgement'],
    ['REPORT', 'GPFED_CONSULT_REPORT', 'report'],
    ['REPORT', 'GPCONNECT_SEND_DOCUMENT', 'report'],
    ['REPORT', 'OTHER', 'report-if-known'],
    ['REPORT', undefined, 'report-if-known'],
    ['DATA', 'GPFED_CONSULT_REPORT', 'body-decides'],
    ['DATA', 'OTHER', 'body-decides'],
    [undefined, undefined, 'body-decides'],
  ])('%s on %s: %s', (type, workflow, kind) => {
    expect(whoseIs(type, workflow).kind).toBe(kind);
  });
});
