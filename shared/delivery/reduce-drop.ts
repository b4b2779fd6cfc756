import { minutes } from '../platform/clock.ts';
import { boundProblems, problem } from '../submission/problems.ts';
import { defaultDueTimes } from './due-times.ts';
import { withStanding } from './earlier-versions.ts';
import type { DeliveryEvent, Drop } from './events.ts';
import { isHeldFor, withoutHold } from './holds.ts';
import {
  type Composition,
  compositionLimit,
  currentComposition,
  type DocumentRecord,
  discardOf,
  noCounts,
  type RecordedProblem,
  type Refusal,
  refusalLimit,
  refusalProblemLimit,
  sameObjects,
  samePair,
  toldRefusedLimit,
} from './record.ts';
import { type Edit, edit, lastOf, noOp, onCurrent, type Reduction, withDrop } from './reduction.ts';
import { isCorrectable, stateOf } from './state-of.ts';
import type { Work } from './work.ts';

type DropEvent = Extract<DeliveryEvent, { kind: 'dropped' | 'drop-rejected' | 'drop-refused' }>;

const newComposition = (event: Exclude<DropEvent, { kind: 'drop-refused' }>, number: number, at: number) => {
  const { drop, ids } = event;
  const { practice, standing = {}, dueTimes, savedAt } = event.kind === 'dropped' ? event : {};
  const delay = savedAt === undefined ? 0 : at - savedAt;
  const composition: Composition = {
    number,
    composedAt: at,
    source: drop.source,
    ...ids(drop.documentId, number),
    ...(practice === undefined ? {} : { practice }),
    ...(dueTimes === undefined ? {} : { dueTimes }),
    ...(delay > (dueTimes ?? defaultDueTimes).savedToHandedOver
      ? { lateHandover: { minutes: Math.round(delay / minutes(1)) } }
      : {}),
    ...awaiting(drop, at),
    attempts: [],
  };
  return withStanding(composition, standing);
};

/** Since when files are waited for; the hour does not begin again with each one that comes. */
const awaiting = ({ missing }: Drop, at: number, since = at): Pick<Composition, 'awaitingFiles'> =>
  missing && missing.length > 0 ? { awaitingFiles: { since, paths: missing } } : {};

const newRecord = (drop: Drop, composition: Composition, at: number): DocumentRecord => ({
  documentId: drop.documentId,
  senderOds: drop.senderOds,
  ...(drop.encounterId === undefined ? {} : { encounterId: drop.encounterId }),
  ...(drop.version === undefined ? {} : { version: drop.version }),
  receivedAt: at,
  drops: [{ name: drop.name, at }],
  compositions: [composition],
  holds: [],
  history: [{ at, what: 'received' }],
  counts: noCounts,
  work: { receipt: true },
});

const rejected = (
  record: DocumentRecord,
  composition: Composition,
  at: number,
  problems: readonly RecordedProblem[],
  drop: Drop,
) =>
  edit(withoutHold(record, 'other-patient'), at, {
    what: 'rejected',
    detail: `${problems.length} problem${problems.length === 1 ? '' : 's'}`,
    composition: { ...composition, rejection: { at, problems: boundProblems(problems) } },
    work: { discardDrops: [drop.discard] },
  });

/**
 * The same content once more, where nothing of it has left: tried again, because what stood in its way (an allow-list,
 * a setting, MESH out of reach) may have gone. Same bytes, same ids.
 */
const tryAgain = (record: DocumentRecord, current: Composition, drop: Drop, at: number): Edit | undefined => {
  // The objects that were judged already, which only could not be taken out of the inbox yet: nobody dropped anything.
  if (sameObjects(current.source, drop.source)) return undefined;
  const state = stateOf(record);
  const { rejection: _r, suppression: _s, failure: _f, waiting: _w, cancellation: _c, ...rest } = current;
  if (state === 'REJECTED' || state === 'SUPPRESSED' || (state === 'CANCELLED' && !current.stored)) {
    // Nothing was stored, so the time inside the message may be today's. The end took a hold with it: its PDF is looked
    // at again, or a finding whose hold is gone would let it pass.
    const { patientCheck: _p, ...unchecked } = rest;
    const composition = {
      ...unchecked,
      source: drop.source,
      composedAt: at,
      takenUpAgainAt: at,
      ...awaiting(drop, at),
    };
    return { what: 'dropped again: tried again', composition };
  }
  if ((state === 'SEND_FAILED' || state === 'CANCELLED') && current.stored && current.giveUpAt !== undefined) {
    return {
      what: 'dropped again: tried again',
      composition: {
        ...rest,
        source: drop.source,
        giveUpAt: at + (current.giveUpAt - current.stored.at),
        takenUpAgainAt: at,
      },
      work: { enqueue: current.number, discardDrops: [drop.discard] },
    };
  }
  return undefined;
};

