import { awaitsAnswers, hasStanding, isLateReplacement, withStanding } from './earlier-versions.ts';
import type { DeliveryEvent } from './events.ts';
import { type Composition, compositionLimit, type DocumentRecord } from './record.ts';
import { pastComposition } from './reduce-drop.ts';
import { edit, noOp, onCurrent, type Reduction, withEntry } from './reduction.ts';
import { canBeReplaced, canBeVoid, stateOf, stateOfComposition } from './state-of.ts';
import { takenUpAt } from './unsent.ts';

type VersionEvent = Extract<DeliveryEvent, { kind: 'standing-decided' | 'replaced' | 'voided' }>;

/**
 * Another `relatesTo` is other bytes, so another composition: its ids are new, its content and what a person decided
 * about that are not.
 */
const composedAnew = (
  { stored: _s, giveUpAt: _g, waiting: _w, failure: _f, ...kept }: Composition,
  event: Extract<DeliveryEvent, { kind: 'standing-decided' }>,
  record: DocumentRecord,
  at: number,
): Composition => {
  const number = kept.number + 1;
  return {
    ...withStanding(kept, event.standing),
    ...event.ids(record.documentId, number),
    number,
    composedAt: at,
    // The content has been waiting since it came, whatever it is wrapped in.
    takenUpAgainAt: takenUpAt(kept),
    attempts: [],
  };
};

const decided = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'standing-decided' }>,
  at: number,
): Reduction =>
  onCurrent(record, event.composition, (composition) => {
    // What may have left is sent again with the same bytes or not at all.
    if (stateOf(record) !== 'COMPOSED' || record.holds.length > 0 || composition.earlierSends) {
      return noOp('not-to-be-sent');
    }
    if (hasStanding(composition, event.standing)) return noOp('stands');
    const { predecessor, olderVersionAt } = event.standing;
    const named = (olderVersionAt ?? predecessor)?.version;
    if (composition.replaces === predecessor?.documentBundleId) {
      return edit(record, at, {
        what: olderVersionAt ? 'another practice holds an earlier version' : 'what it replaces is settled',
        ...(named === undefined ? {} : { detail: `version ${named}` }),
        composition: withStanding(composition, event.standing),
      });
    }
    if (record.compositions.length >= compositionLimit) {
      const advice = 'Earlier versions have changed too often. Reach the practice by another route.';
      return edit(record, at, {
        what: 'gave up sending',
        composition: { ...composition, failure: { at, code: 'COMPOSED_TOO_OFTEN', advice } },
      });
    }
    const anew = composedAnew(composition, event, record, at);
    return edit(record, at, {
      what: 'to be composed again',
      detail: predecessor ? `replaces version ${predecessor.version}` : 'replaces nothing',
      record: { compositions: [...record.compositions.map(pastComposition), anew] },
      work: { composeAgain: anew.number },
    });
  });

const byBundle = (record: DocumentRecord, documentBundleId: string): Composition | undefined =>
  record.compositions.find((one) => one.documentBundleId === documentBundleId);

/** What another version of the encounter means for this one; news that comes again changes nothing. */
export const reduceVersions = (record: DocumentRecord, event: VersionEvent, at: number): Reduction => {
  if (event.kind === 'standing-decided') return decided(record, event, at);
  const composition = byBundle(record, event.documentBundleId);
  if (!composition) return noOp('no-such-composition');
  const by = { at, version: event.byVersion };
  const detail = `version ${event.byVersion}`;
  if (event.kind === 'voided') {
    if (composition.voidedBy) return noOp('already-void');
    // What never arrived, or was refused by itself, does not become void.
    const state = stateOfComposition(composition);
    if (!canBeVoid.has(state) && state !== 'REPLACED') {
      return edit(record, at, { what: 'its replacement failed at the practice', detail });
    }
    return edit(record, at, {
      what: 'null and void: its replacement failed at the practice',
      detail,
      composition: { ...composition, voidedBy: by },
    });
  }
  if (composition.replacedBy) return noOp('already-replaced');
  const state = stateOfComposition(composition);
  if (!canBeReplaced.has(state) && state !== 'NULL_AND_VOID') {
    return edit(record, at, { what: 'a later version was accepted', detail });
  }
  return edit(record, at, {
    what: 'replaced',
    detail,
    composition: { ...composition, replacedBy: by },
    // Its own answers may never come, and it must have taken the place of the one before.
    work: composition.predecessor && awaitsAnswers(composition) ? { markReplaced: [composition.number] } : {},
  });
};

/** In the history once, at whichever step it became known (GPCM-SD-130). */
export const withLateNote = (before: DocumentRecord | undefined, after: DocumentRecord, at: number): DocumentRecord => {
  if (!after.compositions.some(isLateReplacement) || before?.compositions.some(isLateReplacement)) return after;
  const version = after.compositions.find(isLateReplacement)?.predecessor?.version;
  const entry = { at, what: 'late replacement', detail: `more than 24 hours after version ${version}` };
  return { ...after, history: withEntry(after.history, entry) };
};
