import { describe, expect, it } from 'vitest';
import { profiles, wordingOf131 } from '../../../../shared/itk3/profiles.ts';
import { profileFor } from '../../../../shared/senders/profile-for.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';

const sender = (settings: object = {}) =>
  senderFile.parse({ odsCode: 'RX1', name: 'N', phone: '01632 960100', mailboxId: 'RX1OT001', ...settings });

describe('the profile of a message', () => {
  it('is 1.3.x as published, also for a sender that was put before there were settings (GPCM-SD-057)', () => {
    expect(profileFor(sender(), 'Y12345')).toEqual(profiles.v1);
    expect(profileFor({}, 'Y12345')).toEqual(profiles.v1);
    expect(profileFor(sender({ profile: 'v2' }), 'Y12345')).toEqual(profiles.v2);
  });

  it('is the one chosen for the receiving practice before that of the sender', () => {
    const some = sender({ practiceProfiles: { Y12345: 'v2' } });
    expect(profileFor(some, 'Y12345').name).toBe('v2');
    expect(profileFor(some, 'Y1234').name).toBe('v1');
    expect(profileFor(some, 'toString').name).toBe('v1');
    expect(profileFor(some, undefined).name).toBe('v1');
    expect(profileFor(sender({ profile: 'v2', practiceProfiles: { Y12345: 'v1' } }), 'Y12345').name).toBe('v1');
  });

  it('has the sender’s choices only where the generation leaves one (GPCM-SD-039, GPCM-SD-114)', () => {
    const choices = {
      recipientType: 'FI',
      wording: '1.3.1',
      replacementStatus: 'amended',
      distinctBundleIdentifier: true,
      confidentialNotification: true,
    };
    expect(profileFor(sender(choices), 'Y12345')).toMatchObject({
      recipientType: { code: 'FA', display: 'For Action' },
      wording: wordingOf131,
      replacementStatus: 'amended',
      distinctBundleIdentifier: true,
      confidentialNotification: true,
    });
    expect(profileFor(sender({ ...choices, profile: 'v2' }), 'Y12345')).toMatchObject({
      recipientType: { code: 'FI', display: 'For Information' },
      wording: profiles.v2.wording,
      replacementStatus: 'amended',
      distinctBundleIdentifier: true,
      confidentialNotification: false,
    });
  });

  it('can be chosen for practices by their ODS codes only', () => {
    for (const practiceProfiles of [{ y12345: 'v2' }, { Y12345: 'v3' }, { 'Y 12345': 'v1' }])
      expect(() => sender({ practiceProfiles })).toThrow();
  });
});
