import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { currentComposition, type DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { stateOf } from '../../../../shared/delivery/state-of.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import {
  begun,
  composed,
  dropOf,
  dropped,
  droppedAnew,
  ended,
  negative,
  positive,
  recordAfter,
  reported,
  sending,
  sent,
  wasSent,
} from '../../../support/records.ts';

const stateAfter = (...events: readonly DeliveryEvent[]) => stateOf(recordAfter(...events));
const rejected: DeliveryEvent = {
  kind: 'drop-rejected',
  drop: dropOf(1, 'bad'),
  ids: deriveIds,
  problems: [{ path: 'pdf', code: 'PDF_EMPTY', message: '' }],
};

describe('the line of a document', () => {
  it.each([
    ['RECEIVED', [dropped()]],
    ['COMPOSED', [dropped(), composed()]],
    ['SENDING', [...sending]],
    ['SENT', [...wasSent]],
    ['INFRASTRUCTURE_ACKNOWLEDGED', [...wasSent, positive('20013')]],
    ['ACCEPTED', [...wasSent, positive('20013'), positive('30001')]],
    ['REJECTED', [rejected]],
    ['SUPPRESSED', [dropped(), { kind: 'suppressed', composition: 1, why: 'confidential' }]],
    ['SUPERSEDED', [dropped(), composed(), { kind: 'superseded', composition: 1, byVersion: 2 }]],
    ['SEND_FAILED', [...sending, ended('refused')]],
    ['SEND_FAILED', [dropped(), composed(), { kind: 'gave-up', composition: 1 }]],
    ['UNDELIVERED', [...wasSent, reported()]],
    ['INFRASTRUCTURE_REJECTED', [...wasSent, negative('20009')]],
    ['BUSINESS_REJECTED', [...wasSent, positive('20013'), negative('30002')]],
  ] satisfies [string, DeliveryEvent[]][])('is %s after its events', (state, events) => {
    expect(stateAfter(...events)).toBe(state);
  });

  it('may be answered before our own SENT write, and business before infrastructure', () => {
    expect(stateAfter(...sending, positive('20013'))).toBe('INFRASTRUCTURE_ACKNOWLEDGED');
    const record = recordAfter(...sending, positive('30001'), positive('20013'), sent());
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(currentComposition(record).meshMessageId).toBe('mesh-1');
    expect(currentComposition(record).infrastructure?.code).toBe('20013');
  });
});

describe('MESH has more than one message of a document', () => {
  const found: DeliveryEvent = { kind: 'found-several', composition: 1 };
  it('in doubt: it is held, and flagged', () => {
    const record = recordAfter(...sending, ended('unknown'), found);
    expect(stateOf(record)).toBe('SENDING');
    expect(record.holds).toEqual([expect.objectContaining({ reason: 'doubt' })]);
    expect(currentComposition(record).possibleDuplicate).toBe(true);
  });
  it('that the practice has answered meanwhile: nothing changes', () => {
    expect(recordAfter(...sending, positive('20013'), found)).toEqual(recordAfter(...sending, positive('20013')));
  });
});

