import { problem } from '../submission/problems.ts';
import { halfLimit } from './due.ts';
import type { DeliveryEvent } from './events.ts';
import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { reduceCompose } from './reduce-drop.ts';
import { edit, noOp, onCurrent, type Reduction } from './reduction.ts';
import { doubtfulAttempt, nextAttempt, stateOf } from './state-of.ts';

/** A doubtful attempt may be followed by one flagged re-send, and by no second one (DESIGN 4). */
const resendAllowed = (composition: Composition): boolean => composition.possibleDuplicate !== true;

const begun = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'attempt-begun' }>,
  at: number,
): Reduction =>
  onCurrent(record, event.composition, (composition) => {
    if (!composition.stored || record.holds.length > 0) return noOp('not-to-be-sent');
    const state = stateOf(record);
    const doubt = doubtfulAttempt(composition);
    if (state !== 'COMPOSED' && !(state === 'SENDING' && doubt)) return noOp('not-to-be-sent');
    if (event.attempt !== nextAttempt(record)) return noOp('another-attempt');
    if (doubt && !(doubt.deadline < at && resendAllowed(composition))) return noOp('in-doubt');
    const { waiting: _, ...rest } = composition;
    return edit(record, at, {
      what: doubt ? 'sending again, same bytes and ids' : 'sending',
      detail: `attempt ${event.attempt}`,
      composition: {
        ...rest,
        ...(doubt ? { possibleDuplicate: true } : {}),
        attempts: [
          ...composition.attempts,
          { number: event.attempt, owner: event.owner, startedAt: at, deadline: event.deadline },
        ],
      },
    });
  });

const endedAttempt = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'attempt-ended' }>,
  at: number,
): Reduction => {
  // A late outcome of an earlier composition or owner is a fact all the same: never dropped.
  const composition = record.compositions.find((one) => one.number === event.composition);
  const attempt = composition?.attempts.find((one) => one.number === event.attempt && one.owner === event.owner);
  if (!composition || !attempt) return noOp('unknown-attempt');
  if (attempt.outcome && attempt.outcome.kind !== 'unknown') return noOp('already-ended');
  const { outcome } = event;
  const attempts = composition.attempts.map((one) => (one === attempt ? { ...one, outcome } : one));
  const next: Composition = { ...composition, attempts };
  const releaseClaim = { attempt: event.attempt, owner: event.owner };
  switch (outcome.kind) {
    case 'sent':
      return edit(record, at, {
        what: 'sent',
        detail: `attempt ${event.attempt}`,
        composition: {
          ...next,
          sentAt: composition.sentAt ?? outcome.at,
          meshMessageId: composition.meshMessageId ?? outcome.meshMessageId,
        },
        work: { releaseClaim, indexMessage: true, archive: true },
      });
    case 'refused':
      return edit(record, at, {
        what: 'refused by MESH',
        detail: outcome.code,
        composition:
          composition.sentAt === undefined
            ? { ...next, failure: { at, code: outcome.code, advice: outcome.advice } }
            : next,
        work: { releaseClaim },
      });
    case 'not-sent':
      return edit(record, at, { what: 'not sent', detail: outcome.reason, composition: next, work: { releaseClaim } });
    case 'unknown':
      return attempt.outcome
        ? noOp('still-in-doubt')
        : edit(record, at, {
            what: 'in doubt: MESH may have taken it',
            detail: `attempt ${event.attempt}: ${outcome.reason}`,
            composition: next,
          });
  }
};

type SendEvent = Extract<
  DeliveryEvent,
  { kind: 'attempt-begun' | 'attempt-ended' | 'waits' | 'superseded' | 'gave-up' }
>;

export const reduceSending = (record: DocumentRecord, event: SendEvent, at: number): Reduction => {
  switch (event.kind) {
    case 'attempt-begun':
      return begun(record, event, at);
    case 'attempt-ended':
      return endedAttempt(record, event, at);
    case 'waits':
      return onCurrent(record, event.composition, (composition) =>
        stateOf(record) !== 'COMPOSED'
          ? noOp('not-waiting')
          : edit(record, at, {
              what: 'waits',
              detail: event.why,
              composition: { ...composition, waiting: { until: event.until, why: event.why } },
            }),
      );
    case 'superseded':
      return onCurrent(record, event.composition, (composition) =>
        stateOf(record) !== 'COMPOSED'
          ? noOp('not-supersedable')
          : edit(record, at, {
              what: 'superseded',
              detail: `version ${event.byVersion} went first`,
              composition: { ...composition, supersededBy: { at, version: event.byVersion } },
            }),
      );
    case 'gave-up':
      return onCurrent(record, event.composition, (composition) => {
        if (stateOf(record) !== 'COMPOSED') return noOp('not-waiting');
        const reason = composition.attempts.at(-1)?.outcome;
        return edit(record, at, {
          what: 'gave up sending',
          composition: {
            ...composition,
            failure: {
              at,
              code: 'GAVE_UP',
              advice: `MESH could not be reached in time${reason && 'reason' in reason ? ` (last: ${reason.reason})` : ''}. Reach the practice by another route, or drop the document again.`,
            },
          },
        });
      });
  }
};

/** `watch` looked because a due time came: an acknowledgement is overdue, a doubt has waited long enough. */
export const reduceDue = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'due' }>,
  at: number,
): Reduction => {
  const composition = currentComposition(record);
  const state = stateOf(record);
  if (state === 'SENDING') {
    const doubt = doubtfulAttempt(composition);
    if (!doubt || at < doubt.deadline + event.doubtWait || record.holds.length > 0) return noOp('not-due');
    if (resendAllowed(composition)) {
      return edit(record, at, {
        what: 'no sign of it: to be sent again, flagged as possible duplicate',
        work: { enqueue: true },
      });
    }
    return edit(record, at, {
      what: 'held',
      detail: 'doubtful twice',
      record: {
        holds: [
          ...record.holds,
          {
            reason: 'doubt',
            by: 'this system',
            at,
            why: 'Two attempts ended without an answer from MESH: a copy may be at the practice. Telephone the practice first.',
          },
        ],
      },
    });
  }
  if (state === 'COMPOSED') {
    if (composition.waiting && composition.waiting.until > at) return noOp('not-due');
    return edit(record, at, { what: 'queued again', work: { enqueue: true } });
  }
  if (state === 'RECEIVED' && composition.awaitingNamedPdfSince !== undefined) {
    if (at < composition.awaitingNamedPdfSince + halfLimit) return noOp('not-due');
    return reduceCompose(
      record,
      { kind: 'rejected', composition: composition.number, problems: [problem('PDF_NOT_THE_ONE_NAMED', 'pdf.sha256')] },
      at,
    );
  }
  if ((state === 'SENT' || state === 'INFRASTRUCTURE_ACKNOWLEDGED') && record.overdueSince === undefined) {
    return edit(record, at, { what: 'overdue: the practice has not answered', record: { overdueSince: at } });
  }
  return noOp('not-due');
};
