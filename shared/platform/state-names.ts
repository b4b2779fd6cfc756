/** A document's states by name, for all who must agree on them; what each means: `shared/delivery/states.ts`. */
export const states = [
  'RECEIVED',
  'COMPOSED',
  'SENDING',
  'SENT',
  'INFRASTRUCTURE_ACKNOWLEDGED',
  'ACCEPTED',
  'REJECTED',
  'SEND_FAILED',
  'UNDELIVERED',
  'INFRASTRUCTURE_REJECTED',
  'BUSINESS_REJECTED',
  'CONTRADICTED',
  'NULL_AND_VOID',
  'REPLACED',
  'SUPERSEDED',
  'SUPPRESSED',
  'CANCELLED',
] as const;
export type State = (typeof states)[number];