describe('moves out of an end (DESIGN 3)', () => {
  it.each([
    ['SEND_FAILED', [...sending, ended('refused')]],
    ['UNDELIVERED', [...wasSent, reported()]],
  ] satisfies [string, DeliveryEvent[]][])('%s takes what a late acknowledgement says', (_, events) => {
    expect(stateAfter(...events, positive('20013'))).toBe('INFRASTRUCTURE_ACKNOWLEDGED');
    expect(stateAfter(...events, positive('30001'))).toBe('ACCEPTED');
    expect(stateAfter(...events, negative('30002'))).toBe('BUSINESS_REJECTED');
  });

  const accepted = [...wasSent, positive('20013'), positive('30001')];
  it.each(['20013', '30001', '30004'])('ACCEPTED stays after %s', (code) => {
    expect(stateAfter(...accepted, positive(code))).toBe('ACCEPTED');
  });
  it.each(['20007', '20008'])('ACCEPTED stays after %s', (code) => {
    expect(stateAfter(...accepted, negative(code))).toBe('ACCEPTED');
  });
  it('ACCEPTED stays after a MESH report, which is recorded', () => {
    const record = recordAfter(...accepted, reported('14'));
    expect(stateOf(record)).toBe('ACCEPTED');
    expect(record.history.at(-1)).toMatchObject({ what: 'MESH report recorded' });
  });
  it.each(['30002', '20009', '99999'])('ACCEPTED and %s contradict each other', (code) => {
    expect(stateAfter(...accepted, negative(code))).toBe('CONTRADICTED');
  });
  it.each(['30001', '30004'])('a rejected document and %s contradict each other', (code) => {
    expect(stateAfter(...wasSent, negative('30002'), positive(code))).toBe('CONTRADICTED');
    expect(stateAfter(...wasSent, negative('20009'), positive(code))).toBe('CONTRADICTED');
  });
  it('CONTRADICTED is not left by another answer', () => {
    expect(stateAfter(...accepted, negative('30002'), positive('30001'))).toBe('CONTRADICTED');
  });
});

describe('repetition', () => {
  it('the same acknowledgement twice is a no-op', () => {
    const record = recordAfter(...wasSent, positive('20013'));
    expect(reduce(record, positive('20013'), 99)).toEqual({ kind: 'no-op', why: 'duplicate-acknowledgement' });
  });
  it('20007 for a message sent once is a refusal; for one sent twice it says that a copy arrived', () => {
    expect(stateAfter(...wasSent, negative('20007'))).toBe('INFRASTRUCTURE_REJECTED');
    const doubtful = recordAfter(...sending, ended('unknown'));
    const again = reduce(doubtful, begun(2, 'owner-2', 9000), 5000);
    if (again.kind !== 'changed') throw new Error('the re-send was refused');
    expect(currentComposition(again.record).possibleDuplicate).toBe(true);
    const answer = reduce(again.record, negative('20007'), 6000);
    expect(answer).toMatchObject({ kind: 'changed', what: 'a second copy arrived' });
    expect(answer.kind === 'changed' && stateOf(answer.record)).toBe('SENDING');
  });
  it('the same drop twice is one document, counted', () => {
    const record = recordAfter(...wasSent, dropped());
    expect(record.counts.duplicateDrops).toBe(1);
    expect(record.compositions).toHaveLength(1);
    expect(record.work.discardDrops).toBeDefined();
  });
  it('other content under the same identity is refused while the document is under way', () => {
    const record = recordAfter(...wasSent, dropped(1, 'b'));
    expect(record.counts.refusedDrops).toBe(1);
    expect(record.compositions).toHaveLength(1);
    expect(stateOf(record)).toBe('SENT');
  });
  it('of each other content that is refused people are told once, however often it comes', () => {
    const refused = (...contents: readonly string[]) =>
      recordAfter(...wasSent, ...contents.map((content) => dropped(1, content)));
    const once = ({ work }: DocumentRecord) => (work.notify ?? []).filter(({ kind }) => kind === 'once');
    expect(once(refused('b')).map(({ code }) => code)).toEqual(['DROP_REFUSED']);
    expect(once(refused('b', 'b', 'c', 'b', 'c'))).toHaveLength(2);
    // Taken up again in between, the content that stands changes nothing of that.
    expect(once(refused('b', 'a', 'b'))).toHaveLength(1);
    const many = refused(...Array.from({ length: 30 }, (_, n) => `other-${n}`));
    expect(once(many)).toHaveLength(30);
    expect(many.toldRefused).toHaveLength(20);
  });
  it('other content after a rejection is a correction: a new composition with other ids', () => {
    const record = recordAfter(...wasSent, negative('30002'), dropped(1, 'b'));
    expect(record.compositions).toHaveLength(2);
    expect(stateOf(record)).toBe('RECEIVED');
    const [first, second] = record.compositions;
    expect(first?.messageHeaderId).not.toBe(second?.messageHeaderId);
    expect(first?.documentBundleId).not.toBe(second?.documentBundleId);
  });
  it('the same content after a refusal here is tried again, same composition, same ids', () => {
    const record = recordAfter({ ...rejected, drop: dropOf(1, 'a') }, droppedAnew());
    expect(stateOf(record)).toBe('RECEIVED');
    expect(record.compositions).toHaveLength(1);
  });
});

