import type { StoredRecord } from '../delivery/documents.ts';
import { receiptOf } from '../delivery/receipt.ts';
import { stateOf } from '../delivery/state-of.ts';
import { meanings } from '../delivery/states.ts';
import { isoTime } from '../platform/clock.ts';
import type { DocumentAnswer } from './schemas.ts';
import type { Submission } from './submission.ts';

/** A document as a caller sees it: in the words of receipts, so that everybody is told the same. */
export const documentView = (record: StoredRecord): DocumentAnswer => {
  const receipt = receiptOf(record, { name: '', at: record.receivedAt }, record.receivedAt);
  const {
    kind: _k,
    schemaVersion: _s,
    odsCode: _o,
    name: _n,
    updatedAt: _u,
    droppedAt: _d,
    whatAcceptedMeans: _w,
    problems,
    held,
    history,
    ...rest
  } = receipt;
  const requests = record.compositions.flatMap(({ source }) => source.request ?? []);
  return {
    ...rest,
    documentId: record.documentId,
    state: stateOf(record),
    ...(problems ? { problems: [...problems] } : {}),
    ...(held ? { held: [...held] } : {}),
    history: [...history],
    ...(requests.length === 0 ? {} : { requests }),
  };
};

/** Taken, and not registered yet: it lies in the inbox. */
export const submissionView = (submission: Submission & { readonly takenAt: number }): DocumentAnswer => {
  const { documentId, encounterId, version, takenAt, requestId, correlationId } = submission;
  const { whoseMove } = meanings.RECEIVED;
  return {
    documentId,
    encounterId,
    version,
    revision: 0,
    receivedAt: isoTime(takenAt),
    state: 'RECEIVED',
    meaning: 'Manifest and PDF are stored; the document is about to be registered.',
    whoseMove,
    history: [{ at: isoTime(takenAt), what: 'taken' }],
    requests: [{ requestId, ...(correlationId === undefined ? {} : { correlationId }) }],
  };
};
