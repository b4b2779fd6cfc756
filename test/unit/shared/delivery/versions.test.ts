import { describe, expect, it } from 'vitest';
import { standingBehind } from '../../../../shared/delivery/earlier-versions.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { figuresOf } from '../../../../shared/delivery/measures.ts';
import { receiptOf } from '../../../../shared/delivery/receipt.ts';
import { currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { isCorrectable, stateOf } from '../../../../shared/delivery/state-of.ts';
import { warningsOf } from '../../../../shared/delivery/warnings.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import { hours } from '../../../../shared/platform/clock.ts';
import type { OdsCode } from '../../../../shared/platform/ids.ts';
import {
  begun,
  composed,
  dropOf,
  dropped,
  ended,
  negative,
  onceAlso,
  positive,
  recordAfter,
  reported,
  sending,
  wasSent,
} from '../../../support/records.ts';

const [here, elsewhere] = ['Y12345', 'Z98765'] as [OdsCode, OdsCode];

const first = (...events: readonly DeliveryEvent[]) => recordAfter(...events);
const at = (practice: OdsCode): DeliveryEvent => ({ kind: 'dropped', drop: dropOf(), ids: deriveIds, practice });
const rest = wasSent.slice(1);
const D = currentComposition(recordAfter(dropped())).documentBundleId;
const predecessor = (record: DocumentRecord) => {
  const standing = standingBehind(record, here, 'claimed');
  return standing === 'look-further' ? standing : (standing.predecessor?.documentBundleId ?? 'none');
};

/** Version 2, dropped as the replacement of version 1, which was handed to MESH at `sentAt`. */
const replacement = (sentAt?: number): DeliveryEvent => ({
  kind: 'dropped',
  drop: dropOf(2),
  ids: deriveIds,
  practice: here,
  standing: {
    predecessor: {
      documentId: dropOf(1).documentId,
      version: 1,
      documentBundleId: D,
      ...(sentAt === undefined ? {} : { sentAt }),
    },
  },
});
const D2 = deriveIds(dropOf(2).documentId, 1);
const answer = (code: string, polarity: 'positive' | 'negative'): DeliveryEvent => {
  const event = polarity === 'positive' ? positive(code) : negative(code);
  return event.kind === 'acknowledged' ? { ...event, messageHeaderId: D2.messageHeaderId } : event;
};
const second = (...events: readonly DeliveryEvent[]) => recordAfter(replacement(500), ...rest, ...events);
const voided: DeliveryEvent = { kind: 'voided', documentBundleId: D, byVersion: 2 };
const replaced: DeliveryEvent = { kind: 'replaced', documentBundleId: D, byVersion: 2 };

describe('what a version finds of the one before it', () => {
  it.each([
    ['SENT', [...wasSent]],
    ['INFRASTRUCTURE_ACKNOWLEDGED', [...wasSent, positive('20013')]],
    ['ACCEPTED', [...wasSent, positive('20013'), positive('30001')]],
    ['SENDING, in doubt', [...sending, ended('unknown')]],
  ] satisfies [string, DeliveryEvent[]][])('%s: it is replaced (GPCM-SD-123, GPCM-SD-132)', (_, events) => {
    expect(predecessor(first(...events))).toBe(D);
  });

  it.each([
    ['RECEIVED', [dropped()]],
    ['COMPOSED', [dropped(), composed()]],
    ['REJECTED', [dropped(), { kind: 'rejected', composition: 1, problems: [] }]],
    ['SUPPRESSED', [dropped(), { kind: 'suppressed', composition: 1, why: 'confidential' }]],
    ['SUPERSEDED', [dropped(), composed(), { kind: 'superseded', composition: 1, byVersion: 3 }]],
    ['SEND_FAILED', [...sending, ended('refused')]],
    ['UNDELIVERED', [...wasSent, reported()]],
    ['INFRASTRUCTURE_REJECTED', [...wasSent, negative('20009')]],
    ['BUSINESS_REJECTED', [...wasSent, negative('30002')]],
  ] satisfies [string, DeliveryEvent[]][])(
    '%s: the practice holds nothing of it, an older one may stand',
    (_, events) => {
      expect(predecessor(first(...events))).toBe('look-further');
    },
  );

  it.each([
    ['NULL_AND_VOID', voided],
    ['REPLACED', replaced],
    ['CONTRADICTED', negative('30002')],
  ] satisfies [string, DeliveryEvent][])(
    '%s: nobody knows what counts there, so the next stands by itself',
    (state, event) => {
      const record = onceAlso(first(...wasSent, positive('30001')), event);
      expect(stateOf(record)).toBe(state);
      expect(predecessor(record)).toBe('none');
    },
  );

  it('a copy that arrived after all counts, though a correction of it was refused', () => {
    const record = first(...wasSent, reported(), dropped(1, 'b'), { kind: 'rejected', composition: 2, problems: [] });
    expect(predecessor(record)).toBe('look-further');
    expect(predecessor(onceAlso(record, positive('30001')))).toBe(D);
  });

  it('at the drop what still waits is taken to go first, unless something keeps it', () => {
    expect(standingBehind(first(dropped(), composed()), here, 'dropped')).toMatchObject({
      predecessor: { version: 1, documentBundleId: D },
    });
    const waiting = first(dropped(), { kind: 'named-files-missing', composition: 1, paths: ['pdf.sha256'] });
    expect(standingBehind(waiting, here, 'dropped')).toBe('look-further');
    const held = {
      ...first(dropped(), composed()),
      holds: [{ reason: 'operator', by: 'a', why: 'b', at: 0 }],
    } as const;
    expect(standingBehind(held, here, 'dropped')).toBe('look-further');
  });

  it('at another practice it cannot be replaced: that practice is named, for a person to tell', () => {
    const record = first(at(elsewhere), ...rest, positive('30001'));
    expect(standingBehind(record, here, 'claimed')).toEqual({ olderVersionAt: { version: 1, odsCode: elsewhere } });
    expect(predecessor(first(at(here), ...rest))).toBe(D);
    // Not told before it is known to have gone.
    expect(standingBehind(first(at(elsewhere), composed()), here, 'dropped')).toBe('look-further');
  });

  it('where MESH took it to another practice than its manifest named, that one holds it', () => {
    const record = first(at(elsewhere), ...rest);
    const routed = { at: 950, mailboxId: 'GP0001OT', odsCode: here };
    const taken = { ...record, compositions: [{ ...currentComposition(record), routed }] };
    // The manifest has been put right since.
    expect(predecessor(taken)).toBe(D);
    // It has not, and MESH will take this one there too.
    expect(standingBehind(taken, elsewhere, 'claimed')).toMatchObject({ predecessor: { version: 1 } });
    expect(standingBehind(taken, 'A11111' as OdsCode, 'claimed')).toEqual({
      olderVersionAt: { version: 1, odsCode: here },
    });
  });
});

describe('deciding under the claim', () => {
  const decide = (
    standing: Extract<DeliveryEvent, { kind: 'standing-decided' }>['standing'],
    composition = 1,
  ): DeliveryEvent => ({
    kind: 'standing-decided',
    composition,
    standing,
    ids: deriveIds,
  });
  const ready = () => recordAfter(replacement(), composed());

  it('what was composed for another case is composed again: other bytes, other ids, the same content', () => {
    const before = ready();
    const record = onceAlso(before, decide({}));
    expect(stateOf(record)).toBe('RECEIVED');
    expect(record.compositions).toHaveLength(2);
    const [old, anew] = record.compositions;
    expect(anew).toMatchObject({ number: 2, source: old?.source, practice: here, attempts: [] });
    expect(anew?.replaces).toBeUndefined();
    expect(anew?.predecessor).toBeUndefined();
    expect(anew?.stored).toBeUndefined();
    expect(anew?.messageHeaderId).not.toBe(old?.messageHeaderId);
    expect(record.work.composeAgain).toBe(2);
    expect(figuresOf(before, record).map(({ metric }) => metric)).not.toContain('DocumentsReceived');
  });

  it('what was composed as it goes is sent as it is, with what is now known of the one before', () => {
    const standing = {
      predecessor: { documentId: dropOf(1).documentId, version: 1, documentBundleId: D, sentAt: 700 },
    };
    const record = onceAlso(ready(), decide(standing));
    expect(stateOf(record)).toBe('COMPOSED');
    expect(record.compositions).toHaveLength(1);
    expect(currentComposition(record)).toMatchObject({ replaces: D, predecessor: { version: 1, sentAt: 700 } });
    expect(reduce(record, decide(standing), 1000)).toEqual({ kind: 'no-op', why: 'stands' });
  });

  it('what may have left already is never composed again', () => {
    const doubtful = recordAfter(replacement(), composed(), begun(), ended('unknown'));
    expect(reduce(doubtful, decide({}), 2000)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
    expect(reduce(second(), decide({}), 2000)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
  });

  it('ends when earlier versions never come to rest', () => {
    const other = { predecessor: { documentId: dropOf(1).documentId, version: 1, documentBundleId: D } };
    let record = ready();
    while (stateOf(record) !== 'SEND_FAILED') {
      const { number, replaces } = currentComposition(record);
      record = onceAlso(record, decide(replaces === undefined ? other : {}, number));
      if (stateOf(record) === 'RECEIVED') record = onceAlso(record, composed(number + 1));
    }
    expect(record.compositions).toHaveLength(100);
  });
});

describe('a replacement that the practice refuses', () => {
  it('with 20014 makes both versions null and void (GPCM-SD-128)', () => {
    const two = second(answer('20014', 'negative'));
    expect(stateOf(two)).toBe('NULL_AND_VOID');
    expect(two.work.voidPredecessor).toEqual([1]);
    const one = first(...wasSent, positive('30001'));
    const marked = onceAlso(one, voided);
    expect(stateOf(marked)).toBe('NULL_AND_VOID');
    expect(currentComposition(marked).business?.code).toBe('30001');
    expect(figuresOf(one, marked).map(({ metric }) => metric)).toEqual([
      'DocumentsNullAndVoid',
      'DocumentsNeedingAttention',
    ]);
  });

  it('20014 twice, and the news of it twice, is counted and changes nothing', () => {
    expect(reduce(second(answer('20014', 'negative')), answer('20014', 'negative'), 99)).toEqual({
      kind: 'no-op',
      why: 'duplicate-acknowledgement',
    });
    expect(reduce(onceAlso(first(...wasSent), voided), voided, 99)).toEqual({ kind: 'no-op', why: 'already-void' });
  });

  it('20014 counts after 20013, and after another refusal', () => {
    expect(stateOf(second(answer('20013', 'positive'), answer('20014', 'negative')))).toBe('NULL_AND_VOID');
    for (const code of ['20009', '30002']) {
      const two = second(answer(code, 'negative'), answer('20014', 'negative'));
      expect(stateOf(two)).toBe('NULL_AND_VOID');
      expect(two.work.voidPredecessor).toEqual([1]);
    }
  });

  it('a version that is void for its replacement is not ACCEPTED by an answer that comes later', () => {
    const record = onceAlso(onceAlso(first(...wasSent), voided), positive('30001'));
    expect(stateOf(record)).toBe('NULL_AND_VOID');
    expect(currentComposition(record).business?.code).toBe('30001');
    // Nor is one that the practice had refused itself anything but refused.
    expect(stateOf(onceAlso(first(...wasSent, negative('30002')), voided))).toBe('BUSINESS_REJECTED');
  });

  it('20014 and ACCEPTED exclude each other, whichever comes first', () => {
    expect(stateOf(second(answer('30001', 'positive'), answer('20014', 'negative')))).toBe('CONTRADICTED');
    expect(stateOf(second(answer('20014', 'negative'), answer('30001', 'positive')))).toBe('CONTRADICTED');
  });

  it('20014 to what replaces nothing is a refusal like others', () => {
    const record = first(...wasSent, negative('20014'));
    expect(stateOf(record)).toBe('INFRASTRUCTURE_REJECTED');
    expect(record.work.voidPredecessor).toBeUndefined();
  });

  it('void is not corrected: the next version is complete by itself', () => {
    expect(isCorrectable(second(answer('20014', 'negative')))).toBe(false);
    const receipt = receiptOf({ ...second(answer('20014', 'negative')), revision: 1 }, { name: 'report-2', at: 0 }, 0);
    expect(receipt).toMatchObject({ state: 'NULL_AND_VOID', whoseMove: 'the sender' });
    expect(receipt.advice).toContain('next version number');
  });

  it.each(['20009', '20001', '30002', '30003', '4711'])(
    'with %s leaves the version before at the practice, and says so',
    (code) => {
      const record = second(answer(code, 'negative'));
      expect(warningsOf(record)).toMatchObject([{ code: 'OLDER_VERSION_STANDS', whoseMove: 'the sender' }]);
      expect(warningsOf(record)[0]?.message).toContain('still holds version 1');
      expect(receiptOf({ ...record, revision: 1 }, { name: 'report-2', at: 0 }, 0).warnings).toHaveLength(1);
      expect(record.work.voidPredecessor).toBeUndefined();
    },
  );

  it('undelivered, not sent or suppressed, it leaves the version before as well', () => {
    for (const record of [
      second(reported()),
      recordAfter(replacement(500), composed(), { kind: 'gave-up', composition: 1 }),
      recordAfter(replacement(500), { kind: 'suppressed', composition: 1, why: 'confidential' }),
    ]) {
      expect(warningsOf(record).map(({ code }) => code)).toEqual(['OLDER_VERSION_STANDS']);
    }
    // Of a version that has not gone nothing stands at the practice.
    expect(warningsOf(recordAfter(replacement(), { kind: 'suppressed', composition: 1, why: 'confidential' }))).toEqual(
      [],
    );
  });
});

describe('a replacement that the practice accepts', () => {
  it('makes the version before REPLACED, which is nobody’s move (GPCM-SD-129)', () => {
    const two = second(answer('20013', 'positive'), answer('30001', 'positive'));
    expect(two.work.markReplaced).toEqual([1]);
    expect(warningsOf(two)).toEqual([]);
    const one = onceAlso(first(...wasSent, positive('30001')), replaced);
    expect(stateOf(one)).toBe('REPLACED');
    expect(receiptOf({ ...one, revision: 1 }, { name: 'report-1', at: 0 }, 0).whoseMove).toBe('nobody');
    expect(reduce(one, replaced, 99)).toEqual({ kind: 'no-op', why: 'already-replaced' });
    expect(figuresOf(first(...wasSent, positive('30001')), one).map(({ metric }) => metric)).toEqual([
      'DocumentsReplaced',
    ]);
  });

  it('ends the waiting for answers to the version before, and the version before that', () => {
    const overdue = { ...first(...wasSent), overdueSince: 7 };
    const one = onceAlso(overdue, replaced);
    expect(stateOf(one)).toBe('REPLACED');
    expect(one.overdueSince).toBeUndefined();
    const D2of = { ...replaced, documentBundleId: D2.documentBundleId, byVersion: 3 };
    expect(onceAlso(second(), D2of).work.markReplaced).toEqual([1]);
    expect(onceAlso(second(answer('30001', 'positive')), D2of).work.markReplaced).toEqual([1]);
  });

  it('a version that was refused is of no more concern; one that never left stays what it is', () => {
    expect(stateOf(onceAlso(first(...wasSent, negative('30002')), replaced))).toBe('REPLACED');
    expect(stateOf(onceAlso(first(...sending, ended('refused')), replaced))).toBe('SEND_FAILED');
  });

  it('what contradicts itself stays contradicted, what is void stays void', () => {
    expect(stateOf(onceAlso(first(...wasSent, positive('30001'), negative('30002')), replaced))).toBe('CONTRADICTED');
    expect(stateOf(onceAlso(onceAlso(first(...wasSent), voided), replaced))).toBe('NULL_AND_VOID');
    expect(stateOf(onceAlso(onceAlso(first(...wasSent, positive('30001')), replaced), negative('30002')))).toBe(
      'CONTRADICTED',
    );
  });

  it('news about a composition that nobody knows changes nothing', () => {
    expect(reduce(first(...wasSent), { ...replaced, documentBundleId: 'other' }, 9)).toEqual({
      kind: 'no-op',
      why: 'no-such-composition',
    });
  });
});

describe('a replacement that comes late (GPCM-SD-130)', () => {
  const late = (now: number) => onceAlso(undefined, replacement(500), now);
  it('more than 24 hours after the version that it replaces is warned of, in receipt, history and metric', () => {
    const record = late(500 + hours(24) + 1);
    expect(warningsOf(record)).toMatchObject([{ code: 'LATE_REPLACEMENT' }]);
    expect(record.history.map(({ what }) => what)).toEqual(['received', 'late replacement']);
    expect(figuresOf(undefined, record).map(({ metric }) => metric)).toEqual(['DocumentsReceived', 'LateReplacements']);
    const next = onceAlso(record, composed(), hours(25));
    expect(figuresOf(record, next).map(({ metric }) => metric)).not.toContain('LateReplacements');
    expect(next.history.filter(({ what }) => what === 'late replacement')).toHaveLength(1);
  });
  it('within 24 hours is not', () => {
    expect(warningsOf(late(500 + hours(24)))).toEqual([]);
  });
});

describe('a version for another practice', () => {
  it('says that the old practice still holds the earlier one, and needs a person once it has gone', () => {
    const toHere: DeliveryEvent = {
      kind: 'dropped',
      drop: dropOf(2),
      ids: deriveIds,
      practice: here,
      standing: { olderVersionAt: { version: 1, odsCode: elsewhere } },
    };
    const before = recordAfter(toHere, composed(), begun());
    const sentThere = recordAfter(toHere, ...rest);
    expect(currentComposition(sentThere).replaces).toBeUndefined();
    expect(warningsOf(sentThere)).toMatchObject([{ code: 'OLDER_VERSION_ELSEWHERE', whoseMove: 'the sender' }]);
    expect(warningsOf(sentThere)[0]?.message).toContain(elsewhere);
    expect(figuresOf(before, sentThere).map(({ metric }) => metric)).toContain('DocumentsNeedingAttention');
  });
});

describe('a version that comes after a later one went', () => {
  it('is superseded before it is composed, and leaves the inbox (GPCM-SD-098)', () => {
    const { discard } = dropOf();
    const record = recordAfter(dropped(), { kind: 'superseded', composition: 1, byVersion: 2, discard });
    expect(stateOf(record)).toBe('SUPERSEDED');
    expect(record.work.discardDrops).toEqual([discard]);
  });
});