describe('sending', () => {
  it('begins only from COMPOSED and only with the next attempt', () => {
    expect(reduce(recordAfter(dropped()), begun(), 5)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
    expect(reduce(recordAfter(dropped(), composed()), begun(2), 5)).toEqual({ kind: 'no-op', why: 'another-attempt' });
    expect(reduce(recordAfter(...wasSent), begun(2), 5)).toEqual({ kind: 'no-op', why: 'not-to-be-sent' });
  });
  it('a doubt is not sent again before its deadline, and once only', () => {
    const doubtful = recordAfter(...sending, ended('unknown'));
    expect(reduce(doubtful, begun(2), 900)).toEqual({ kind: 'no-op', why: 'in-doubt' });
    const again = reduce(doubtful, begun(2, 'owner-2', 9000), 5000);
    if (again.kind !== 'changed') throw new Error('the re-send was refused');
    const twice = reduce(again.record, ended('unknown', 2), 6000);
    if (twice.kind !== 'changed') throw new Error('the outcome was lost');
    expect(reduce(twice.record, begun(3), 99_000)).toEqual({ kind: 'no-op', why: 'in-doubt' });
    const held = reduce(
      twice.record,
      { kind: 'due', settings: { doubtWait: 900_000, giveUpAfter: 14_400_000 } },
      10_000_000,
    );
    expect(held.kind === 'changed' && held.record.holds[0]?.reason).toBe('doubt');
  });
  it('a late outcome of an earlier attempt is recorded, never dropped', () => {
    const doubtful = recordAfter(...sending, ended('unknown'));
    const again = reduce(doubtful, begun(2, 'owner-2', 9000), 5000);
    if (again.kind !== 'changed') throw new Error('the re-send was refused');
    const late = reduce(again.record, sent(1), 6000);
    expect(late.kind === 'changed' && stateOf(late.record)).toBe('SENT');
    expect(late.kind === 'changed' && currentComposition(late.record).meshMessageId).toBe('mesh-1');
    const both = late.kind === 'changed' ? reduce(late.record, sent(2), 7000) : late;
    expect(
      both.kind === 'changed' && currentComposition(both.record).attempts.map(({ outcome }) => outcome?.kind),
    ).toEqual(['sent', 'sent']);
    // A report about either copy is matched.
    expect(both.kind === 'changed' && reduce(both.record, reported('14', 'mesh-2' as never), 8000).kind).toBe(
      'changed',
    );
  });
  it('a failure that was certain goes back to COMPOSED and may be tried again', () => {
    const record = recordAfter(...sending, ended('not-sent'));
    expect(stateOf(record)).toBe('COMPOSED');
    expect(reduce(record, begun(2), 5000).kind).toBe('changed');
  });
});

describe('history', () => {
  it('is bounded, counts repeats, and keeps its first entry', () => {
    let record = recordAfter(...wasSent);
    for (let n = 0; n < 300; n++) {
      const next = reduce(record, dropped(1, n % 2 === 0 ? 'a' : 'b'), 1000 + n);
      if (next.kind === 'changed') record = next.record;
    }
    expect(record.history).toHaveLength(200);
    expect(record.history[0]?.what).toBe('received');
    const repeated = recordAfter(...wasSent, dropped(), dropped(), dropped());
    expect(repeated.history.at(-1)).toMatchObject({ times: 3 });
  });
});
