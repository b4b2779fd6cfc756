import type { Issues } from './issues.ts';
import type { MessageFacts } from './message-facts.ts';
import { type MessageProfile, wordingOf131 } from './profiles.ts';
import { routingOf } from './routing.ts';
import { subjectOf } from './wording.ts';

/** MESH headers, as far as they are known: the receiver sees a mailbox in place of the routing string. */
export interface Envelope {
  readonly to?: string | undefined;
  readonly subject?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly localId?: string | undefined;
}

/** That the headers say what the message says (reference 2.1 to 2.3). */
export const checkEnvelope = (
  envelope: Envelope,
  facts: MessageFacts,
  profile: MessageProfile,
  issues: Issues,
): void => {
  const patient = {
    nhsNumber: facts.patient.nhsNumber ?? '',
    birthDate: facts.patient.birthDate ?? '',
    family: facts.patient.family ?? '',
    given: facts.patient.given,
  };
  if (envelope.to !== undefined) {
    const routing = routingOf(patient);
    issues.expect(
      routing.kind === 'routing' && routing.to === envelope.to,
      'GPCM-SD-038',
      'Mex-To',
      'must be made of the Patient’s NHS number, date of birth and surname',
    );
  }
  if (envelope.subject !== undefined) {
    const organisation = { odsCode: facts.organisation.odsCode ?? '', name: facts.organisation.name ?? '', phone: '' };
    const input = { patient, organisation, version: facts.version ?? 0, title: facts.title ?? '' };
    issues.expect(
      [profile, { ...profile, wording: wordingOf131 }].some((one) => subjectOf(input, one) === envelope.subject),
      'GPCM-SD-064',
      'Mex-Subject',
      'must be the sentence that the standard words, of this message’s own facts',
    );
  }
  if (envelope.workflowId !== undefined)
    issues.expect(
      envelope.workflowId === profile.workflowId,
      'GPCM-SD-057',
      'Mex-WorkflowID',
      `must be ${profile.workflowId}`,
    );
  if (envelope.localId !== undefined)
    issues.expect(
      envelope.localId === facts.organisation.odsCode,
      'GPCM-SD-146',
      'Mex-LocalID',
      'must be the sender’s ODS code',
    );
};
