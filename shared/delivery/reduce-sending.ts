import { queueSilence } from './due.ts';
import type { DeliveryEvent } from './events.ts';
import { type Composition, currentComposition, type DocumentRecord, type Hold } from './record.ts';
import { edit, noOp, onCurrent, type Reduction } from './reduction.ts';
import { followsACopy, withoutLastRound } from './resend.ts';
import { doubtfulAttempt, isFoundLost, nextAttempt, resendAllowed, stateOf, stateOfComposition } from './state-of.ts';
import { meanings } from './states.ts';
import type { Work } from './work.ts';

const doubtHold = (at: number, why: string): Hold => ({
  reason: 'doubt',
  by: 'this system',
  at,
  why: `${why} MESH may hold a copy. Telephone the practice before anything else is done about this document.`,
});

/** Nothing more is done by itself: a copy may be at the practice, so a person decides. */
const held = (record: DocumentRecord, at: number, why: string, composition?: Composition): Reduction =>
  record.holds.some(({ reason }) => reason === 'doubt')
    ? composition
      ? edit(record, at, { what: 'still held', detail: why, composition })
      : noOp('held')
    : edit(record, at, {
        what: 'held: in doubt',
        detail: why,
        record: { holds: [...record.holds, doubtHold(at, why)] },
        ...(composition ? { composition } : {}),
      });

const begun = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'attempt-begun' }>,
  at: number,
): Reduction =>
  onCurrent(record, event.composition, (composition) => {
    const last = composition.attempts.at(-1);
    // Our own write, whose answer was lost on its way to us.
    if (last?.number === event.attempt && last.owner === event.owner && !last.outcome) return noOp('already-begun');
    if (!composition.stored || record.holds.length > 0) return noOp('not-to-be-sent');
    const state = stateOf(record);
    const doubt = doubtfulAttempt(composition);
    if (state !== 'COMPOSED' && !(state === 'SENDING' && doubt)) return noOp('not-to-be-sent');
    if (event.attempt !== nextAttempt(record)) return noOp('another-attempt');
    if (doubt && !(doubt.deadline < at && resendAllowed(composition))) return noOp('in-doubt');
    const { waiting: _, ...rest } = composition;
    return edit(record, at, {
      what: event.goesOn ? 'going on with the upload' : doubt ? 'sending again, same bytes and ids' : 'sending',
      detail: `attempt ${event.attempt}`,
      composition: {
        ...rest,
        ...((doubt && !event.goesOn) || followsACopy(composition) ? { possibleDuplicate: true } : {}),
        attempts: [
          ...composition.attempts,
          { number: event.attempt, owner: event.owner, startedAt: at, deadline: event.deadline },
        ],
      },
    });
  });

/**
 * The claim stands under the last attempt. It is released when that one is over: an invocation that still posts must
 * not be overtaken. One that died is found out by whoever waits for it (`freeOrphan`).
 */
export const releaseLast = ({ attempts }: Composition, at: number): Work => {
  const last = attempts.at(-1);
  return last && (last.outcome || last.deadline < at)
    ? { releaseClaim: { attempt: last.number, owner: last.owner } }
    : {};
};

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
  const lastOfEarlier = composition.earlierSends?.at(-1)?.lastAttempt ?? 0;
  if (attempt.number <= lastOfEarlier) {
    // Of a round that is over: it has been sent again since, and that stands for itself.
    return edit(record, at, {
      what: `late outcome of an earlier round: ${outcome.kind}`,
      detail: `attempt ${event.attempt}`,
      composition: next,
      work: outcome.kind === 'sent' ? { indexMessages: [composition.number] } : {},
    });
  }
  if (isFoundLost(composition, attempt) && outcome.kind !== 'sent') {
    // A person knew before, and it has gone on since.
    return edit(record, at, {
      what: `late outcome of what was lost: ${outcome.kind}`,
      detail: `attempt ${event.attempt}`,
      composition: next,
    });
  }
  // While an earlier attempt may have left a copy, the claim stays: later versions must not overtake it.
  const release = doubtfulAttempt(next) ? {} : releaseLast(next, at);
  switch (outcome.kind) {
    case 'sent':
      return edit(gone(record, composition), at, {
        what: 'sent',
        detail: `attempt ${event.attempt}`,
        composition: {
          ...next,
          sentAt: composition.sentAt ?? outcome.at,
          meshMessageId: composition.meshMessageId ?? outcome.meshMessageId,
        },
        work: {
          ...releaseLast(next, at),
          indexMessages: [composition.number],
          archive: [composition.number],
        },
      });
    case 'refused':
      if (meanings[stateOfComposition(composition)].ended) {
        // A person had found out that nothing came of it, and it has ended since: a refusal says the same, late.
        return edit(record, at, { what: 'refused by MESH', detail: outcome.code, composition: next, work: release });
      }
      if (doubtfulAttempt(next)) {
        return held(record, at, `Sending it again was refused (${outcome.code}) after an attempt in doubt.`, next);
      }
      // The copy of the round before may be at the practice: no other content takes its place.
      if (followsACopy(next)) return asBeforeRound(record, next, `MESH refused it (${outcome.code})`, at, release);
      return edit(record, at, {
        what: 'refused by MESH',
        detail: outcome.code,
        composition:
          composition.sentAt === undefined
            ? { ...next, failure: { at, code: outcome.code, advice: outcome.advice } }
            : next,
        work: release,
      });
    case 'not-sent':
      return edit(record, at, { what: 'not sent', detail: outcome.reason, composition: next, work: release });
    case 'unknown':
      return attempt.outcome
        ? noOp('still-in-doubt')
        : edit(record, at, {
            what: 'in doubt: MESH may have taken it',
            detail: `attempt ${event.attempt}: ${outcome.reason}`,
            composition: next,
            work: release,
          });
  }
};

