import { describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import { figuresOf } from '../../../../shared/delivery/measures.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { unsentSince } from '../../../../shared/delivery/unsent.ts';
import {
  begun,
  composed,
  dropped,
  droppedAnew,
  ended,
  negative,
  positive,
  recordAfter,
  reported,
  sending,
  wasSent,
} from '../../../support/records.ts';

type Event = Parameters<typeof reduce>[1];
const settings = { doubtWait: 1000, giveUpAfter: 10_000 };

/** Figures of each step, as `metric` or `metric=value`; the events come a minute apart. */
const told = (...events: readonly Event[]): string[][] => {
  let record: DocumentRecord | undefined;
  return events.map((event, index) => {
    const reduction = reduce(record, event, index * 60_000);
    if (reduction.kind === 'no-op') return [];
    const figures = figuresOf(record, reduction.record);
    record = reduction.record;
    return figures.map((figure) => {
      if (figure.kind === 'of-sender') return `${figure.metric} of ${figure.senderOds}`;
      return figure.kind === 'counted' && figure.value === 1 ? figure.metric : `${figure.metric}=${figure.value}`;
    });
  });
};

describe('what a change of a record amounts to', () => {
  it('is a milestone once, with the time it took since the content was taken up', () => {
    expect(told(...wasSent, positive('20013'), positive('30001'))).toEqual([
      ['DocumentsReceived'],
      ['DocumentsComposed'],
      [],
      ['DocumentsSent', 'TimeToSent=0.5'],
      ['DocumentsInfrastructureAcknowledged'],
      ['DocumentsAccepted', 'TimeToAccepted=0.9'],
    ]);
  });

  it('is nothing for what is only tried again or repeated', () => {
    expect(told(...sending, ended('not-sent'), begun(2)).slice(2)).toEqual([[], [], []]);
    expect(told(...wasSent, positive('30001'), positive('30001')).at(-1)).toEqual([]);
  });

  it.each<[string, readonly Event[], string]>([
    ['refused by MESH', [...sending, ended('refused')], 'DocumentsSendFailed'],
    ['given up', [dropped(), composed(), { kind: 'gave-up', composition: 1 }], 'DocumentsSendFailed'],
    ['undelivered', [...wasSent, reported()], 'DocumentsUndelivered'],
    ['refused by the practice’s system', [...wasSent, negative('20009')], 'DocumentsInfrastructureRejected'],
    ['refused for the patient', [...wasSent, negative('30002')], 'DocumentsBusinessRejected'],
    ['rejected here', [dropped(), { kind: 'rejected', composition: 1, problems: [] }], 'DocumentsRejected'],
    ['contradicted', [...wasSent, positive('30001'), negative('30002')], 'DocumentsContradicted'],
  ])('%s counts under its cause, and needs a person', (_, events, metric) => {
    expect(told(...events).at(-1)).toEqual([metric, 'DocumentsNeedingAttention']);
  });

  it.each<[string, readonly Event[], string]>([
    [
      'superseded',
      [dropped(), composed(), { kind: 'superseded', composition: 1, byVersion: 2 }],
      'DocumentsSuperseded',
    ],
    ['suppressed', [dropped(), { kind: 'suppressed', composition: 1, why: 'confidential' }], 'DocumentsSuppressed'],
  ])('%s needs nobody', (_, events, metric) => {
    expect(told(...events).at(-1)).toEqual([metric]);
  });

  it('is held and overdue once each, and both need a person', () => {
    const doubtful = recordAfter(
      dropped(),
      composed(),
      begun(1, 'owner-1', 2),
      ended('unknown'),
      begun(2, 'owner-2', 5),
      ended('unknown', 2),
    );
    const held = reduce(doubtful, { kind: 'due', settings: { doubtWait: 0, giveUpAfter: 10 ** 12 } }, 5000);
    if (held.kind !== 'changed') throw new Error('two doubts are held');
    expect(figuresOf(doubtful, held.record).map(({ metric }) => metric)).toEqual([
      'DocumentsHeld',
      'DocumentsNeedingAttention',
    ]);
    const sentRecord = recordAfter(...wasSent);
    const overdue = reduce(sentRecord, { kind: 'due', settings: { doubtWait: 0, giveUpAfter: 10 ** 12 } }, 10 ** 9);
    if (overdue.kind !== 'changed') throw new Error('silence becomes overdue');
    expect(figuresOf(sentRecord, overdue.record).map(({ metric }) => metric)).toEqual([
      'DocumentsOverdue',
      'DocumentsNeedingAttention',
    ]);
    expect(figuresOf(overdue.record, overdue.record)).toEqual([]);
  });

  it('counts drops that came again and drops that were refused', () => {
    expect(told(dropped(), composed(), dropped()).at(-1)).toEqual(['DuplicateDrops']);
    expect(told(dropped(), composed(), dropped(1, 'b')).at(-1)).toEqual(['RefusedDrops']);
  });
});

describe('since when a document waits to be sent', () => {
  it('is when its content was taken up, until it has gone', () => {
    for (const events of [[dropped()], [dropped(), composed()], sending]) {
      expect(unsentSince(recordAfter(...events))).toBe(0);
    }
    expect(unsentSince(recordAfter(...wasSent))).toBeUndefined();
    expect(unsentSince(recordAfter(dropped(), { kind: 'rejected', composition: 1, problems: [] }))).toBeUndefined();
  });

  it('begins anew when a refused one is dropped again, the same or corrected', () => {
    const rejected: Event = { kind: 'rejected', composition: 1, problems: [] };
    expect(unsentSince(recordAfter(dropped(), rejected, droppedAnew()))).toBe(2);
    expect(unsentSince(recordAfter(dropped(), rejected, dropped(1, 'b')))).toBe(2);
    expect(unsentSince(recordAfter(dropped(), composed(), { kind: 'gave-up', composition: 1 }, droppedAnew()))).toBe(3);
  });

  it('is nobody’s while it is held, or while its sender owes the PDF', () => {
    const record = recordAfter(dropped());
    const held = { ...record, holds: [{ reason: 'operator', by: 'a', why: 'b', at: 0 }] } as const;
    expect(unsentSince(held)).toBeUndefined();
    expect(
      unsentSince(recordAfter(dropped(), { kind: 'named-files-missing', composition: 1, paths: ['pdf.sha256'] })),
    ).toBeUndefined();
  });

  it('stands on the index exactly while it waits, and such a record is always due', () => {
    for (const events of [[dropped()], sending, wasSent, [...wasSent, positive('30001')]]) {
      const record = recordAfter(...events);
      const indexed = indexedRecord(record, 0, settings);
      expect(indexed.unsentSince).toBe(unsentSince(record));
      if (indexed.unsentSince !== undefined) expect(indexed.nextCheckAt).toBeDefined();
    }
  });
});
