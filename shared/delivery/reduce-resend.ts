import { days } from '../platform/clock.ts';
import { dropsKeptDays } from '../platform/names.ts';
import { copyArrived } from './copies.ts';
import type { PersonEvent } from './events.ts';
import { type PersonRefusal, refused, said } from './person-refusal.ts';
import { compositionLimit, currentComposition, type DocumentRecord, samePair } from './record.ts';
import { pastComposition } from './reduce-drop.ts';
import { edit, type Reduction } from './reduction.ts';
import { againWithSameBytes, sentAnew } from './resend.ts';
import { stateOf } from './state-of.ts';
import type { State } from './states.ts';

/** Since when what it was composed from has lain deleted in the drops bucket, which forgets it. */
const discardedAt = (record: DocumentRecord): number => {
  const { source } = currentComposition(record);
  const times = record.compositions.flatMap((one) =>
    one.stored && samePair(one.source, source) ? [one.stored.at] : [],
  );
  return Math.min(...times);
};

/** Why a document is not sent again; `undefined` where it may be. */
const resendRefusal = (record: DocumentRecord, newest: number): PersonRefusal | undefined => {
  if (record.version === undefined || record.version < newest) return 'later-version-begun';
  const state = stateOf(record);
  switch (state) {
    case 'UNDELIVERED':
    case 'INFRASTRUCTURE_REJECTED':
    case 'BUSINESS_REJECTED':
      return undefined;
    case 'SEND_FAILED':
      return currentComposition(record).stored ? undefined : 'never-composed';
    case 'SENT':
      if (copyArrived(currentComposition(record))) return 'practice-has-it';
      return record.overdueSince === undefined ? 'awaits-answer' : undefined;
    // The same ids would be refused as a duplicate, and other ids would be a second document: telephone.
    case 'INFRASTRUCTURE_ACKNOWLEDGED':
      return 'practice-has-it';
    case 'SENDING':
      return 'in-doubt';
    case 'RECEIVED':
    case 'COMPOSED':
      return 'under-way';
    case 'ACCEPTED':
      return 'accepted';
    case 'CONTRADICTED':
      return 'contradicted';
    case 'REJECTED':
    case 'CANCELLED':
    case 'SUPPRESSED':
    case 'NULL_AND_VOID':
      return 'hand-over-again';
    case 'REPLACED':
    case 'SUPERSEDED':
      return 'later-version-begun';
  }
};

const negativelyAnswered: ReadonlySet<State> = new Set(['INFRASTRUCTURE_REJECTED', 'BUSINESS_REJECTED']);

/** Sends it again: the same bytes and ids, or after a refusal of the practice the same content under other ids. */
export const resendAsked = (
  record: DocumentRecord,
  event: Extract<PersonEvent, { kind: 'resend-asked' }>,
  at: number,
): Reduction => {
  const refusal = resendRefusal(record, event.newest);
  if (refusal !== undefined) return refused(refusal);
  const composition = currentComposition(record);
  const decision = { at, by: event.by, why: event.why };
  if (!negativelyAnswered.has(stateOf(record))) {
    return edit(record, at, {
      what: 'to be sent again, same bytes and ids',
      detail: said(event),
      composition: againWithSameBytes(composition, decision),
      work: { enqueue: composition.number },
    });
  }
  // What was refused under these ids would be refused under them again.
  if (record.compositions.length >= compositionLimit) return refused('composed-too-often');
  if (at > discardedAt(record) + days(dropsKeptDays)) return refused('content-gone');
  const anew = sentAnew(composition, event.ids(record.documentId, composition.number + 1), decision);
  return edit(record, at, {
    what: 'to be sent again, with new ids',
    detail: said(event),
    record: { compositions: [...record.compositions.map(pastComposition), anew] },
    work: { composeAgain: anew.number },
  });
};