/** What has left can be held no more. */
const gone = (record: DocumentRecord, composition: Composition): DocumentRecord => ({
  ...record,
  holds: composition === currentComposition(record) ? [] : record.holds.filter(({ reason }) => reason !== 'doubt'),
});

/** A round that a person asked for ends before anything of it left: the document stands as before it. */
const asBeforeRound = (
  record: DocumentRecord,
  composition: Composition,
  why: string,
  at: number,
  work: Work = {},
): Reduction => {
  const before = withoutLastRound(composition, at);
  return before
    ? edit(record, at, { what: 'not sent again', detail: why, composition: before, work })
    : noOp('no-earlier-round');
};

const lastReason = ({ attempts, waiting }: Composition): string => {
  const outcome = attempts.at(-1)?.outcome;
  const reason = outcome && 'reason' in outcome ? outcome.reason : waiting?.why;
  return reason === undefined ? '' : ` (last: ${reason})`;
};

type SendEvent = Extract<
  DeliveryEvent,
  { kind: 'attempt-begun' | 'attempt-ended' | 'waits' | 'superseded' | 'gave-up' | 'found-several' }
>;

export const reduceSending = (record: DocumentRecord, event: SendEvent, at: number): Reduction => {
  switch (event.kind) {
    case 'attempt-begun':
      return begun(record, event, at);
    case 'attempt-ended':
      return endedAttempt(record, event, at);
    case 'waits':
      return onCurrent(record, event.composition, (composition) => {
        const state = stateOf(record);
        return state === 'COMPOSED' || (state === 'SENDING' && doubtfulAttempt(composition))
          ? edit(record, at, {
              what: 'waits',
              detail: event.why,
              composition: {
                ...composition,
                waiting: { until: event.until, why: event.why, ...(event.for ? { for: event.for } : {}) },
              },
            })
          : noOp('not-waiting');
      });
    case 'superseded':
      return onCurrent(record, event.composition, (composition) => {
        if (doubtfulAttempt(composition))
          return held(record, at, `Version ${event.byVersion} has taken its place since.`);
        const state = stateOf(record);
        if (state === 'COMPOSED' && composition.earlierSends) {
          return asBeforeRound(record, composition, `version ${event.byVersion} has gone since`, at);
        }
        return state === 'COMPOSED' || state === 'RECEIVED'
          ? edit(record, at, {
              what: 'superseded',
              detail: `by version ${event.byVersion}`,
              // Nobody need decide about what is not sent.
              record: { holds: [] },
              composition: { ...composition, supersededBy: { at, version: event.byVersion } },
              work: event.discard ? { discardDrops: [event.discard] } : {},
            })
          : noOp('not-supersedable');
      });
    case 'found-several':
      return onCurrent(record, event.composition, (composition) =>
        doubtfulAttempt(composition)
          ? held(record, at, 'MESH has more than one message of it.', { ...composition, possibleDuplicate: true })
          : noOp('not-in-doubt'),
      );
    case 'gave-up':
      return onCurrent(record, event.composition, (composition) => {
        if (doubtfulAttempt(composition)) {
          return held(record, at, `It could not be sent again in time${lastReason(composition)}.`);
        }
        if (stateOf(record) !== 'COMPOSED') return noOp('not-waiting');
        if (composition.earlierSends) {
          return asBeforeRound(record, composition, `it could not be sent again in time${lastReason(composition)}`, at);
        }
        return edit(record, at, {
          what: 'gave up sending',
          composition: {
            ...composition,
            failure: {
              at,
              code: 'GAVE_UP',
              advice: `It could not be sent in time${lastReason(composition)}. Reach the practice by another route, or hand the document over again.`,
            },
          },
        });
      });
  }
};

/** A SENDING document's due time: the doubt has waited long enough, or not yet. */
export const reduceDoubtDue = (
  record: DocumentRecord,
  doubtWait: number,
  at: number,
  composition = currentComposition(record),
): Reduction => {
  const doubt = doubtfulAttempt(composition);
  if (!doubt || record.holds.length > 0 || at < doubt.deadline + doubtWait) return noOp('not-due');
  if (composition.waiting && composition.waiting.until > at) return noOp('not-due');
  if (!resendAllowed(composition)) return held(record, at, 'Two attempts ended without an answer from MESH.');
  if (composition.giveUpAt !== undefined && at > composition.giveUpAt) {
    return held(record, at, `It could not be sent again in time${lastReason(composition)}.`);
  }
  return edit(record, at, {
    what: 'no sign of it: to be sent again',
    composition: { ...composition, waiting: { until: at + queueSilence, why: 'queued to be sent again' } },
    work: { enqueue: composition.number },
  });
};
