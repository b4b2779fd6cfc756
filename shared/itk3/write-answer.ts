import type { Bundle } from 'fhir/r3.js';
import type { Ids } from '../platform/ids.ts';
import {
  events,
  messageDefinitions,
  structureDefinitions,
  systems,
  unreadableOriginal,
  urnOf,
} from './fixed-values.ts';
import { fhirInstant } from './instant.ts';
import { entryOf, headerOrganization, messageHandling } from './resources.ts';
import { responseCode } from './response-codes.ts';
import { writeResource } from './xml.ts';

/** One answer: an ITK008M message with one code, as a practice’s system sends it, or as we acknowledge such an answer. */
export interface Answer {
  readonly code: string;
  /** Why not, for the sender's operator (GPCM-SD-074); no patient data (FHIR-BA-02). */
  readonly diagnostics?: string | undefined;
  /** Instead of what the code table says: for answers that break the rules on purpose. */
  readonly responseCode?: string;
  readonly severity?: string;
  readonly issueCode?: string;
}

export interface AnswerSetting {
  readonly ids: Ids;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly mailboxId: string;
  readonly odsCode: string;
  /** MessageHeader.id of the message answered; absent when it could not be read. */
  readonly inResponseTo: string | undefined;
  /** As received (GPCM-SD-052). */
  readonly senderReference: string | undefined;
  /** Asks for an answer to the answer, as some systems do; the standard says false (GPCM-SD-050, 051). */
  readonly infAckRequested?: boolean;
}

/** The answer as XML, GPCM-SD-050 to 055. */
export const answerXml = (answer: Answer, setting: AnswerSetting): string => {
  const row = responseCode(answer.code);
  const [headerId, organizationId, outcomeId] = [setting.ids.uuid(), setting.ids.uuid(), setting.ids.uuid()];
  const bundle: Bundle = {
    resourceType: 'Bundle',
    id: setting.ids.uuid(),
    meta: { profile: [structureDefinitions.messageBundle] },
    identifier: { system: systems.uuid, value: setting.ids.uuid() },
    type: 'message',
    entry: [
      entryOf(headerId, {
        resourceType: 'MessageHeader',
        id: headerId,
        meta: { profile: [structureDefinitions.messageHeader] },
        extension: [
          messageHandling({
            businessAck: false,
            infrastructureAck: setting.infAckRequested ?? false,
            recipientType: { code: 'FA', display: 'For Action' },
            messageDefinition: messageDefinitions.response,
            senderReference: setting.senderReference ?? 'None',
            localExtension: 'None',
          }),
        ],
        event: { system: systems.messageEvent, ...events.response },
        sender: { reference: urnOf(organizationId) },
        timestamp: fhirInstant(setting.at),
        source: { endpoint: setting.mailboxId },
        response: {
          identifier: setting.inResponseTo ?? unreadableOriginal,
          code: answer.responseCode ?? (row.polarity === 'positive' ? 'ok' : 'fatal-error'),
          details: { reference: urnOf(outcomeId) },
        },
      }),
      entryOf(organizationId, headerOrganization(organizationId, setting.odsCode)),
      entryOf(outcomeId, {
        resourceType: 'OperationOutcome',
        id: outcomeId,
        meta: { profile: [structureDefinitions.responseOutcome] },
        issue: [
          {
            severity: answer.severity ?? row.severity,
            code: answer.issueCode ?? row.issueCode,
            details: { coding: [{ system: systems.responseCodes, code: answer.code, display: row.display }] },
            diagnostics: answer.diagnostics,
          },
        ],
      }),
    ],
  };
  return writeResource(bundle).join('');
};
