import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../shared/mesh/outcomes.ts';
import type { Tracked } from '../../../../shared/mesh/tracking.ts';
import { fitMailbox, fitMeshId, fitName, fitOds, fitUuid } from '../../../../shared/pipeline/poll/fit.ts';
import { findingOf } from '../../../../shared/pipeline/poll/tracking-finding.ts';

const told = (more: Partial<Tracked> = {}): Outcome<Tracked> => ({
  kind: 'ok',
  value: { meshMessageId: 'M', status: 'accepted', ...more },
});

describe('what tracking says', () => {
  it('names the practice by mailbox, ODS code and name', () => {
    expect(
      findingOf(
        told({ recipient: 'y12345ot001', recipientOdsCode: 'y12345', recipientName: '  Willow  Lane Surgery ' }),
      ),
    ).toEqual({
      kind: 'found',
      status: 'accepted',
      routed: { mailboxId: 'Y12345OT001', odsCode: 'Y12345', organisation: 'Willow Lane Surgery' },
    });
  });

  it('is not believed to name a practice where it repeats the address, which holds a patient’s details', () => {
    for (const recipient of ['GPPROVIDER_9691375087_19570109_Smith', '9691375087', 'Mrs Smith', '', undefined]) {
      const finding = findingOf(told({ ...(recipient === undefined ? {} : { recipient }) }));
      expect(finding).toEqual({ kind: 'found', status: 'accepted' });
    }
  });

  it('has its code and advice where MESH calls it undeliverable', () => {
    expect(findingOf(told({ status: 'undeliverable', statusSuccess: false, statusCode: 'EPL-151' }))).toMatchObject({
      status: 'undeliverable',
      failure: { code: 'EPL-151', advice: expect.stringContaining('No mailbox matches') },
    });
    expect(findingOf(told({ status: 'undeliverable' }))).toMatchObject({ failure: { code: 'NO_CODE' } });
    expect(findingOf(told({ status: 'undeliverable', statusCode: '00' }))).toMatchObject({
      failure: { code: 'NO_CODE', advice: expect.stringContaining('service desk') },
    });
  });

  it('is not believed to be undeliverable where it contradicts itself', () => {
    const finding = findingOf(told({ status: 'undeliverable', statusSuccess: true, statusCode: '14' }));
    expect(finding).not.toHaveProperty('failure');
  });

  it('keeps no status that nobody knows', () => {
    expect(findingOf(told({ status: 'mrs smith' }))).toEqual({ kind: 'found' });
  });

  it('counts as asked unless MESH could not be asked', () => {
    expect(findingOf({ kind: 'transient', reason: 'r' })).toEqual({ kind: 'unavailable' });
    expect(findingOf({ kind: 'configuration', reason: 'r', advice: 'a' })).toEqual({ kind: 'unavailable' });
    expect(findingOf({ kind: 'gone', status: 404, reason: 'r' })).toEqual({ kind: 'unknown' });
    expect(findingOf({ kind: 'refused', status: 400, reason: 'r', advice: 'a' })).toEqual({ kind: 'unknown' });
  });
});

describe('what others wrote', () => {
  it('is taken only if it is formed like what it should be', () => {
    expect([fitMailbox(' rx1ot001 '), fitMailbox('9691375087'), fitMailbox('A_B')]).toEqual([
      'RX1OT001',
      undefined,
      undefined,
    ]);
    expect([fitOds('a20047'), fitOds('9691375087'), fitOds('A2')]).toEqual(['A20047', undefined, undefined]);
    expect([fitName('Surgery of 9691375087'), fitName('a\u0000b'), fitName('x'.repeat(101)), fitName(' ')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([fitUuid('ea7221b8-3cc0-4b11-bc95-585b056b5428'), fitUuid('mrs smith')]).toEqual([
      'ea7221b8-3cc0-4b11-bc95-585b056b5428',
      undefined,
    ]);
    expect([fitMeshId('20200529155357895317_3573F8'), fitMeshId('9691375087'), fitMeshId('a b')]).toEqual([
      '20200529155357895317_3573F8',
      undefined,
      undefined,
    ]);
  });
});
