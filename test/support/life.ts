import type { DeliveryEvent } from '../../shared/delivery/events.ts';
import type { Composition, DocumentRecord } from '../../shared/delivery/record.ts';
import { reduce } from '../../shared/delivery/reduce.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import type { State } from '../../shared/delivery/states.ts';
import { deriveIds } from '../../shared/pipeline/derive-ids.ts';
import {
  answered,
  begun,
  composed,
  dropOf,
  dropped,
  droppedAnew,
  ended,
  meshId,
  recordAfter,
  reported,
  sending,
  sent,
  wasSent,
} from './records.ts';

/** What can happen to a document, under a name each: the moves that docs/states.md draws are found by trying them all. */

const settings = { doubtWait: 1, giveUpAfter: 10 ** 12 };
const said = { by: 'Ann', why: 'said so' };
const bundle = deriveIds(dropOf().documentId, 1).documentBundleId;
const predecessor = { documentId: dropOf(9).documentId, version: 9, documentBundleId: 'D-of-9' };

/** An event in the words of the picture; alternatives with the same words are drawn once. */
export interface Happening {
  readonly words: string;
  readonly event: DeliveryEvent;
}

const happening = (words: string, ...events: readonly DeliveryEvent[]): readonly Happening[] =>
  events.map((event) => ({ words, event }));
const each = <T>(of: readonly T[], next: (one: T) => DeliveryEvent): readonly DeliveryEvent[] => of.map(next);
const numbers = [1, 2] as const;

export const happenings: readonly Happening[] = [
  ...happening('handed over again', droppedAnew()),
  ...happening('corrected', dropped(1, 'b')),
  ...happening('files missing', { kind: 'named-files-missing', composition: 1, paths: ['pdf.sha256'] }),
  ...happening('rejected here', { kind: 'rejected', composition: 1, problems: [] }),
  ...happening('confidential or registered here', { kind: 'suppressed', composition: 1, why: 'confidential' }),
  ...happening('composed', composed(1), composed(2)),
  ...happening('posting begins', ...each(numbers, (n) => begun(n, `owner-${n}`, 10)), {
    ...(begun(2, 'owner-2', 10) as Extract<DeliveryEvent, { kind: 'attempt-begun' }>),
    composition: 2,
  }),
  ...happening('MESH took it', ...each(numbers, (n) => sent(n))),
  ...happening('certainly not sent', ...each(numbers, (n) => ended('not-sent', n))),
  ...happening('nobody knows', ...each(numbers, (n) => ended('unknown', n))),
  ...happening('refused by MESH', ...each(numbers, (n) => ended('refused', n))),
  ...happening('given up', { kind: 'gave-up', composition: 1 }),
  ...happening('a later version goes first', { kind: 'superseded', composition: 1, byVersion: 2 }),
  ...happening('what it replaces has changed', {
    kind: 'standing-decided',
    composition: 1,
    standing: { predecessor },
    ids: deriveIds,
  }),
  ...happening('its replacement is accepted', { kind: 'replaced', documentBundleId: bundle, byVersion: 2 }),
  ...happening('its replacement failed', { kind: 'voided', documentBundleId: bundle, byVersion: 2 }),
  ...happening('20013', answered('20013', 'positive')),
  ...happening('30001 or 30004', answered('30001', 'positive'), answered('30004', 'positive')),
  ...happening('refused for the patient', answered('30002', 'negative'), answered('30003', 'negative')),
  ...happening('20007 or 20008', answered('20007', 'negative'), answered('20008', 'negative')),
  ...happening('20014', answered('20014', 'negative')),
  ...happening('any other code', answered('20009', 'negative'), answered('4711', 'negative')),
  ...happening('MESH report', reported('14', meshId(1)), {
    ...reported('14', meshId(2)),
    report: { at: 800, code: '14', inboundMessageId: meshId('report-2'), advice: '' },
  } as DeliveryEvent),
  ...happening('a due time', { kind: 'due', settings }),
  ...happening('held', { kind: 'held', reason: 'operator', ...said }),
  ...happening(
    'released',
    { kind: 'released', reason: 'operator', ...said },
    { kind: 'released', reason: 'doubt', ...said },
  ),
  ...happening('cancelled', { kind: 'cancelled', ...said }),
  ...happening('somebody records what was done', { kind: 'resolved', by: 'Ann', route: 'telephoned' }),
  ...happening('a person decides: accepted', { kind: 'contradiction-decided', as: 'accepted', ...said }),
  ...happening('a person decides: rejected', { kind: 'contradiction-decided', as: 'rejected', ...said }),
  ...happening('the practice has it', { kind: 'doubt-decided', as: 'arrived', ...said }),
  ...happening('the practice has nothing of it', { kind: 'doubt-decided', as: 'lost', ...said }),
  ...happening('a person sends it again', { kind: 'resend-asked', newest: 1, ids: deriveIds, ...said }),
];

