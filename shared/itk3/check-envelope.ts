import type { Issues } from './issues.ts';
import type { MessageFacts } from './message-facts.ts';
import type { MessageProfile } from './profiles.ts';
import { isItsSubject } from './sentence.ts';

/** MESH headers, as far as they are known: the receiver sees a mailbox in place of the routing string. */
export interface Envelope {
  readonly to?: string | undefined;
  readonly subject?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly localId?: string | undefined;
  /** The sender's mailbox. */
  readonly from?: string | undefined;
}

/** What of the message the headers repeat, beside its facts. */
export interface MessageSaying {
  readonly facts: MessageFacts;
  /** MessageHeader.source.endpoint. */
  readonly source: string | undefined;
  /** Whether it is the redacted notification of a confidential consultation. */
  readonly isRestricted: boolean;
}

/** That the headers say what the message says (reference 2.1 to 2.3). */
export const checkEnvelope = (
  envelope: Envelope,
  { facts, source, isRestricted }: MessageSaying,
  profile: MessageProfile,
  issues: Issues,
): void => {
  const { nhsNumber, birthDate, family } = facts.patient;
  if (envelope.to !== undefined)
    issues.expect(
      nhsNumber !== undefined &&
        birthDate !== undefined &&
        family !== undefined &&
        envelope.to === `GPPROVIDER_${nhsNumber}_${birthDate.replaceAll('-', '')}_${family.trim()}` &&
        envelope.to.split('_').length === 4,
      ['GPCM-SD-038', 'GPCM-SD-056', 'GPCM-SD-060', 'GPCM-SD-063'],
      'Mex-To',
      'must be made of the Patient’s NHS number, date of birth and surname',
      'invariant',
    );
  if (envelope.subject !== undefined)
    issues.expect(
      isItsSubject(envelope.subject, facts, profile, isRestricted),
      ['GPCM-SD-064', 'GPCM-SD-061'],
      'Mex-Subject',
      'must be the sentence that the standard words, of this message’s own facts',
      'invariant',
    );
  if (envelope.workflowId !== undefined)
    issues.expect(
      envelope.workflowId === profile.workflowId,
      'GPCM-SD-057',
      'Mex-WorkflowID',
      `must be ${profile.workflowId}`,
    );
  if (envelope.localId !== undefined)
    issues.expect(
      envelope.localId === facts.organisation.odsCode || envelope.localId === facts.messageHeaderId,
      ['GPCM-SD-146', 'GPCM-SD-145'],
      'Mex-LocalID',
      'must be the sender’s ODS code, or with NHS England’s agreement the id of the message',
      'invariant',
    );
  if (envelope.from !== undefined)
    issues.expect(
      envelope.from === source,
      ['GPCM-SD-046', 'GPCM-SD-062'],
      'Mex-From',
      'must be the mailbox that the message names as its source',
      'invariant',
    );
};
