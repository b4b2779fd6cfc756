import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { stateOf, undecided } from './state-of.ts';

const first = (...times: readonly (number | undefined)[]): number | undefined => times.find((at) => at !== undefined);

/** Since when a document is in the state that it is in: the time of the fact that says so. Epoch ms. */
export const stateSince = (record: DocumentRecord): number => {
  const composition = currentComposition(record);
  return factAt(record, composition) ?? composition.composedAt;
};

const factAt = (record: DocumentRecord, composition: Composition): number | undefined => {
  const { contradiction, business, infrastructure } = composition;
  switch (stateOf(record)) {
    case 'RECEIVED':
      return composition.composedAt;
    case 'COMPOSED':
      return first(composition.earlierSends?.at(-1)?.at, composition.stored?.at);
    case 'SENDING':
      return composition.attempts.at(-1)?.startedAt;
    case 'SENT':
      return composition.sentAt;
    case 'INFRASTRUCTURE_ACKNOWLEDGED':
      return infrastructure?.at;
    case 'ACCEPTED':
    case 'BUSINESS_REJECTED':
      return first(contradiction?.decision?.at, business?.at, infrastructure?.at);
    case 'INFRASTRUCTURE_REJECTED':
      return first(contradiction?.decision?.at, infrastructure?.at);
    case 'REJECTED':
      return composition.rejection?.at;
    case 'SEND_FAILED':
      return composition.failure?.at;
    case 'UNDELIVERED':
      return composition.report?.at;
    case 'CONTRADICTED':
      return record.compositions.find(undecided)?.contradiction?.at;
    case 'NULL_AND_VOID':
      return first(contradiction?.decision?.at, composition.voidedBy?.at, infrastructure?.at);
    case 'REPLACED':
      return composition.replacedBy?.at;
    case 'SUPERSEDED':
      return composition.supersededBy?.at;
    case 'SUPPRESSED':
      return composition.suppression?.at;
    case 'CANCELLED':
      return composition.cancellation?.at;
  }
};