export interface Move {
  readonly from: State | '[*]';
  readonly to: State;
  readonly words: string;
}

const born: readonly Happening[] = [
  ...happening('handed over', dropped(), { ...dropped(), standing: { predecessor } } as DeliveryEvent),
  ...happening('rejected here', {
    kind: 'drop-rejected',
    drop: dropOf(),
    ids: deriveIds,
    problems: [{ path: 'pdf', code: 'PDF_EMPTY', message: '' }],
  }),
];

/** Of a composition, what decides how it goes on. */
const essenceOf = (one: Composition): string =>
  [
    one.infrastructure?.code,
    one.business?.code,
    one.contradiction?.answer.code,
    one.contradiction?.decision?.as,
    one.attempts.map(({ outcome }) => outcome?.kind ?? 'open').join('+'),
    one.earlierSends?.map((send) => Object.keys(send).sort().join('+')).join(),
    Object.keys(one)
      .filter((key) => !['source', 'alsoAnswered', 'alsoReported', 'patientCheck'].includes(key))
      .sort(),
  ].join('|');

/** Of a record, likewise: what was counted, when it was and what stands in its history do not decide. */
const essence = ({ compositions, holds, overdueSince }: DocumentRecord): string =>
  [...compositions.map(essenceOf), ...holds.map(({ reason }) => reason), overdueSince !== undefined].join('#');

/** Further compositions and attempts bring no move that the second of each does not. */
const isWorthFollowing = ({ compositions }: DocumentRecord): boolean =>
  compositions.length <= 2 && compositions.every(({ attempts }) => attempts.length <= 2);

/** What can be answered has been posted first: from there as many events again. */
const posted = (): readonly DocumentRecord[] =>
  [recordAfter(...wasSent), recordAfter(...sending, ended('not-sent'))].map((record) => ({ ...record, work: {} }));

/**
 * Every move between states that `reduce` makes within so many events of a document's beginning, or of its first being
 * posted. Each event comes five days after the one before; each record is followed once, however it came about.
 */
export const movesWithin = (depth: number): readonly Move[] => {
  const moves = new Map<string, Move>();
  const note = (move: Move) => void moves.set(`${move.from} ${move.to} ${move.words}`, move);
  const seen = new Set<string>();
  let edge: DocumentRecord[] = [];
  for (const { words, event } of born) {
    const reduction = reduce(undefined, event, 0);
    if (reduction.kind === 'no-op') continue;
    note({ from: '[*]', to: stateOf(reduction.record), words });
    edge.push(reduction.record);
  }
  edge.push(...posted());
  for (let step = 1; step <= depth; step++) {
    const next: DocumentRecord[] = [];
    for (const record of edge) {
      const from = stateOf(record);
      for (const { words, event } of happenings) {
        const reduction = reduce(record, event, step * 5 * 86_400_000);
        if (reduction.kind === 'no-op') continue;
        const to = stateOf(reduction.record);
        if (to !== from) note({ from, to, words });
        const key = essence(reduction.record);
        if (seen.has(key) || !isWorthFollowing(reduction.record)) continue;
        seen.add(key);
        next.push({ ...reduction.record, work: {} });
      }
    }
    edge = next;
  }
  return [...moves.values()];
};
