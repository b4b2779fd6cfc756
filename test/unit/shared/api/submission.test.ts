import { describe, expect, it } from 'vitest';
import { decideSubmission, type Submission } from '../../../../shared/api/submission.ts';
import type { StoredRecord } from '../../../../shared/delivery/documents.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { stateOf } from '../../../../shared/delivery/state-of.ts';
import { documentIdOf } from '../../../../shared/platform/ids.ts';
import {
  composed,
  dropOf,
  dropped,
  ended,
  negative,
  ods,
  positive,
  recordAfter,
  reported,
  sending,
  wasSent,
} from '../../../support/records.ts';

const minute = 60_000;
const mine = { contentDigest: 'digest-a', name: 'api-mine' };
const other = { ...mine, contentDigest: 'digest-b' };

const submission = (over: Partial<Submission> = {}): Submission => ({
  documentId: documentIdOf(ods, 'encounter-1', 1),
  senderOds: ods,
  encounterId: 'encounter-1',
  version: 1,
  contentDigest: 'digest-a',
  name: 'api-first',
  requestId: '6e0f5a54-8f0c-4c11-9a3b-0c9f6d1c2b3a',
  begunAt: 0,
  ...over,
});
const record = (...events: readonly DeliveryEvent[]): StoredRecord => ({ ...recordAfter(...events), revision: 1 });

const rejection: DeliveryEvent = { kind: 'rejected', composition: 1, problems: [] };
const suppression: DeliveryEvent = { kind: 'suppressed', composition: 1, why: 'confidential' };

/** A record in each kind of state. */
const standing: readonly (readonly [string, StoredRecord])[] = [
  ['RECEIVED', record(dropped())],
  ['COMPOSED', record(dropped(), composed())],
  ['SENDING', record(...sending)],
  ['SENT', record(...wasSent)],
  ['ACCEPTED', record(...wasSent, positive('30001'))],
  ['REJECTED', record(dropped(), rejection)],
  ['SUPPRESSED', record(dropped(), suppression)],
  ['SEND_FAILED', record(...sending, ended('refused'))],
  ['UNDELIVERED', record(...wasSent, reported())],
  ['BUSINESS_REJECTED', record(...wasSent, negative('30002'))],
];

describe('what a submission comes to', () => {
  it('is taken where nothing is known', () => {
    expect(decideSubmission({}, mine, 0)).toEqual({ kind: 'take', name: 'api-mine' });
  });

  it.each(standing)(
    'with a record that is %s: the same again is that, unless nothing of it has left',
    (state, known) => {
      expect(stateOf(known)).toBe(state);
      const again = ['REJECTED', 'SUPPRESSED', 'SEND_FAILED'].includes(state);
      expect(decideSubmission({ record: known }, mine, 0)).toEqual(
        again ? { kind: 'take', name: 'api-mine' } : { kind: 'known', state },
      );
    },
  );

  it.each(standing)(
    'with a record that is %s: other content is refused, unless it ended without success',
    (state, known) => {
      const underWay = ['RECEIVED', 'COMPOSED', 'SENDING', 'SENT', 'ACCEPTED'].includes(state);
      expect(decideSubmission({ record: known }, other, 0)).toEqual(
        underWay ? { kind: 'differs' } : { kind: 'take', name: 'api-mine' },
      );
    },
  );

  it('with a submission that is taken: the same again is known, other content is refused, however late', () => {
    const known = { submission: submission({ takenAt: 1 }) };
    for (const now of [1, 10 * minute]) {
      expect(decideSubmission(known, mine, now)).toEqual({ kind: 'known', state: 'RECEIVED' });
      expect(decideSubmission(known, other, now)).toEqual({ kind: 'differs' });
    }
  });

  it('with a submission that was begun: the same goes on under its name, other content waits and then takes over', () => {
    const known = { submission: submission() };
    expect(decideSubmission(known, mine, 1)).toEqual({ kind: 'take', name: 'api-first' });
    expect(decideSubmission(known, other, minute - 1)).toEqual({ kind: 'under-way' });
    expect(decideSubmission(known, other, minute)).toEqual({ kind: 'take', name: 'api-mine' });
  });

  it('with a correction that is taken and not registered yet: that one stands, not the rejected record', () => {
    const known = {
      record: record(dropped(), rejection),
      submission: submission({ contentDigest: 'digest-b', takenAt: 1 }),
    };
    expect(decideSubmission(known, other, 1)).toEqual({ kind: 'known', state: 'RECEIVED' });
    expect(decideSubmission(known, mine, 1)).toEqual({ kind: 'differs' });
  });

  it('with a submission that is registered: the record alone decides', () => {
    const { name } = dropOf();
    const known = { record: record(dropped(), composed()), submission: submission({ name, takenAt: 1 }) };
    expect(decideSubmission(known, mine, 1)).toEqual({ kind: 'known', state: 'COMPOSED' });
    const rejected = { ...known, record: record(dropped(), rejection) };
    expect(decideSubmission(rejected, other, 1)).toEqual({ kind: 'take', name: 'api-mine' });
  });
});