/**
 * Of a composition of the past neither problems nor where its attachments lay are anybody's business any more: the item
 * must not grow with every correction.
 */
export const pastComposition = (composition: Composition): Composition => {
  const { attachments: _, ...source } = composition.source;
  const { rejection } = composition;
  return { ...composition, source, ...(rejection ? { rejection: { ...rejection, problems: [] } } : {}) };
};

/** A name of the document's own keeps its refusal until it is dropped again; of others the latest few are kept, those of the API by themselves. */
const withRefusal = (record: DocumentRecord, refusal: Refusal): readonly Refusal[] => {
  const all = [...(record.refusals ?? []).filter(({ name }) => name !== refusal.name), refusal];
  const own = (one: Refusal) => record.drops.some(({ name }) => name === one.name);
  const others = all.filter((one) => !own(one));
  return [...all.filter(own), ...lastOf(record.documentId, others, refusalLimit)];
};

/** Of one that was not read whole the manifest's bytes alone: its PDF is known by its version only. */
const contentOf = ({ contentDigest, manifest, pdf }: Drop['source']): string =>
  pdf.sha256 === undefined ? manifest.sha256 : contentDigest;

/** People are told of each other content once: perhaps somebody believes that a correction went. */
const toldOnce = (
  { toldRefused = [] }: DocumentRecord,
  { source }: Drop,
  at: number,
): { readonly record: Partial<DocumentRecord>; readonly work: Work } => {
  const content = contentOf(source);
  return toldRefused.includes(content)
    ? { record: {}, work: {} }
    : {
        record: { toldRefused: [...toldRefused, content].slice(-toldRefusedLimit) },
        work: { notify: [{ kind: 'once', code: 'DROP_REFUSED', since: at, at }] },
      };
};

/** The drop is not taken: its own name's receipt says why, the document itself stays as it is. */
const refused = (record: DocumentRecord, drop: Drop, problems: readonly RecordedProblem[], at: number): Reduction => {
  const told = toldOnce(record, drop, at);
  return edit(record, at, {
    what: 'drop refused: other content',
    detail: problems.map(({ path }) => path).join(', '),
    record: {
      ...told.record,
      refusals: withRefusal(record, {
        name: drop.name,
        at,
        problems: boundProblems(problems).slice(0, refusalProblemLimit),
      }),
      counts: { ...record.counts, refusedDrops: record.counts.refusedDrops + 1 },
    },
    work: { ...told.work, discardDrops: [drop.discard] },
  });
};

