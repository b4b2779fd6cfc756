import { describe, expect, it } from 'vitest';
import { senderFile } from '../../../../shared/senders/sender.ts';

const least = { odsCode: 'RX1', name: 'N', phone: '01632 960100', mailboxId: 'RX1OT001' };
const problemsOf = (over: object): string[] =>
  (senderFile.safeParse({ ...least, ...over }).error?.issues ?? []).map(({ path }) => path.join('.'));

describe('a sender’s file', () => {
  it('has a default for all but who it is and where it sends', () => {
    expect(senderFile.parse(least)).toMatchObject({
      profile: 'v1',
      practiceProfiles: {},
      localId: 'ods-code',
      allowedNhsNumbers: [],
      addresses: { notices: [], escalation: [], digest: [] },
      digest: { days: 'working-days', at: '07:30' },
      requireDigest: true,
    });
  });

  it('is refused with every problem at once, and with settings that nobody knows', () => {
    expect(
      problemsOf({
        odsCode: 'rx1',
        phone: 'none',
        profile: 'v3',
        practiceProfiles: { y1: 'v2' },
        maxMessageBytes: 1,
        localId: 'any',
        allowedNhsNumbers: ['12*3'],
        addresses: { notices: ['nobody'], extra: [] },
        digest: { at: '25:00', days: 'mondays' },
        colour: 'blue',
      }).sort(),
    ).toEqual(
      [
        '',
        'addresses',
        'addresses.notices.0',
        'allowedNhsNumbers.0',
        'digest.at',
        'digest.days',
        'localId',
        'maxMessageBytes',
        'odsCode',
        'phone',
        'practiceProfiles.y1',
        'profile',
      ].sort(),
    );
  });

  it('takes an address in one spelling, once, and none that holds an NHS number', () => {
    const notices = (...list: string[]) => ({ addresses: { notices: list } });
    expect(senderFile.parse({ ...least, ...notices('Records@Example.org') }).addresses.notices).toEqual([
      'records@example.org',
    ]);
    expect(problemsOf(notices('a@example.org', 'A@example.org'))).toEqual(['addresses.notices']);
    expect(problemsOf(notices('9691375087@example.org'))).toEqual(['addresses.notices.0']);
  });
});
