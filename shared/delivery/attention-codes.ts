/** Why a document needs a person. Stable: programs, resolutions and notices go by them. */
export const attentionCodes = [
  'REJECTED',
  'SEND_FAILED',
  'UNDELIVERED',
  'INFRASTRUCTURE_REJECTED',
  'BUSINESS_REJECTED',
  'CONTRADICTED',
  'NULL_AND_VOID',
  'HELD_IN_DOUBT',
  'HELD_OTHER_PATIENT',
  'HELD_BY_OPERATOR',
  'NOT_SENT_IN_TIME',
  'INFRASTRUCTURE_OVERDUE',
  'MESH_RETURN_NEAR',
  'BUSINESS_OVERDUE',
  'PATIENT_DECEASED',
  'EARLIER_COMPOSITION_ACCEPTED',
  'OLDER_VERSION_ELSEWHERE',
  'OLDER_VERSION_STANDS',
  'ANSWERED_BY_ANOTHER_MAILBOX',
  'WENT_TO_ANOTHER_PRACTICE',
] as const;
export type AttentionCode = (typeof attentionCodes)[number];
