import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { answersOf } from '../../../../shared/delivery/reduce-answers.ts';
import { stateOf, stateOfComposition } from '../../../../shared/delivery/state-of.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import {
  answered,
  begun,
  composed,
  dropOf,
  dropped,
  ended,
  meshId,
  negative,
  onceAlso,
  positive,
  recordAfter,
  reported,
  sending,
  sent,
  wasSent,
} from '../../../support/records.ts';

/** Every move that the design lists (DESIGN 3, The document's life), one test for each, in its order. */

const stateAfter = (...events: readonly DeliveryEvent[]) => stateOf(recordAfter(...events));
const codes = (record: DocumentRecord) => answersOf(currentComposition(record)).map(({ code }) => code);

const why = { by: 'Ann', why: 'telephoned' };
const cancelled: DeliveryEvent = { kind: 'cancelled', ...why };
const decided = (as: 'accepted' | 'rejected'): DeliveryEvent => ({ kind: 'contradiction-decided', as, ...why });
const accepted = [...wasSent, positive('20013'), positive('30001')] as const;
const refusedByMesh = [...sending, ended('refused')] as const;
const undelivered = [...wasSent, reported()] as const;
const overdue: DeliveryEvent = { kind: 'due', settings: { doubtWait: 0, giveUpAfter: 10 ** 12 } };
const silent = () => onceAlso(recordAfter(...wasSent), overdue, 2 * 86_400_000);
const predecessor = { documentId: dropOf(9).documentId, version: 9, documentBundleId: 'D-of-9' };
const replacing = (...events: readonly DeliveryEvent[]) =>
  recordAfter({ ...dropped(), standing: { predecessor } } as DeliveryEvent, composed(), begun(), sent(), ...events);

describe('the line', () => {
  it('RECEIVED → COMPOSED → SENDING → SENT → INFRASTRUCTURE_ACKNOWLEDGED → ACCEPTED', () => {
    const line = [dropped(), composed(), begun(), sent(), positive('20013'), positive('30001')];
    expect(line.map((_, index) => stateAfter(...line.slice(0, index + 1)))).toEqual([
      'RECEIVED',
      'COMPOSED',
      'SENDING',
      'SENT',
      'INFRASTRUCTURE_ACKNOWLEDGED',
      'ACCEPTED',
    ]);
  });
  it('SENDING → COMPOSED where it certainly was not sent', () => {
    expect(stateAfter(...sending, ended('not-sent'))).toBe('COMPOSED');
  });
});

