import { openConditions } from './attention.ts';
import { queueSilence } from './due.ts';
import type { PersonEvent } from './events.ts';
import { isHeldFor, withoutHold } from './holds.ts';
import { refused, said } from './person-refusal.ts';
import { type Composition, currentComposition, type DocumentRecord, discardOf, resolutionLimit } from './record.ts';
import { resendAsked } from './reduce-resend.ts';
import { releaseLast } from './reduce-sending.ts';
import { edit, type Reduction } from './reduction.ts';
import { queuedAgain, withoutLastRound } from './resend.ts';
import { seenOf } from './seen.ts';
import { doubtfulAttempt, isFailedReplacement, possiblePosts, stateOf, undecided } from './state-of.ts';
import type { State } from './states.ts';
import type { Work } from './work.ts';

type Of<K extends PersonEvent['kind']> = Extract<PersonEvent, { kind: K }>;

const beforeItLeft: ReadonlySet<State> = new Set(['RECEIVED', 'COMPOSED', 'SENDING']);

export const holdNames = { operator: 'held: by an operator', paused: 'held: its sender is paused' } as const;

const held = (record: DocumentRecord, event: Of<'held'>, at: number): Reduction => {
  const { reason, by, why } = event;
  if (isHeldFor(record, reason)) return refused('already-held');
  // What has left cannot be held any more.
  if (!beforeItLeft.has(stateOf(record))) return refused('nothing-to-hold');
  return edit(record, at, {
    what: holdNames[reason],
    detail: said(event),
    record: { holds: [...record.holds, { reason, by, why, at }] },
  });
};

export const releasedNames = {
  operator: 'released: by an operator',
  paused: 'released: its sender goes on',
  doubt: 'released: to be sent once more',
  'other-patient': 'released: other patient',
} as const;

/** What lets a document go on where it stood. Every time that is measured of it begins anew. */
const goingOn = (
  record: DocumentRecord,
  composition: Composition,
  at: number,
): { readonly composition: Composition; readonly work: Work } => {
  const free = record.holds.length === 0;
  switch (stateOf(record)) {
    case 'RECEIVED':
      return {
        // Nothing was stored, so the time inside the message may be today's.
        composition: { ...composition, composedAt: at, takenUpAgainAt: at },
        work: free ? { composeAgain: composition.number } : {},
      };
    case 'COMPOSED':
      return {
        composition: queuedAgain(composition, at),
        work: free ? { enqueue: composition.number } : {},
      };
    default:
      return { composition, work: {} };
  }
};

const released = (record: DocumentRecord, event: Of<'released'>, at: number): Reduction => {
  if (!isHeldFor(record, event.reason)) return refused('not-held');
  const composition = currentComposition(record);
  const decision = { at, by: event.by, why: event.why };
  const free = withoutHold(record, event.reason);
  const told = { what: releasedNames[event.reason], detail: said(event) };
  if (event.reason === 'doubt') {
    // Same bytes, same ids, once more: what is in doubt stays in doubt, and the practice may hold copies.
    const granted = {
      ...queuedAgain(composition, at),
      waiting: { until: at + queueSilence, why: 'queued to be sent again' },
      resendGranted: { ...decision, afterPosts: possiblePosts(composition) },
    };
    return edit(free, at, {
      ...told,
      composition: granted,
      work: free.holds.length === 0 ? { enqueue: composition.number } : {},
    });
  }
  const next = goingOn(free, composition, at);
  return edit(free, at, {
    ...told,
    composition: {
      ...next.composition,
      ...(event.reason === 'other-patient' ? { otherPatientReleased: decision } : {}),
    },
    work: next.work,
  });
};

const cancelled = (record: DocumentRecord, event: Of<'cancelled'>, at: number): Reduction => {
  const state = stateOf(record);
  const composition = currentComposition(record);
  if (state === 'CANCELLED') return refused('already-cancelled');
  if (state !== 'RECEIVED' && state !== 'COMPOSED')
    return refused(state === 'SENDING' ? 'may-have-left' : 'has-left-or-ended');
  if (composition.earlierSends) {
    // Being sent again by a person's wish: a first copy has left, and only the further one can be called off.
    const before = withoutLastRound(composition, at);
    return before && doubtfulAttempt(composition) === undefined
      ? edit(record, at, {
          what: 'not sent again: called off',
          detail: said(event),
          record: { holds: [] },
          composition: before,
        })
      : refused('may-have-left');
  }
  const { awaitingFiles: _a, waiting: _w, ...rest } = composition;
  return edit(record, at, {
    what: 'cancelled',
    detail: said(event),
    record: { holds: [] },
    composition: { ...rest, cancellation: { at, by: event.by, why: event.why } },
    work: state === 'RECEIVED' ? { discardDrops: [discardOf(composition.source)] } : {},
  });
};

