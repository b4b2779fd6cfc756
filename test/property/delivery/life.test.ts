import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionSince } from '../../../shared/delivery/attention.ts';
import { indexedRecord } from '../../../shared/delivery/documents.ts';
import { nextCheckAt } from '../../../shared/delivery/due.ts';
import type { DeliveryEvent } from '../../../shared/delivery/events.ts';
import { type Composition, type DocumentRecord, historyLimit } from '../../../shared/delivery/record.ts';
import { reduce } from '../../../shared/delivery/reduce.ts';
import { answersOf } from '../../../shared/delivery/reduce-answers.ts';
import { silenceOf } from '../../../shared/delivery/silence.ts';
import { hasEnded, stateOf } from '../../../shared/delivery/state-of.ts';
import { nextEscalationAt } from '../../../shared/delivery/told.ts';
import { deriveIds } from '../../../shared/pipeline/derive-ids.ts';
import { happenings, movesWithin } from '../../support/life.ts';
import {
  answered,
  begun,
  composed,
  dropped,
  ended,
  meshId,
  negative,
  positive,
  reported,
  sent,
} from '../../support/records.ts';

/**
 * A document under any interleaving of duplicated, reordered, late, racing and contradicting events: its history is legal,
 * and no fact is lost. What is legal is what docs/states.md draws, which is found by trying everything; here much longer
 * histories than that are tried at random.
 */

const settings = { doubtWait: 900_000, giveUpAfter: 14_400_000 };
const seed = 20261129;
const legal = new Set(movesWithin(5).map(({ from, to }) => `${from} ${to}`));

/** The facts of a composition that nothing may take away, each as a line. */
const factsOf = (composition: Composition): readonly string[] => [
  ...answersOf(composition).map(({ code }) => `answer ${code}`),
  ...[
    composition.report,
    ...(composition.alsoReported ?? []),
    ...(composition.earlierSends ?? []).map(({ report }) => report),
  ].flatMap((report) => (report ? [`report ${report.inboundMessageId}`] : [])),
  ...composition.attempts.flatMap(({ number, owner, outcome }) => [
    `attempt ${number} ${owner}`,
    ...(outcome === undefined || outcome.kind === 'unknown' ? [] : [`attempt ${number} ended ${outcome.kind}`]),
  ]),
  ...(composition.voidedBy ? ['void'] : []),
  ...(composition.replacedBy ? ['replaced'] : []),
  ...(composition.possibleDuplicate ? ['possible duplicate'] : []),
  ...(composition.contradiction ? ['contradicted'] : []),
];

/** Weighted to what is near the end, where races are. */
const anyEvent: fc.Arbitrary<DeliveryEvent> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...happenings.map(({ event }) => event)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      positive('20013'),
      positive('30001'),
      positive('30004'),
      negative('20007'),
      negative('20009'),
      negative('20014'),
      negative('30002'),
      negative('4711'),
      reported(),
      reported('14', meshId(2)),
      sent(1),
      sent(2),
      ended('unknown', 1),
      ended('not-sent', 1),
      answered('30001', 'positive', 2),
      answered('20009', 'negative', 2),
      { kind: 'due', settings } satisfies DeliveryEvent,
      { kind: 'resolved', by: 'Ann', route: 'posted' } satisfies DeliveryEvent,
      { kind: 'resend-asked', newest: 1, ids: deriveIds, by: 'Ann', why: 'asked' } satisfies DeliveryEvent,
      { kind: 'cancelled', by: 'Ann', why: 'asked' } satisfies DeliveryEvent,
      { kind: 'doubt-decided', as: 'arrived', by: 'Ann', why: 'asked' } satisfies DeliveryEvent,
      { kind: 'doubt-decided', as: 'lost', by: 'Ann', why: 'asked' } satisfies DeliveryEvent,
    ),
  },
);
const history = fc.array(fc.tuple(anyEvent, fc.constantFrom(0, 1, 1000, 3_600_000, 90_000_000)), { maxLength: 40 });