describe('CANCELLED: by the sender, only before SENDING', () => {
  it.each([
    ['RECEIVED', [dropped()]],
    ['COMPOSED', [dropped(), composed()]],
    ['COMPOSED after an attempt that certainly failed', [...sending, ended('not-sent')]],
  ] satisfies [string, DeliveryEvent[]][])('%s → CANCELLED, and nothing is posted any more', (_, events) => {
    const record = onceAlso(recordAfter(...events), cancelled);
    expect(stateOf(record)).toBe('CANCELLED');
    expect(currentComposition(record).cancellation).toEqual({ at: 5000, by: 'Ann', why: 'telephoned' });
    expect(reduce(record, begun(2), 6000)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
    expect(reduce(record, begun(1), 6000)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
  });
  it.each([
    ['SENDING', [...sending], 'may-have-left'],
    ['a doubt', [...sending, ended('unknown')], 'may-have-left'],
    ['SENT', [...wasSent], 'has-left-or-ended'],
    ['ACCEPTED', [...accepted], 'has-left-or-ended'],
    ['REJECTED', [dropped(), { kind: 'rejected', composition: 1, problems: [] }], 'has-left-or-ended'],
    ['CANCELLED', [dropped(), cancelled], 'already-cancelled'],
  ] satisfies [string, DeliveryEvent[], string][])('%s is not cancelled, and it is said why', (_, events, reason) => {
    expect(reduce(recordAfter(...events), cancelled, 5000)).toEqual({ kind: 'no-op', why: reason });
  });
  it('takes what held it with it, and what lies in the inbox', () => {
    const held = onceAlso(recordAfter(dropped()), { kind: 'held', reason: 'operator', ...why });
    const record = onceAlso(held, cancelled);
    expect(record.holds).toEqual([]);
    expect(record.work.discardDrops).toMatchObject([{ name: 'report-1' }]);
  });
  it('is corrected by other content', () => {
    const record = recordAfter(dropped(), cancelled, dropped(1, 'b'));
    expect([stateOf(record), record.compositions.length]).toEqual(['RECEIVED', 2]);
  });
});

describe('an acknowledgement may come before our own SENT write, and business before infrastructure', () => {
  it.each([
    ['infrastructure', [positive('20013')], 'INFRASTRUCTURE_ACKNOWLEDGED'],
    ['business', [positive('30001')], 'ACCEPTED'],
    ['business before infrastructure', [positive('30001'), positive('20013')], 'ACCEPTED'],
    ['a refusal', [negative('20009')], 'INFRASTRUCTURE_REJECTED'],
    ['a business refusal before the infrastructure one', [negative('30002'), positive('20013')], 'BUSINESS_REJECTED'],
  ] satisfies [string, DeliveryEvent[], string][])('%s', (_, answers, state) => {
    const record = recordAfter(...sending, ...answers, sent());
    expect(stateOf(record)).toBe(state);
    expect(currentComposition(record)).toMatchObject({ meshMessageId: 'mesh-1', sentAt: 500 });
    expect(codes(record)).toHaveLength(answers.length);
    expect(stateOf(recordAfter(...sending, sent(), ...answers))).toBe(state);
  });
});

describe('SEND_FAILED, UNDELIVERED or overdue + any acknowledgement → what it says', () => {
  const ends = [
    ['SEND_FAILED', recordAfter(...refusedByMesh)],
    ['UNDELIVERED', recordAfter(...undelivered)],
    ['overdue', silent()],
  ] as const;
  it.each(ends)('%s, late, each of them', (_, record) => {
    for (const [answer, state] of [
      [positive('20013'), 'INFRASTRUCTURE_ACKNOWLEDGED'],
      [positive('30001'), 'ACCEPTED'],
      [positive('30004'), 'ACCEPTED'],
      [negative('20009'), 'INFRASTRUCTURE_REJECTED'],
      [negative('30003'), 'BUSINESS_REJECTED'],
      [negative('4711'), 'INFRASTRUCTURE_REJECTED'],
    ] as const) {
      const next = onceAlso(record, answer, 3 * 86_400_000);
      expect(stateOf(next)).toBe(state);
      expect(answersOf(currentComposition(next)).every(({ late }) => late)).toBe(true);
      expect(next.history.at(-1)?.what).toMatch(/, late$/);
    }
  });
});

describe('ACCEPTED + 20013, 30001, 30004, 20007, 20008 or a MESH report → unchanged, recorded', () => {
  const acceptedBusinessFirst = [...wasSent, positive('30001')] as const;
  it.each([
    ['20013', 'positive'],
    ['30004', 'positive'],
    ['20007', 'negative'],
    ['20008', 'negative'],
  ] as const)('%s', (code, polarity) => {
    const record = recordAfter(...acceptedBusinessFirst, answered(code, polarity));
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(codes(record)).toContain(code);
    expect(codes(record)).toContain('30001');
  });
  it('30001 after 30004', () => {
    const record = recordAfter(...wasSent, positive('30004'), positive('30001'));
    expect([stateOf(record), codes(record).sort()]).toEqual(['ACCEPTED', ['30001', '30004']]);
  });
  it('a MESH report', () => {
    const record = recordAfter(...accepted, reported('14'));
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(currentComposition(record).alsoReported).toMatchObject([{ code: '14' }]);
    expect(reduce(record, reported('14'), 99)).toEqual({ kind: 'no-op', why: 'duplicate-report' });
  });
});

describe('contradictions', () => {
  it.each(['30002', '30003', '20009', '20014', '10001', '99999', 'NO_CODE'])(
    'ACCEPTED + any other negative or unknown code → CONTRADICTED (%s)',
    (code) => {
      const record = recordAfter(...accepted, negative(code));
      expect(stateOf(record)).toBe('CONTRADICTED');
      expect(currentComposition(record).contradiction).toMatchObject({ was: 'ACCEPTED', answer: { code } });
    },
  );
  it.each([
    ['BUSINESS_REJECTED', negative('30002')],
    ['INFRASTRUCTURE_REJECTED', negative('20009')],
  ])('%s + 30001 or 30004 → CONTRADICTED', (state, refusal) => {
    for (const code of ['30001', '30004']) {
      const before = recordAfter(...wasSent, refusal);
      expect(stateOf(before)).toBe(state);
      expect(stateOf(onceAlso(before, positive(code)))).toBe('CONTRADICTED');
    }
  });
  it('a rejected one + another refusal, or 20013, stays as it is, and both are kept', () => {
    const record = recordAfter(...wasSent, negative('30002'), negative('30003'), positive('20013'), negative('20009'));
    expect(stateOf(record)).toBe('BUSINESS_REJECTED');
    expect(codes(record).sort()).toEqual(['20009', '20013', '30002', '30003']);
  });
  it('is left by no answer, report, drop or due time', () => {
    const record = recordAfter(...accepted, negative('30002'));
    for (const event of [
      positive('30004'),
      negative('30003'),
      negative('20007'),
      reported(),
      dropped(1, 'b'),
      overdue,
    ]) {
      const reduction = reduce(record, event, 10 ** 9);
      expect(reduction.kind === 'changed' ? stateOf(reduction.record) : 'CONTRADICTED').toBe('CONTRADICTED');
    }
  });
  it('is left only by a person’s recorded decision', () => {
    const record = recordAfter(...accepted, negative('30002'));
    expect(stateOf(onceAlso(record, decided('accepted')))).toBe('ACCEPTED');
    const rejected = onceAlso(record, decided('rejected'));
    expect(stateOf(rejected)).toBe('BUSINESS_REJECTED');
    expect(currentComposition(rejected).contradiction?.decision).toEqual({ at: 5000, as: 'rejected', ...why });
    expect(stateOf(onceAlso(recordAfter(...accepted, negative('20009')), decided('rejected')))).toBe(
      'INFRASTRUCTURE_REJECTED',
    );
    const refusedFirst = recordAfter(...wasSent, negative('20009'), positive('30001'));
    expect(stateOf(onceAlso(refusedFirst, decided('rejected')))).toBe('INFRASTRUCTURE_REJECTED');
    expect(reduce(rejected, decided('accepted'), 6000)).toEqual({ kind: 'no-op', why: 'not-contradicted' });
  });
  it('once decided, contradicts again when the practice says something new; the first stays known', () => {
    const record = onceAlso(
      onceAlso(recordAfter(...accepted, negative('30002')), decided('accepted')),
      negative('30003'),
    );
    expect(stateOf(record)).toBe('CONTRADICTED');
    expect(currentComposition(record).decidedContradictions).toMatchObject([
      { answer: { code: '30002' }, decision: { as: 'accepted' } },
    ]);
    expect(codes(record)).toEqual(expect.arrayContaining(['30001', '30002', '30003']));
  });
  it('decided, it tells the version before as the answer would have', () => {
    const tookIt = onceAlso(onceAlso(replacing(negative('30002')), positive('30001')), decided('accepted'));
    expect(tookIt.work.markReplaced).toEqual([1]);
    const failed = onceAlso(onceAlso(replacing(positive('30001')), negative('20014')), decided('rejected'));
    expect([stateOf(failed), failed.work.voidPredecessor]).toEqual(['NULL_AND_VOID', [1]]);
  });
});

describe('20014: both versions are void (GPCM-SD-128)', () => {
  const bundle = deriveIds(dropOf().documentId, 1).documentBundleId;
  it('version n ACCEPTED + 20014 for n+1 → both NULL_AND_VOID', () => {
    const next = replacing(negative('20014'));
    expect([stateOf(next), next.work.voidPredecessor]).toEqual(['NULL_AND_VOID', [1]]);
    const before = onceAlso(recordAfter(...accepted), { kind: 'voided', documentBundleId: bundle, byVersion: 2 });
    expect(stateOf(before)).toBe('NULL_AND_VOID');
  });
  it('a replacement that a person found to be taken after all is what counts', () => {
    const voided = onceAlso(recordAfter(...accepted), { kind: 'voided', documentBundleId: bundle, byVersion: 2 });
    const replaced = onceAlso(voided, { kind: 'replaced', documentBundleId: bundle, byVersion: 2 }, 9000);
    expect(stateOf(replaced)).toBe('REPLACED');
  });
  it('to what replaces nothing it is a refusal of the message', () => {
    expect(stateAfter(...wasSent, negative('20014'))).toBe('INFRASTRUCTURE_REJECTED');
  });
});

describe('20007 and 20008', () => {
  it.each(['20007', '20008'])('%s for what was sent once: INFRASTRUCTURE_REJECTED', (code) => {
    expect(stateAfter(...wasSent, negative(code))).toBe('INFRASTRUCTURE_REJECTED');
  });
  it.each(['20007', '20008'])('%s for a re-sent composition: no state change, recorded', (code) => {
    const doubtful = onceAlso(recordAfter(...sending, ended('unknown')), begun(2, 'owner-2', 9000), 5000);
    const record = onceAlso(onceAlso(doubtful, sent(2), 5500), negative(code), 6000);
    expect([stateOf(record), codes(record)]).toEqual(['SENT', [code]]);
    expect(stateOf(onceAlso(record, positive('30001'), 7000))).toBe('ACCEPTED');
  });
});

describe('a duplicate is a no-op', () => {
  it.each([
    ['the one that counts', [positive('20013')], positive('20013')],
    ['one that was only recorded', [positive('30001'), positive('30004')], positive('30004')],
    ['one that contradicted', [positive('30001'), negative('30002')], negative('30002')],
    ['one that was overtaken', [positive('20013'), negative('20009')], positive('20013')],
  ] satisfies [string, DeliveryEvent[], DeliveryEvent][])('%s', (_, answers, again) => {
    const record = recordAfter(...wasSent, ...answers);
    expect(reduce(record, again, 99)).toEqual({ kind: 'no-op', why: 'duplicate-acknowledgement' });
  });
});

describe('an acknowledgement belongs to the composition that it answers', () => {
  it('and an answer to what was never sent moves nothing, and is kept', () => {
    const rejected = recordAfter(dropped(), { kind: 'rejected', composition: 1, problems: [] }, positive('30001'));
    expect([stateOf(rejected), codes(rejected)]).toEqual(['REJECTED', ['30001']]);
    expect(stateAfter(dropped(), composed(), cancelled, positive('30001'))).toBe('CANCELLED');
  });
  it('nor is a composed document taken for answered that was never posted: it goes, and its own answer counts', () => {
    const waiting = recordAfter(dropped(), composed(), positive('30001'));
    expect([stateOf(waiting), codes(waiting), waiting.work.enqueue]).toEqual(['COMPOSED', ['30001'], 1]);
    expect(reduce(waiting, positive('30001'), 9)).toEqual({ kind: 'no-op', why: 'duplicate-acknowledgement' });
    const gone = onceAlso(onceAlso(waiting, begun(), 10), sent(), 11);
    const { acknowledgement, ...event } = positive('30001') as Extract<DeliveryEvent, { kind: 'acknowledged' }>;
    expect(stateOf(onceAlso(gone, { ...event, acknowledgement: { ...acknowledgement, at: 950 } }, 950))).toBe(
      'ACCEPTED',
    );
  });
  it('what was tried and then cancelled or superseded is what the practice says: it has arrived after all', () => {
    const tried = [...sending, ended('not-sent')] as const;
    expect(stateAfter(...tried, cancelled, positive('30001'))).toBe('ACCEPTED');
    expect(stateAfter(...tried, { kind: 'superseded', composition: 1, byVersion: 2 }, positive('20013'))).toBe(
      'INFRASTRUCTURE_ACKNOWLEDGED',
    );
  });
  it('late, of an earlier composition, it does not move the correction', () => {
    const record = recordAfter(...undelivered, dropped(1, 'b'), answered('30001', 'positive', 1));
    expect(stateOf(record)).toBe('RECEIVED');
    expect(record.compositions.map(stateOfComposition)).toEqual(['ACCEPTED', 'RECEIVED']);
    expect(record.overdueSince).toBeUndefined();
  });
});

describe('sent again by a person’s wish', () => {
  const resend = (newest = 1): DeliveryEvent => ({ kind: 'resend-asked', newest, ids: deriveIds, ...why });
  it.each([
    ['SEND_FAILED', recordAfter(...refusedByMesh)],
    ['UNDELIVERED', recordAfter(...undelivered)],
    ['SENT and overdue', silent()],
  ])('%s: the same bytes under the same ids', (_, record) => {
    const at = 3 * 86_400_000;
    const before = currentComposition(record);
    const asked = onceAlso(record, resend(), at);
    const again = currentComposition(asked);
    expect([stateOf(asked), asked.compositions.length, asked.work.enqueue]).toEqual(['COMPOSED', 1, 1]);
    expect([again.messageHeaderId, again.stored]).toEqual([before.messageHeaderId, before.stored]);
    expect(again.earlierSends).toMatchObject([{ ...why, at, lastAttempt: 1 }]);
    const posted = onceAlso(onceAlso(asked, begun(2, 'owner-2', at + 1000), at + 1), sent(2), at + 2);
    expect([stateOf(posted), currentComposition(posted).meshMessageId]).toEqual(['SENT', 'mesh-2']);
    // Only where MESH had it and did not hand it back may there be two.
    expect(currentComposition(posted).possibleDuplicate === true).toBe(before.sentAt !== undefined && !before.report);
    expect(reduce(posted, resend(), at + 3)).toEqual({ kind: 'no-op', why: 'awaits-answer' });
  });
  it.each(['20009', '30002'])('refused with %s: a new composition with other ids, composed again', (code) => {
    const record = recordAfter(...wasSent, negative(code));
    const asked = onceAlso(record, resend());
    const [first, second] = asked.compositions;
    expect([stateOf(asked), asked.work.composeAgain, second?.number]).toEqual(['RECEIVED', 2, 2]);
    expect(second?.messageHeaderId).not.toBe(first?.messageHeaderId);
    expect(second?.source.contentDigest).toBe(first?.source.contentDigest);
    expect(first && stateOfComposition(first)).toBe(code === '20009' ? 'INFRASTRUCTURE_REJECTED' : 'BUSINESS_REJECTED');
  });
  it.each([
    ['ACCEPTED', recordAfter(...accepted), 1, 'accepted'],
    ['CONTRADICTED', recordAfter(...accepted, negative('30002')), 1, 'contradicted'],
    ['SENT', recordAfter(...wasSent), 1, 'awaits-answer'],
    ['INFRASTRUCTURE_ACKNOWLEDGED', recordAfter(...wasSent, positive('20013')), 1, 'practice-has-it'],
    ['SENDING', recordAfter(...sending), 1, 'in-doubt'],
    ['COMPOSED', recordAfter(dropped(), composed()), 1, 'under-way'],
    ['CANCELLED', recordAfter(dropped(), composed(), cancelled), 1, 'hand-over-again'],
    ['a version below the newest begun', recordAfter(...undelivered), 2, 'later-version-begun'],
  ] as const)('%s is not', (_, record, newest, reason) => {
    expect(reduce(record, resend(newest), 5000)).toEqual({ kind: 'no-op', why: reason });
  });
  it('20007 for the second copy changes nothing, a late report about the first does not either', () => {
    const at = 3 * 86_400_000;
    const posted = onceAlso(
      onceAlso(onceAlso(silent(), resend(), at), begun(2, 'owner-2', at + 1000), at + 1),
      sent(2),
      at + 2,
    );
    const copy = onceAlso(onceAlso(posted, negative('20007'), at + 3), reported('14', meshId(1)), at + 4);
    expect(stateOf(copy)).toBe('SENT');
    expect(currentComposition(copy).alsoReported).toHaveLength(1);
    expect(
      stateOf(
        onceAlso(
          copy,
          {
            ...reported('14', meshId(2)),
            report: { at, code: '14', inboundMessageId: meshId('r2'), advice: '' },
          } as DeliveryEvent,
          at + 5,
        ),
      ),
    ).toBe('SENT');
  });
  it('an answer to the first copy that comes meanwhile is what counts, and nothing is posted any more', () => {
    const asked = onceAlso(recordAfter(...undelivered), resend());
    const record = onceAlso(asked, positive('30001'), 6000);
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(reduce(record, begun(2), 7000)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
  });
  it('that comes to nothing stands as it stood', () => {
    const asked = onceAlso(recordAfter(...undelivered), resend());
    for (const event of [
      { kind: 'superseded', composition: 1, byVersion: 2 },
      { kind: 'gave-up', composition: 1 },
    ] satisfies DeliveryEvent[]) {
      const record = onceAlso(asked, event, 9000);
      expect([stateOf(record), currentComposition(record).earlierSends]).toEqual(['UNDELIVERED', undefined]);
    }
    const calledOff = onceAlso(asked, cancelled, 9000);
    expect([stateOf(calledOff), currentComposition(calledOff).earlierSends]).toEqual(['UNDELIVERED', undefined]);
    expect(calledOff.history.at(-1)).toMatchObject({
      what: 'not sent again: called off',
      detail: 'by Ann: telephoned',
    });
  });
  it('that MESH refuses leaves what may be at the practice there: it is still SENT, and nothing takes its place', () => {
    const asked = onceAlso(silent(), resend(), 3 * 86_400_000);
    const posting = onceAlso(asked, begun(2, 'owner-2', 3 * 86_400_000 + 9), 3 * 86_400_000 + 1);
    const refused = onceAlso(posting, ended('refused', 2), 3 * 86_400_000 + 2);
    expect(stateOf(refused)).toBe('SENT');
    expect(refused.work.releaseClaim).toMatchObject({ attempt: 2 });
    expect(currentComposition(refused).attempts.at(-1)?.outcome?.kind).toBe('refused');
    expect(stateOf(onceAlso(refused, dropped(1, 'b'), 3 * 86_400_000 + 3))).toBe('SENT');
  });
  it('a late outcome of the round before is recorded and moves nothing', () => {
    const doubtful = onceAlso(recordAfter(...sending, ended('unknown')), begun(2, 'owner-2', 9000), 5000);
    const undelivered2 = onceAlso(onceAlso(doubtful, sent(2), 5500), reported('14', meshId(2)), 6000);
    const asked = onceAlso(undelivered2, resend(), 7000);
    const late = onceAlso(asked, sent(1), 8000);
    expect(stateOf(late)).toBe('COMPOSED');
    expect(currentComposition(late).attempts[0]?.outcome?.kind).toBe('sent');
    expect(late.work.indexMessages).toEqual([1]);
  });
});

describe('what a person finds out about a doubt', () => {
  const decide = (as: 'arrived' | 'lost'): DeliveryEvent => ({ kind: 'doubt-decided', as, ...why });
  const doubtful = () => recordAfter(...sending, ended('unknown'));
  it('it has come: SENT since it was tried, and later versions may go', () => {
    const record = onceAlso(doubtful(), decide('arrived'));
    expect([stateOf(record), currentComposition(record).sentAt]).toEqual(['SENT', 2]);
    expect(record.work).toMatchObject({ archive: [1], releaseClaim: { attempt: 1 } });
    expect(reduce(record, decide('lost'), 6000)).toEqual({ kind: 'no-op', why: 'not-in-doubt' });
  });
  it('nothing came: SEND_FAILED, to be sent again; only that MESH took it after all counts more', () => {
    const record = onceAlso(doubtful(), decide('lost'));
    expect([stateOf(record), record.work.releaseClaim?.attempt]).toEqual(['SEND_FAILED', 1]);
    expect(stateOf(onceAlso(record, sent(1), 6000))).toBe('SENT');
    const late = onceAlso(record, ended('not-sent', 1), 6000);
    expect([stateOf(late), late.history.at(-1)?.what]).toEqual([
      'SEND_FAILED',
      'late outcome of what was lost: not-sent',
    ]);
  });
  it('nothing came of a further sending: it stands as it stood, and the first copy is not forgotten', () => {
    const at = 3 * 86_400_000;
    const again = onceAlso(silent(), { kind: 'resend-asked', newest: 1, ids: deriveIds, ...why }, at);
    const unsure = onceAlso(onceAlso(again, begun(2, 'owner-2', at + 10), at + 1), ended('unknown', 2), at + 2);
    const record = onceAlso(unsure, decide('lost'), at + 20);
    expect([stateOf(record), currentComposition(record).meshMessageId]).toEqual(['SENT', 'mesh-1']);
  });
  it('not while it is still being handed over', () => {
    expect(reduce(recordAfter(...sending), decide('lost'), 900)).toEqual({ kind: 'no-op', why: 'still-being-sent' });
  });
});

describe('held and released', () => {
  const hold = (reason: 'operator' | 'paused'): DeliveryEvent => ({ kind: 'held', reason, ...why });
  const release = (reason: 'operator' | 'paused' | 'doubt'): DeliveryEvent => ({ kind: 'released', reason, ...why });
  const day = 86_400_000;

  it('a composed document is not posted while held, and queued when released, with all its time to go', () => {
    const held = onceAlso(recordAfter(dropped(), composed()), hold('paused'));
    expect(reduce(held, begun(1), 6000)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
    expect(reduce(held, hold('paused'), 6000)).toEqual({ kind: 'no-op', why: 'already-held' });
    const free = onceAlso({ ...held, work: {} }, release('paused'), 30 * day);
    expect([free.holds, free.work.enqueue]).toEqual([[], 1]);
    expect(currentComposition(free).giveUpAt).toBeGreaterThan(30 * day);
    expect(reduce(free, begun(1), 30 * day + 1).kind).toBe('changed');
  });
  it('one that is received is composed when released, and is not given up for the time that it was held', () => {
    const held = onceAlso(recordAfter(dropped()), hold('operator'));
    const free = onceAlso({ ...held, work: {} }, release('operator'), 30 * day);
    expect(free.work.composeAgain).toBe(1);
    const due: DeliveryEvent = { kind: 'due', settings: { doubtWait: 1, giveUpAfter: 14_400_000 } };
    expect(reduce({ ...free, work: {} }, due, 30 * day + 1000)).toEqual({ kind: 'no-op', why: 'compose-again' });
  });
  it('goes on only when nothing holds it any more', () => {
    const both = onceAlso(onceAlso(recordAfter(dropped(), composed()), hold('operator')), hold('paused'));
    const one = onceAlso({ ...both, work: {} }, release('operator'), 6000);
    expect([one.holds.map(({ reason }) => reason), one.work.enqueue]).toEqual([['paused'], undefined]);
  });
  it('what has left or ended cannot be held', () => {
    for (const events of [wasSent, accepted, undelivered]) {
      expect(reduce(recordAfter(...events), hold('operator'), 5000)).toEqual({ kind: 'no-op', why: 'nothing-to-hold' });
    }
  });
  it('that leaves all the same, posted before the hold was written, is held no more', () => {
    expect(onceAlso(onceAlso(recordAfter(...sending), hold('operator'), 400), sent()).holds).toEqual([]);
  });
  it('a doubt that is released allows one more attempt, flagged, with the same bytes and ids, and no second one', () => {
    const twice = onceAlso(
      onceAlso(recordAfter(...sending, ended('unknown')), begun(2, 'owner-2', 9000), 5000),
      ended('unknown', 2),
      6000,
    );
    const held = onceAlso(twice, { kind: 'due', settings: { doubtWait: 0, giveUpAfter: 1 } }, 10_000);
    expect(held.holds).toMatchObject([{ reason: 'doubt' }]);
    const free = onceAlso({ ...held, work: {} }, release('doubt'), day);
    expect([stateOf(free), free.holds, free.work.enqueue]).toEqual(['SENDING', [], 1]);
    const third = onceAlso(free, begun(3, 'owner-3', day + 1000), day + 1);
    expect(currentComposition(third)).toMatchObject({ possibleDuplicate: true, messageHeaderId: expect.any(String) });
    const doubtful = onceAlso(third, ended('unknown', 3), day + 2);
    expect(reduce(doubtful, begun(4), 3 * day)).toEqual({ kind: 'no-op', why: 'in-doubt' });
    const again = onceAlso(doubtful, { kind: 'due', settings: { doubtWait: 0, giveUpAfter: 1 } }, 3 * day);
    expect(again.holds).toMatchObject([{ reason: 'doubt' }]);
  });
});
