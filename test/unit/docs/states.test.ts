import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { meanings, states } from '../../../shared/delivery/states.ts';
import { movesWithin } from '../../support/life.ts';
import { statesPage } from '../../support/states-page.ts';

/** docs/states.md is written again with `UPDATE=1 npx vitest run test/unit/docs/states.test.ts`. */
const update = process.env.UPDATE === '1';
const page = new URL('../../../docs/states.md', import.meta.url);
const stale = 'docs/states.md is older than reduce: run this test once with UPDATE=1 and commit the file.';

const moves = movesWithin(5);
const outOf = (state: string) => moves.filter(({ from }) => from === state);

describe('the states of a document in the documents', () => {
  it('are drawn as reduce moves between them', async () => {
    const filled = statesPage(moves);
    if (update) await writeFile(page, filled);
    expect((await readFile(page, 'utf8').catch(() => '')) === filled, stale).toBe(true);
  });

  it('are all reached', () => {
    expect([...new Set(moves.map(({ to }) => to))].sort()).toEqual([...states].sort());
  });
});

/**
 * What DESIGN lets out of an end, by the words of the happening; anything else that moves a finished document is a fault.
 * Handing over again, correcting and sending again are new content or a person's wish. `*`: an answer to it, late.
 */
const answers = ['20013', '30001 or 30004', 'refused for the patient', '20007 or 20008', '20014', 'any other code'];
const negatives = ['refused for the patient', '20014', 'any other code'];
const versions = ['its replacement is accepted', 'its replacement failed'];
const contradicting = ['30001 or 30004', ...negatives];
const letOut: Readonly<Record<string, readonly string[]>> = {
  ACCEPTED: [...negatives, ...versions],
  REJECTED: ['corrected', 'handed over again', ...contradicting],
  // Where a person had found out that nothing came, MESH's own late word counts.
  SEND_FAILED: ['corrected', 'handed over again', 'a person sends it again', 'MESH took it', ...answers],
  UNDELIVERED: ['corrected', 'a person sends it again', 'its replacement is accepted', ...answers],
  INFRASTRUCTURE_REJECTED: [
    'corrected',
    'a person sends it again',
    'its replacement is accepted',
    '30001 or 30004',
    '20014',
    ...negatives,
  ],
  BUSINESS_REJECTED: [
    'corrected',
    'a person sends it again',
    'its replacement is accepted',
    '30001 or 30004',
    '20014',
    ...negatives,
  ],
  CONTRADICTED: ['a person decides: accepted', 'a person decides: rejected'],
  NULL_AND_VOID: ['its replacement is accepted', ...contradicting],
  REPLACED: ['its replacement failed', ...contradicting],
  SUPERSEDED: ['MESH took it', ...answers],
  SUPPRESSED: ['corrected', 'handed over again', ...contradicting],
  CANCELLED: ['corrected', 'handed over again', 'MESH took it', ...answers],
};

describe('nothing moves a finished document but what is listed', () => {
  it.each(states.filter((state) => meanings[state].ended))('%s', (state) => {
    const allowed = letOut[state] ?? [];
    expect(outOf(state).filter(({ words }) => !allowed.includes(words))).toEqual([]);
  });
});