/** A drop of a document that is already known. */
const again = (record: DocumentRecord, event: DropEvent, at: number): Reduction => {
  const { drop } = event;
  const current = currentComposition(record);
  if (event.kind === 'drop-refused') return refused(record, drop, event.problems, at);
  // Whatever was refused under this name before, this drop takes its place.
  const names = {
    drops: withDrop(record, drop.name, at),
    refusals: (record.refusals ?? []).filter(({ name }) => name !== drop.name),
  };
  const same = current.source.contentDigest === drop.source.contentDigest || sameObjects(current.source, drop.source);
  if (same && stateOf(record) === 'RECEIVED') {
    // The same event again, or the same drop before its message was stored: go on composing from where it lies now.
    const { awaitingFiles, ...rest } = current;
    if (event.kind === 'drop-rejected') {
      return rejected({ ...record, ...names }, { ...rest, source: drop.source }, at, event.problems, drop);
    }
    if (sameObjects(current.source, drop.source) && (!drop.missing || awaitingFiles)) return noOp('compose-again');
    // An attachment that comes later is no new drop.
    const sameDrop = samePair(current.source, drop.source);
    return edit(record, at, {
      what: sameDrop ? 'a named file came' : 'dropped again',
      ...(sameDrop ? {} : { record: names }),
      composition: {
        ...rest,
        source: drop.source,
        ...awaiting(drop, at, sameDrop ? awaitingFiles?.since : undefined),
      },
    });
  }
  if (same && event.kind === 'dropped') {
    const reopened = tryAgain(record, current, drop, at);
    if (reopened) return edit(record, at, { record: names, ...reopened });
  }
  if (same) {
    return edit(record, at, {
      what: 'dropped again: the same document',
      record: { ...names, counts: { ...record.counts, duplicateDrops: record.counts.duplicateDrops + 1 } },
      work: { discardDrops: [drop.discard] },
    });
  }
  if (!isCorrectable(record)) {
    const own = event.kind === 'drop-rejected' ? event.problems : [];
    return refused(record, drop, [problem('CONTENT_DIFFERS', 'manifest'), ...own], at);
  }
  if (record.compositions.length >= compositionLimit) {
    return refused(record, drop, [problem('TOO_MANY_CORRECTIONS', 'version')], at);
  }
  const composition = newComposition(event, current.number + 1, at);
  // What held the wrong file does not hold the right one.
  const corrected = edit(withoutHold(record, 'other-patient'), at, {
    what: 'corrected',
    detail: `composition ${composition.number}`,
    record: { ...names, compositions: [...record.compositions.map(pastComposition), composition] },
  });
  if (event.kind === 'dropped' || corrected.kind === 'no-op') return corrected;
  return rejected(corrected.record, composition, at, event.problems, drop);
};

export const reduceDrop = (record: DocumentRecord | undefined, event: DropEvent, at: number): Reduction => {
  if (record) return again(record, event, at);
  if (event.kind === 'drop-refused') return noOp('nothing-to-refuse');
  const composition = newComposition(event, 1, at);
  const created = newRecord(event.drop, composition, at);
  return event.kind === 'dropped'
    ? { kind: 'changed', what: 'received', record: created }
    : rejected(created, composition, at, event.problems, event.drop);
};

type ComposeEvent = Extract<DeliveryEvent, { kind: 'named-files-missing' | 'rejected' | 'suppressed' | 'composed' }>;

const sameValues = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

/** What compose found out about the current composition; only one that is still RECEIVED takes it. */
export const reduceCompose = (record: DocumentRecord, event: ComposeEvent, at: number): Reduction =>
  onCurrent(record, event.composition, (composition) => {
    if (stateOf(record) !== 'RECEIVED') return noOp('already-decided');
    const { awaitingFiles, ...rest } = composition;
    const { source } = composition;
    const discard = discardOf(source);
    // An end of its own takes the hold with it: handed over again it is looked at again.
    const free = withoutHold(record, 'other-patient');
    switch (event.kind) {
      case 'named-files-missing':
        return awaitingFiles && sameValues(awaitingFiles.paths, event.paths)
          ? noOp('still-waiting')
          : edit(record, at, {
              what: 'waits for the named files',
              detail: event.paths.join(', '),
              composition: { ...composition, awaitingFiles: { since: awaitingFiles?.since ?? at, paths: event.paths } },
            });
      case 'rejected':
        return edit(free, at, {
          what: 'rejected',
          detail: `${event.problems.length} problem${event.problems.length === 1 ? '' : 's'}`,
          composition: { ...rest, rejection: { at, problems: boundProblems(event.problems) } },
          work: { discardDrops: [discard] },
        });
      case 'suppressed':
        return edit(free, at, {
          what: 'suppressed',
          detail: event.why,
          composition: { ...rest, suppression: { at, why: event.why } },
          work: { discardDrops: [discard] },
        });
      case 'composed':
        // A slower run than the one that found it to be about somebody else.
        if (isHeldFor(record, 'other-patient')) return noOp('held');
        return edit(record, at, {
          what: 'composed',
          composition: { ...rest, stored: event.stored, giveUpAt: event.giveUpAt },
          work: { enqueue: composition.number, discardDrops: [event.discard] },
        });
    }
  });
