import type { CompositionIds } from './events.ts';
import type { Composition, Decision } from './record.ts';

/** On the outbox at once, with as much time until giving up as it had the first time. */
export const queuedAgain = ({ waiting: _, ...composition }: Composition, at: number): Composition => {
  const { stored, giveUpAt } = composition;
  return {
    ...composition,
    takenUpAgainAt: at,
    ...(stored && giveUpAt !== undefined ? { giveUpAt: at + Math.max(0, giveUpAt - stored.at) } : {}),
  };
};

/** Sent again by a person's wish: 20007 and 20008 say that a copy arrived. */
export const wasSentAgain = ({ possibleDuplicate, earlierSends }: Composition): boolean =>
  possibleDuplicate === true || earlierSends?.some(({ sentAt }) => sentAt !== undefined) === true;

/** MESH had it and did not hand it back: what is sent in this round may be a second copy. */
export const followsACopy = ({ earlierSends }: Composition): boolean => {
  const before = earlierSends?.at(-1);
  return before?.sentAt !== undefined && before.report === undefined;
};

/** Another round with the bytes and ids of the first, whose course is kept beside. */
export const againWithSameBytes = (composition: Composition, decision: Decision): Composition => {
  // MESH chooses anew for the message that goes now.
  const { sentAt, meshMessageId, report, failure, routed, ...others } = composition;
  const { tracking: _t, resendGranted: _r, notSentAgainAt: _n, ...rest } = others;
  const lastAttempt = composition.attempts.at(-1)?.number ?? 0;
  return {
    ...queuedAgain(rest, decision.at),
    earlierSends: [
      ...(composition.earlierSends ?? []),
      {
        ...decision,
        lastAttempt,
        ...(sentAt === undefined ? {} : { sentAt }),
        ...(meshMessageId === undefined ? {} : { meshMessageId }),
        ...(report === undefined ? {} : { report }),
        ...(failure === undefined ? {} : { failure }),
        ...(routed === undefined ? {} : { routed }),
      },
    ],
  };
};

/** The further round came to nothing before anything of it left: it stands as it stood before. */
export const withoutLastRound = (composition: Composition, at: number): Composition | undefined => {
  const { earlierSends = [], waiting: _w, failure: _f, ...rest } = composition;
  const before = earlierSends.at(-1);
  if (!before) return undefined;
  const { at: _a, by: _b, why: _y, lastAttempt: _l, ...facts } = before;
  return {
    ...rest,
    ...(earlierSends.length > 1 ? { earlierSends: earlierSends.slice(0, -1) } : {}),
    ...facts,
    notSentAgainAt: at,
  };
};

/** The same content under new ids: a composition of its own, of which nothing has happened yet. */
export const sentAnew = (composition: Composition, ids: CompositionIds, decision: Decision): Composition => {
  const { at } = decision;
  const { source, practice, dueTimes, lateHandover, replaces, predecessor, olderVersionAt } = composition;
  const { patientCheck, otherPatientReleased } = composition;
  return {
    number: composition.number + 1,
    composedAt: at,
    takenUpAgainAt: at,
    source,
    ...ids,
    resendOf: { ...decision, composition: composition.number },
    ...(practice === undefined ? {} : { practice }),
    ...(dueTimes === undefined ? {} : { dueTimes }),
    ...(lateHandover === undefined ? {} : { lateHandover }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(predecessor === undefined ? {} : { predecessor }),
    ...(olderVersionAt === undefined ? {} : { olderVersionAt }),
    ...(patientCheck === undefined ? {} : { patientCheck }),
    ...(otherPatientReleased === undefined ? {} : { otherPatientReleased }),
    attempts: [],
  };
};