/** Runs a history, with everything that must hold after each step. */
const live = (
  events: readonly (readonly [DeliveryEvent, number])[],
  check: (before: DocumentRecord, after: DocumentRecord, event: DeliveryEvent, now: number) => void,
): void => {
  const beginning: readonly (readonly [DeliveryEvent, number])[] = [
    [dropped(), 1],
    [composed(), 1],
    [begun(1), 1],
  ];
  let record: DocumentRecord | undefined;
  let now = 0;
  for (const [event, wait] of [...beginning, ...events]) {
    now += wait;
    const reduction = reduce(record, event, now);
    if (reduction.kind === 'no-op') continue;
    if (record) check(record, reduction.record, event, now);
    // What is carried as work is done at once here.
    record = { ...reduction.record, work: {} };
  }
};

describe('a document under any interleaving of events', () => {
  it('moves only as the picture shows', () => {
    fc.assert(
      fc.property(history, (events) => {
        live(events, (before, after) => {
          const [from, to] = [stateOf(before), stateOf(after)];
          if (from !== to) expect([...legal]).toContain(`${from} ${to}`);
        });
      }),
      { seed, numRuns: 600 },
    );
  });

  it('loses no answer, report, attempt or outcome, whatever comes after it', () => {
    fc.assert(
      fc.property(history, (events) => {
        live(events, (before, after) => {
          expect(after.compositions.length).toBeGreaterThanOrEqual(before.compositions.length);
          for (const [index, composition] of before.compositions.entries()) {
            const facts = factsOf(after.compositions[index] as Composition);
            expect(factsOf(composition).filter((fact) => !facts.includes(fact))).toEqual([]);
          }
          expect(after.resolutions?.length ?? 0).toBeGreaterThanOrEqual(before.resolutions?.length ?? 0);
          expect(after.history.length).toBeLessThanOrEqual(historyLimit);
        });
      }),
      { seed, numRuns: 600 },
    );
  });

  it('takes nothing twice: the same event again is a no-op, or says the same of it', () => {
    fc.assert(
      fc.property(history, (events) => {
        live(events, (_, after, event, now) => {
          const again = reduce({ ...after, work: {} }, event, now);
          if (again.kind === 'changed') expect(stateOf(again.record)).toBe(stateOf(after));
        });
      }),
      { seed, numRuns: 300 },
    );
  });

  it('is always due while anything is to come or to be told, and on the index while it needs a person', () => {
    fc.assert(
      fc.property(history, (events) => {
        live(events, (_, record, __, now) => {
          const idle = { ...record, work: {} };
          const due = nextCheckAt(idle, now, settings);
          const isToBeTold =
            (silenceOf(idle) && idle.overdueSince === undefined) || nextEscalationAt(idle, undefined) !== undefined;
          if (!hasEnded(idle) || isToBeTold) expect(due).toBeGreaterThan(now);
          else expect(due).toBeUndefined();
          expect(indexedRecord(idle, now, settings).attentionSince).toBe(attentionSince(idle));
        });
      }),
      { seed, numRuns: 300 },
    );
  });

  it('whatever the order in which answers come, the same ones are known in the end', () => {
    const answers = [positive('20013'), positive('30001'), negative('20007'), negative('30002'), reported(), sent(1)];
    const everyOrder = fc.shuffledSubarray(answers, { minLength: answers.length });
    fc.assert(
      fc.property(everyOrder, everyOrder, (first, second) => {
        const known = (order: readonly DeliveryEvent[]): readonly string[] => {
          let last: DocumentRecord | undefined;
          live(
            order.map((event) => [event, 1] as const),
            (_, after) => {
              last = after;
            },
          );
          return last ? last.compositions.flatMap((one) => answersOf(one).map(({ code }) => code)).sort() : [];
        };
        expect(known(first)).toEqual(known(second));
      }),
      { seed, numRuns: 300 },
    );
  });
});
