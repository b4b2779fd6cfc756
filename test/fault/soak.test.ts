import { expect, it } from 'vitest';
import { soak } from '../support/world/soak.ts';

/** `npm run soak` runs it longer, a thousand unless told, with other seeds. */

it('hundreds of documents with random faults at every hop end in states that are true, none lost, none doubled unsaid', async () => {
  const { documents, byState, doubles, unaccounted, faults } = await soak({ documents: 500, seed: 7 });
  expect(unaccounted).toEqual([]);
  expect(documents).toBeGreaterThan(450);
  expect(doubles.unflagged).toBe(0);
  // It was no fair weather: every kind of fault was met, and doubts were.
  for (const fault of ['dies before', 'dies after', 'fails before', 'fails after', 'conflicts after', 'event lost']) {
    expect(faults[fault], fault).toBeGreaterThan(5);
  }
  expect(doubles.flagged).toBeGreaterThan(0);
  for (const state of ['ACCEPTED', 'REPLACED', 'SUPERSEDED', 'SUPPRESSED', 'REJECTED', 'UNDELIVERED']) {
    expect(byState[state], state).toBeGreaterThan(0);
  }
}, 300_000);
