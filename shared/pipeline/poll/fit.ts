import type { MailboxId, OdsCode } from '../../platform/ids.ts';
import { holdsNhsNumber } from '../../submission/nhs-number.ts';

/**
 * What somebody else wrote goes into records, receipts and logs only if it is formed like what it should be: free text
 * could be anything, an address before MESH has routed it is a patient's.
 */

/** A code or an event of MESH. */
export const fitCode = (code: string): string =>
  /^[A-Za-z0-9_-]{1,32}$/.test(code) && !holdsNhsNumber(code) ? code : 'UNREADABLE_CODE';

/** A code that a practice's system answers: a number, or what the assurance harness writes in its place. */
export const fitResponseCode = (code: string): string =>
  /^(\d{1,8}|INVALIDVALUE)$/.test(code) ? code : 'UNREADABLE_CODE';

export const fitMailbox = (id: string | undefined): MailboxId | undefined => {
  const upper = id?.trim().toUpperCase();
  return upper !== undefined && /^(?=.*[A-Z])[A-Z0-9]{3,40}$/.test(upper) ? (upper as MailboxId) : undefined;
};

export const fitOds = (code: string | undefined): OdsCode | undefined => {
  const upper = code?.trim().toUpperCase();
  return upper !== undefined && /^(?=.*[A-Z])[A-Z0-9]{3,10}$/.test(upper) ? (upper as OdsCode) : undefined;
};

/** An organisation's name. */
export const fitName = (name: string | undefined): string | undefined => {
  const trimmed = name?.trim().replaceAll(/\s+/g, ' ');
  return trimmed && trimmed.length <= 100 && !/\p{Cc}/u.test(trimmed) && !holdsNhsNumber(trimmed) ? trimmed : undefined;
};

export const fitUuid = (id: string | undefined): string | undefined =>
  id !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;

export const fitMeshId = (id: string | undefined): string | undefined =>
  id !== undefined && /^(?=.*[A-Za-z_])[A-Za-z0-9_-]{1,64}$/.test(id) ? id : undefined;

/** An id as FHIR has it. */
export const fitFhirId = (id: string | undefined): string | undefined =>
  fitUuid(id?.toLowerCase()) !== undefined ||
  (id !== undefined && /^[A-Za-z0-9.-]{1,64}$/.test(id) && !holdsNhsNumber(id))
    ? id
    : undefined;
