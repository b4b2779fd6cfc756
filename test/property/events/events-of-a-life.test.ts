import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../shared/audit/facts.ts';
import { replay } from '../../../shared/audit/read-story.ts';
import type { DeliveryEvent } from '../../../shared/delivery/events.ts';
import { withJournal } from '../../../shared/delivery/journal.ts';
import type { DocumentRecord } from '../../../shared/delivery/record.ts';
import { reduce } from '../../../shared/delivery/reduce.ts';
import { stateOf } from '../../../shared/delivery/state-of.ts';
import { attributesOf, type StatusEvent, statusEventOf } from '../../../shared/events/status-event.ts';
import { fitResponseCode } from '../../../shared/pipeline/poll/fit.ts';
import { happenings } from '../../support/life.ts';
import { readEvent } from '../../support/published-event.ts';
import { answered, dropped } from '../../support/records.ts';

/** What follows a document hears, whatever happens to it in whatever order: entries of the archive and events for others. */

const seed = 20261129;
/** What a patient may be called, in every text that people or other systems wrote. */
const mark = 'Fernández-Hughes 969 137 5087';

/** The event with the mark in each of its free texts; ids, codes and kinds are as they were. */
const marked = (event: DeliveryEvent): DeliveryEvent => {
  const texts = new Set(['by', 'why', 'note', 'advice', 'reason', 'organisation', 'message', 'event']);
  const walk = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string') return texts.has(name) ? mark : value;
    if (Array.isArray(value)) return value.map((each) => walk(each, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner, key)]));
  };
  const walked = walk(event) as DeliveryEvent;
  // Why a document is held is one of our own words.
  return 'reason' in event ? ({ ...walked, reason: event.reason } as DeliveryEvent) : walked;
};

const anyCode = fc
  .oneof(fc.string({ maxLength: 60 }), fc.constantFrom('20013', '30001', '20009', '30002', '4711', ''))
  .map((code) => answered(fitResponseCode(code), code.startsWith('3') ? 'positive' : 'negative', 1));
const anyEvent = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...happenings.map(({ event }) => event)) },
  { weight: 1, arbitrary: anyCode },
);
const anyLife = fc.array(anyEvent, { maxLength: 40 }).map((events) => [dropped(), ...events].map(marked));

/** The record after it, with all that was left to be told since it was born. */
const lived = (events: readonly DeliveryEvent[]) => {
  let record: DocumentRecord | undefined;
  let changes = 0;
  const published: StatusEvent[] = [];
  events.forEach((event, at) => {
    const reduction = reduce(record, event, 1_000_000 * (at + 1));
    if (reduction.kind !== 'changed') return;
    changes += 1;
    const next = withJournal(record, reduction.record, event, reduction.what, 1_000_000 * (at + 1));
    for (const change of (next.work.events ?? []).slice(record?.work.events?.length ?? 0)) {
      published.push(statusEventOf(next, change));
    }
    record = JSON.parse(JSON.stringify(next)) as DocumentRecord;
  });
  if (!record) throw new Error('A drop makes a record.');
  return { record, changes, published };
};

describe('whatever happens to a document, in whatever order', () => {
  it('its events are numbered without a gap, are what their published schema says, and hold nothing that anybody wrote', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        const { record, published } = lived(events);
        expect(published.map(({ sequence }) => sequence)).toEqual(published.map((_, index) => index + 1));
        expect(new Set(published.map(({ id }) => id)).size).toBe(published.length);
        for (const event of published) {
          const body = JSON.stringify(event);
          expect(readEvent(body)).toEqual(event);
          for (const text of [body, ...Object.values(attributesOf(event))]) {
            expect(text).not.toMatch(/Fern|Hughes|969|5087/);
          }
        }
        expect(published.at(-1)?.state).toBe(stateOf(record));
      }),
      { seed, numRuns: 300 },
    );
  });

  it('its entries are numbered without a gap, one for each change, and add up to its facts', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        const { record, changes } = lived(events);
        const entries = record.work.audit ?? [];
        expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: changes }, (_, n) => n + 1));
        const { facts, problems } = replay(entries);
        expect(problems).toEqual([]);
        expect(Object.fromEntries(facts)).toEqual(Object.fromEntries(factsOf(record)));
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe('the published schema', () => {
  it('refuses what is no event: a field more, a state that is none, a number that is none', () => {
    const [event] = lived([dropped()]).published;
    expect(() => readEvent(JSON.stringify(event))).not.toThrow();
    for (const wrong of [
      { family: 'Fernández' },
      { state: 'SENTT' },
      { sequence: 0 },
      { id: '1' },
      { time: 'today' },
    ]) {
      expect(() => readEvent(JSON.stringify({ ...event, ...wrong }))).toThrow();
    }
  });
});
