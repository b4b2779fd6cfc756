import type { StoredRecord } from '../delivery/documents.ts';
import { documentReceipt } from '../delivery/receipt.ts';
import { stateOf } from '../delivery/state-of.ts';
import { wordings } from '../delivery/wording.ts';
import { isoTime } from '../platform/clock.ts';
import type { DocumentAnswer } from './schemas.ts';
import { mustSubmitAgain, pendingSubmission, refusedSubmissions, type Standing, summaryOf } from './standing.ts';
import type { Submission } from './submission.ts';

const requestOf = ({ requestId, correlationId }: Pick<Submission, 'requestId' | 'correlationId'>) => ({
  requestId,
  ...(correlationId === undefined ? {} : { correlationId }),
});

/** A registered document: what its receipts say, in words for a caller. */
const recordView = (record: StoredRecord, submission: Submission | undefined): Omit<DocumentAnswer, 'whoseMove'> => {
  const receipt = documentReceipt(record, { name: '', at: record.receivedAt }, record.receivedAt, 'submission');
  const {
    kind: _k,
    schemaVersion: _s,
    odsCode: _o,
    name: _n,
    updatedAt: _u,
    droppedAt: _d,
    whatAcceptedMeans: _w,
    document: _r,
    documentId: _i,
    encounterId,
    version,
    revision,
    receivedAt,
    state: _t,
    problems,
    attention,
    resolutions,
    warnings,
    held,
    history,
    ...rest
  } = receipt;
  const requests = record.compositions.flatMap(({ source }) => (source.request ? [requestOf(source.request)] : []));
  const refusals = refusedSubmissions(record).map(({ name, at, problems: differing }) => ({
    at: isoTime(at),
    ...(submission?.name === name ? requestOf(submission) : {}),
    problems: [...differing],
  }));
  return {
    documentId: record.documentId,
    ...(encounterId === undefined ? {} : { encounterId }),
    ...(version === undefined ? {} : { version }),
    revision,
    receivedAt,
    state: stateOf(record),
    ...rest,
    ...(mustSubmitAgain(record) ? { advice: wordings.submission.otherContent } : {}),
    ...(refusals.length === 0 ? {} : { refusals }),
    ...(problems ? { problems: [...problems] } : {}),
    ...(attention ? { attention: [...attention] } : {}),
    ...(resolutions ? { resolutions: [...resolutions] } : {}),
    ...(warnings ? { warnings: [...warnings] } : {}),
    ...(held ? { held: [...held] } : {}),
    history: [...history],
    ...(requests.length === 0 ? {} : { requests }),
  };
};

/** Taken, and not registered yet: it lies in the inbox. A correction stands before what it corrects. */
const pendingView = (
  submission: Submission & { readonly takenAt: number },
  record: StoredRecord | undefined,
): Omit<DocumentAnswer, 'whoseMove'> => {
  const { documentId, encounterId, version, takenAt } = submission;
  const before = record && recordView(record, undefined);
  return {
    documentId,
    encounterId,
    version,
    revision: before?.revision ?? 0,
    receivedAt: before?.receivedAt ?? isoTime(takenAt),
    state: 'RECEIVED',
    meaning: 'Manifest and PDF are stored; the document is about to be registered.',
    history: [...(before?.history ?? []), { at: isoTime(takenAt), what: 'taken' }],
    requests: [...(before?.requests ?? []), requestOf(submission)],
  };
};

/** A document as a caller sees it; undefined where nothing is known of it. */
export const documentView = (standing: Standing): DocumentAnswer | undefined => {
  const summary = summaryOf(standing);
  const pending = pendingSubmission(standing);
  const { record, submission } = standing;
  const view = pending ? pendingView(pending, record) : record && recordView(record, submission);
  return view && summary && { ...view, ...summary };
};
