import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyMayBeThere } from '../../../../shared/delivery/copies.ts';
import { type PersonRefusal, personRefusals } from '../../../../shared/delivery/person-refusal.ts';
import { currentComposition } from '../../../../shared/delivery/record.ts';
import { seenOf } from '../../../../shared/delivery/seen.ts';
import { cancel } from '../../../../shared/operate/actions/cancel.ts';
import { decide } from '../../../../shared/operate/actions/decide.ts';
import { hold } from '../../../../shared/operate/actions/hold.ts';
import { release } from '../../../../shared/operate/actions/release.ts';
import { resend } from '../../../../shared/operate/actions/resend.ts';
import { resolve } from '../../../../shared/operate/actions/resolve.ts';
import { outboxCause } from '../../../../shared/operate/dead-letters.ts';
import { readList } from '../../../../shared/operate/document-list.ts';
import { csvText, readCsv } from '../../../../shared/platform/csv.ts';
import {
  composed,
  dropped,
  ended,
  negative,
  positive,
  recordAfter,
  reported,
  sending,
  wasSent,
} from '../../../support/records.ts';

const actions = [resend, cancel, hold, release('operator'), resolve('posted'), decide('accepted'), decide('lost')];
const accepted = recordAfter(...wasSent, positive('20013'), positive('30001'));

describe('an action that is refused', () => {
  it.each(actions.map((action) => [action.name, action] as const))('%s says why, whatever the reason', (_, action) => {
    for (const why of personRefusals) {
      for (const record of [accepted, recordAfter(...sending), recordAfter(dropped())]) {
        const { lines } = action.refusal(record, why satisfies PersonRefusal);
        expect(lines.join(' ')).toMatch(/[a-z]{3}/);
        expect(lines.join(' ')).not.toMatch(/undefined|\[object/);
      }
    }
  });
});

describe('cancelling what is in doubt', () => {
  const inDoubt = recordAfter(...sending, ended('unknown'));
  const advice = (record: typeof inDoubt) => cancel.refusal(record, 'may-have-left').lines.join(' ');

  it('says how to keep it from going once more, unless it is held already', () => {
    expect(advice(inDoubt)).toContain('hold ');
    const held = { ...inDoubt, holds: [{ reason: 'doubt' as const, by: 'this system', why: 'x', at: 1 }] };
    expect(advice(held)).toMatch(/^It cannot be recalled; it may have gone to .*\. Telephone them\.$/);
  });
});

describe('whether the practice may hold a copy', () => {
  it.each([
    ['in doubt', recordAfter(...sending, ended('unknown')), true],
    ['sent and silent', recordAfter(...wasSent), true],
    ['accepted', accepted, true],
    ['refused as a duplicate', recordAfter(...wasSent, negative('20007')), true],
    ['never sent', recordAfter(dropped(), composed()), false],
    ['certainly not sent', recordAfter(...sending, ended('not-sent')), false],
    ['handed back by MESH', recordAfter(...wasSent, reported()), false],
    ['refused by the practice', recordAfter(...wasSent, negative('30002')), false],
  ] as const)('%s', (_, record, expected) => {
    expect(copyMayBeThere(record)).toBe(expected);
  });
});

describe('how a document was seen', () => {
  it('changes with what a person goes by, and not with what only waits', () => {
    const record = recordAfter(dropped(), composed());
    const waiting = { ...currentComposition(record), waiting: { until: 9, why: 'MESH is out of reach' } };
    expect(seenOf({ ...record, compositions: [waiting], work: {} })).toBe(seenOf(record));
    const held = { ...record, holds: [{ reason: 'operator', by: 'Ann', why: 'asked', at: 7 }] } as const;
    expect(new Set([seenOf(record), seenOf(held), seenOf(recordAfter(...sending))]).size).toBe(3);
  });
});

describe('a list', () => {
  it('is read as it was written, whatever stands in it', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n', ' ', 'é') });
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }).map((cells) => ['x', ...cells]));
    fc.assert(
      fc.property(rows, (given) => {
        expect(readCsv(csvText(given))).toEqual(given);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
  it('says every problem at once, and nothing of it is done then', () => {
    expect(readList('a,b\r\n', 'resend')).toMatchObject({ kind: 'problems' });
    const id = accepted.documentId;
    const text = csvText([
      ['document', 'seen', 'action'],
      [id, '0123456789ab', 'cancel'],
      [id, 'nonsense', 'resend'],
      ['no id', '0123456789ab', 'resend'],
    ]);
    const read = readList(text, 'resend');
    expect(read.kind).toBe('problems');
    if (read.kind === 'problems') expect(read.lines).toHaveLength(3);
    expect(readList('document,seen,action\r\n', 'resend')).toMatchObject({ lines: ['  it lists nothing'] });
  });
});

describe('why an outbox message is dead', () => {
  it.each([
    ['no document', undefined, 1, 'remove'],
    ['one that waits', recordAfter(dropped(), composed()), 1, 'hand-back'],
    ['an earlier composition', recordAfter(dropped(), composed()), 2, 'remove'],
    ['one in doubt', recordAfter(...sending), 1, 'remove'],
    ['one that has ended', accepted, 1, 'remove'],
  ] as const)('about %s', (_, record, composition, fate) => {
    expect(outboxCause(record, composition).fate).toBe(fate);
  });
});
