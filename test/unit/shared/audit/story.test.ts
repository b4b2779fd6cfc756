import { describe, expect, it } from 'vitest';
import { compareStory } from '../../../../shared/audit/compare-story.ts';
import { type AuditEntry, auditSchema, type DocumentAudit } from '../../../../shared/audit/entry.ts';
import { factsOf } from '../../../../shared/audit/facts.ts';
import { pendingLimit, withNewest, withPending } from '../../../../shared/audit/pending.ts';
import { replay, type Story } from '../../../../shared/audit/read-story.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { withJournal } from '../../../../shared/delivery/journal.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { dropped, positive, recordAfter, wasSent } from '../../../support/records.ts';

/** The record after these events as it is stored, with all that was left to be told. */
const journalled = (...events: readonly DeliveryEvent[]): DocumentRecord => {
  let record: DocumentRecord | undefined;
  events.forEach((event, at) => {
    const reduction = reduce(record, event, at);
    if (reduction.kind === 'changed') record = withJournal(record, reduction.record, event, reduction.what, at);
  });
  if (!record) throw new Error('These events make no record.');
  return JSON.parse(JSON.stringify(record)) as DocumentRecord;
};

const life = [...wasSent, positive('20013'), positive('30001')];
const record = journalled(...life);
const entries = record.work.audit ?? [];
const archived = (of: readonly AuditEntry[]): readonly DocumentAudit[] =>
  of.map((entry) => ({ schema: auditSchema, documentId: record.documentId, senderOds: record.senderOds, ...entry }));
const storyOf = (of: readonly AuditEntry[]): Story => {
  const { facts, problems } = replay(of);
  return { documentId: record.documentId, entries: archived(of), views: [], kept: [], facts, problems };
};
const written: DocumentRecord = { ...record, work: {} };

describe('the entries of a document', () => {
  it('are numbered without a gap, and add up to its facts', () => {
    expect(entries.map(({ sequence }) => sequence)).toEqual(life.map((_, index) => index + 1));
    const { facts, problems } = replay(entries);
    expect(problems).toEqual([]);
    expect(Object.fromEntries(facts)).toEqual(Object.fromEntries(factsOf(record)));
  });

  it('name a person who acted, and what they gave as a reason', () => {
    const held = journalled(dropped(), { kind: 'held', reason: 'operator', by: 'Ann Bell', why: 'wrong clinic' });
    const last = held.work.audit?.at(-1);
    expect(last).toMatchObject({
      kind: 'changed',
      what: 'held: by an operator',
      actor: { kind: 'person', id: 'Ann Bell' },
    });
    expect(JSON.stringify(last?.set.holds)).toContain('wrong clinic');
  });

  it('begin with everything, on a record that is older than they are', () => {
    const old = recordAfter(...wasSent);
    const event = positive('20013');
    const reduction = reduce(old, event, 9);
    if (reduction.kind !== 'changed') throw new Error('An answer changes the record.');
    const first = withJournal(old, reduction.record, event, reduction.what, 9);
    expect(replay(first.work.audit ?? []).problems).toEqual([]);
    expect(compareStory(storyOf(first.work.audit ?? []), { ...first, work: {} }).differences).toEqual([]);
  });
});

describe('the story beside the record', () => {
  it('agrees where nothing is wrong, and counts what waits to be written', () => {
    expect(compareStory(storyOf(entries), written)).toEqual({ differences: [], waiting: [] });
    const { differences, waiting } = compareStory(storyOf(entries.slice(0, 4)), record);
    expect(differences).toEqual([]);
    expect(waiting.map(({ sequence }) => sequence)).toEqual([5, 6]);
  });

  it('shows a gap', () => {
    const without = entries.filter(({ sequence }) => sequence !== 3);
    expect(replay(without).problems).toContain('Entry 3 is missing.');
  });

  it('shows an end that is missing', () => {
    const { differences } = compareStory(storyOf(entries.slice(0, -1)), written);
    expect(differences).toContain("The record has had 6 changes, the archive's last entry is 5.");
    expect(differences).toContain('state: the archive has INFRASTRUCTURE_ACKNOWLEDGED, the record ACCEPTED');
  });

  it('shows what was changed in the record by other ways than ours', () => {
    const forged: DocumentRecord = {
      ...written,
      compositions: written.compositions.map((one) => ({ ...one, sentAt: 12 })),
    };
    expect(compareStory(storyOf(entries), forged).differences).toEqual([
      'compositions/1/sentAt: the archive has 500, the record 12',
    ]);
  });

  it('shows what differs within a fact, however alike it begins', () => {
    const forged: DocumentRecord = {
      ...written,
      compositions: written.compositions.map((one) =>
        one.business ? { ...one, business: { ...one.business, code: '30002' } } : one,
      ),
    };
    expect(compareStory(storyOf(entries), forged).differences).toEqual([
      'compositions/1/business/code: the archive has "30001", the record "30002"',
    ]);
  });

  it('shows an entry that says something else than was written', () => {
    const forged = entries.map((entry) =>
      entry.sequence === 4 ? { ...entry, set: { ...entry.set, 'compositions/1/sentAt': 7 } } : entry,
    );
    expect(replay(forged).problems[0]).toContain('Entry 4 does not follow');
  });

  it('tells of a record that is gone', () => {
    expect(compareStory(storyOf(entries), undefined).differences).toEqual(['There is no record of this document.']);
  });
});

describe('what waits', () => {
  it('never grows past what an item can hold: what comes then is missing by its number', () => {
    const big = { text: 'x'.repeat(pendingLimit / 2) };
    expect(withPending([big], big)).toEqual([big]);
    expect(withPending(undefined, big)).toEqual([big]);
  });

  it('of events is the newest: whoever follows must hear how a document stands in the end', () => {
    const [first, second, last] = ['1', '2', '3'].map((name) => ({ name, text: 'x'.repeat(pendingLimit * 0.4) }));
    expect(withNewest([first, second], last)).toEqual([second, last]);
    const huge = { name: '4', text: 'x'.repeat(pendingLimit * 2) };
    expect(withNewest([first], huge)).toEqual([huge]);
  });
});