const resolved = (record: DocumentRecord, { by, route, note }: Of<'resolved'>, at: number): Reduction => {
  // Also what is not shown because another says it more urgently: with that it is dealt with.
  const open = openConditions(record);
  if (open.length === 0) return refused('nothing-open');
  // A clock that is behind must not leave open what was open before the eyes of whoever dealt with it.
  const covers = Math.max(at, ...open.map(({ since }) => since));
  return edit(record, at, {
    what: 'resolved',
    detail: `${route}, by ${by}${note === undefined ? '' : `: ${note}`}`,
    record: {
      resolutions: [
        ...(record.resolutions ?? []),
        { at: covers, by, route, ...(note === undefined ? {} : { note }), of: open.map(({ code }) => code) },
      ].slice(-resolutionLimit),
    },
  });
};

/** The only way out of CONTRADICTED. What it means for the version before is told as by an answer. */
const decided = (record: DocumentRecord, event: Of<'contradiction-decided'>, at: number): Reduction => {
  const composition = record.compositions.find(undecided);
  const { contradiction } = composition ?? {};
  if (!composition || !contradiction) return refused('not-contradicted');
  const { as, by, why } = event;
  const next: Composition = { ...composition, contradiction: { ...contradiction, decision: { at, by, why, as } } };
  const told: Work = composition.predecessor
    ? as === 'accepted'
      ? { markReplaced: [composition.number] }
      : isFailedReplacement(next)
        ? { voidPredecessor: [composition.number] }
        : {}
    : {};
  return edit(record, at, {
    what: `contradiction decided: ${as}`,
    detail: said(event),
    composition: next,
    work: told,
  });
};

/** A person has asked the practice whether what is in doubt has come. Either way later versions go on. */
const doubtDecided = (record: DocumentRecord, event: Of<'doubt-decided'>, at: number): Reduction => {
  const composition = currentComposition(record);
  const doubt = doubtfulAttempt(composition);
  if (!doubt) return refused('not-in-doubt');
  if (!doubt.outcome && doubt.deadline >= at) return refused('still-being-sent');
  const { as, by, why } = event;
  const { waiting: _, ...rest } = composition;
  const next: Composition = { ...rest, doubtDecision: { at, by, why, as } };
  const told = { what: `doubt decided: ${as}`, detail: said(event), record: { holds: [] } };
  return as === 'arrived'
    ? edit(record, at, {
        ...told,
        composition: { ...next, sentAt: doubt.startedAt },
        work: { ...releaseLast(next, at), archive: [composition.number] },
      })
    : edit(record, at, {
        ...told,
        // A further sending that is lost leaves it as it stood: the copy of the round before may be there.
        composition: withoutLastRound(next, at) ?? { ...next, failure: { at, code: 'FOUND_LOST', advice: lostAdvice } },
        work: releaseLast(next, at),
      });
};

const lostAdvice =
  'A person has found out that nothing of it came to the practice. Reach the practice by another route, have it sent again, or hand it over again.';

/** Nothing of the document changes: its history says who had it tried again. */
const redriven = (record: DocumentRecord, event: Of<'redriven'>, at: number): Reduction =>
  edit(record, at, { what: `handed back to the ${event.queue} queue`, detail: said(event) });

/** What people do to a document. Each twice is once, and each that cannot be done is a no-op that says why. */
export const reducePerson = (record: DocumentRecord, event: PersonEvent, at: number): Reduction => {
  const reduction = reduceAsked(record, event, at);
  // Whoever decided did not see it as it stands now; of what is so already they are told first.
  return reduction.kind === 'changed' && event.seen !== undefined && event.seen !== seenOf(record)
    ? refused('changed-meanwhile')
    : reduction;
};

const reduceAsked = (record: DocumentRecord, event: PersonEvent, at: number): Reduction => {
  switch (event.kind) {
    case 'held':
      return held(record, event, at);
    case 'released':
      return released(record, event, at);
    case 'cancelled':
      return cancelled(record, event, at);
    case 'resolved':
      return resolved(record, event, at);
    case 'contradiction-decided':
      return decided(record, event, at);
    case 'doubt-decided':
      return doubtDecided(record, event, at);
    case 'redriven':
      return redriven(record, event, at);
    case 'resend-asked':
      return resendAsked(record, event, at);
  }
};
