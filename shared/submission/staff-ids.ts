import { isNhsNumber } from './nhs-number.ts';

/** Who caused a document to be sent, and in which role, as their organisation's system calls them. */
export interface StaffIds {
  readonly userId: string;
  readonly roleId?: string;
}

const form = /^[A-Za-z0-9._@:-]{1,100}$/;
/** Ten digits by themselves, in a row or as an NHS number is printed. SDS user ids have twelve. */
const tenDigits = /(?<!\d)\d{3}[-._]?\d{3}[-._]?\d{4}(?!\d)/g;

const isHarmless = (id: string, nhsNumber: string): boolean =>
  form.test(id) &&
  !id.replace(/\D/g, '').includes(nhsNumber) &&
  ![...id.matchAll(tenDigits)].some(([digits]) => isNhsNumber(digits.replace(/\D/g, '')));

/**
 * The manifest's `actor` as far as it can be kept where no patient data may be: ids in the form of ids, without anything
 * that could be the patient's number. All of it is kept with the message.
 */
export const staffIdsOf = ({
  actor: { userId, roleId },
  patient: { nhsNumber },
}: {
  readonly actor: { readonly userId: string; readonly roleId?: string | undefined };
  readonly patient: { readonly nhsNumber: string };
}): StaffIds | undefined => {
  if (!isHarmless(userId, nhsNumber)) return undefined;
  return { userId, ...(roleId !== undefined && isHarmless(roleId, nhsNumber) ? { roleId } : {}) };
};
