import { type MessageProfile, profiles } from '../itk3/profiles.ts';
import type { Sender } from './sender.ts';

/** What of a sender's settings shapes its messages. One that was put before a setting existed lacks it. */
export type MessageSettings = Partial<
  Pick<
    Sender,
    | 'profile'
    | 'practiceProfiles'
    | 'recipientType'
    | 'wording'
    | 'replacementStatus'
    | 'distinctBundleIdentifier'
    | 'confidentialNotification'
  >
>;

/**
 * The generation of the standard in which this sender's documents go to this practice (ODS code of the practice that
 * the sender's look-up on PDS named), with the sender's choices where the generation leaves one. 1.3.x by default.
 */
export const profileFor = (sender: MessageSettings, practiceOdsCode: string | undefined): MessageProfile => {
  const overrides = new Map(Object.entries(sender.practiceProfiles ?? {}));
  const override = practiceOdsCode === undefined ? undefined : overrides.get(practiceOdsCode);
  const profile = profiles[override ?? sender.profile ?? 'v1'];
  const [current = profile.wording, of131 = current] = profile.wordings;
  return {
    ...profile,
    recipientType: profile.recipientTypes.find(({ code }) => code === sender.recipientType) ?? profile.recipientType,
    wording: sender.wording === '1.3.1' ? of131 : current,
    replacementStatus: sender.replacementStatus ?? profile.replacementStatus,
    distinctBundleIdentifier: sender.distinctBundleIdentifier ?? profile.distinctBundleIdentifier,
    confidentialNotification: profile.mayNotifyConfidential && sender.confidentialNotification === true,
  };
};
