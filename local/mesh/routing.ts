import type { MeshSettings } from './settings.ts';

/** A mailbox as the registry of MESH knows it. */
export interface Mailbox {
  readonly mailboxId: string;
  readonly password: string;
  readonly odsCode: string;
  readonly name: string;
  /** The workflows it may send and receive; all where absent. */
  readonly workflows?: readonly string[];
  /** False: its requests are refused, and what is sent to it comes back as undelivered. */
  readonly active?: boolean;
  /** MESH's own: nothing can be sent to it. */
  readonly internal?: boolean;
}

/** A patient as the national demographics know them. */
export interface RegisteredPatient {
  readonly nhsNumber: string;
  /** `YYYY-MM-DD` */
  readonly birthDate: string;
  readonly familyName: string;
  /** Mailbox of the practice where the patient is registered. The same number twice is a match too many. */
  readonly mailboxId: string;
}

type DateOfBirthFormat = MeshSettings['dateOfBirthFormat'];

export interface Directory {
  mailbox(id: string): Mailbox | undefined;
  patients(nhsNumber: string): readonly RegisteredPatient[];
  readonly dateOfBirthFormat: DateOfBirthFormat;
}

export type Route =
  | { readonly kind: 'mailbox'; readonly mailboxId: string }
  /** Refused at once (HTTP 417). */
  | { readonly kind: 'refused'; readonly code: string; readonly description: string }
  /** Accepted, and found out afterwards: a report goes to the sender. */
  | { readonly kind: 'undeliverable'; readonly code: string; readonly description: string };

const undeliverable = (code: string, description: string): Route => ({ kind: 'undeliverable', code, description });

/** NHS numbers end in a modulus 11 check digit. */
export const isNhsNumber = (text: string): boolean => {
  if (!/^\d{10}$/.test(text)) return false;
  const digits = [...text].map(Number);
  const sum = digits.slice(0, 9).reduce((total, digit, i) => total + digit * (10 - i), 0);
  return (11 - (sum % 11)) % 11 === digits[9];
};

const birthDates = (text: string, format: DateOfBirthFormat): string[] => {
  if (!/^\d{8}$/.test(text)) return [];
  const yearFirst = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const dayFirst = `${text.slice(4)}-${text.slice(2, 4)}-${text.slice(0, 2)}`;
  return format === 'YYYYMMDD' ? [yearFirst] : format === 'DDMMYYYY' ? [dayFirst] : [yearFirst, dayFirst];
};

const comparable = (name: string) => name.normalize('NFC').trim().toLowerCase();

export const mayUse = (mailbox: Mailbox, workflowId: string): boolean =>
  mailbox.workflows?.includes(workflowId) ?? true;

const into = (mailbox: Mailbox): Route =>
  mailbox.active === false
    ? undeliverable('14', 'Message was not collected as the mailbox is deactivated')
    : { kind: 'mailbox', mailboxId: mailbox.mailboxId };

/** Where a message goes. Only the look-up of a practice by its patient can fail after the message was accepted. */
export const route = (mexTo: string, workflowId: string, directory: Directory): Route => {
  if (!/^GPPROVIDER_/i.test(mexTo)) {
    const mailbox = directory.mailbox(mexTo.toUpperCase());
    if (!mailbox) return { kind: 'refused', code: '12', description: 'Unregistered to address' };
    if (mailbox.internal)
      return { kind: 'refused', code: '12', description: 'Cannot send messages to internal mailbox' };
    if (!mayUse(mailbox, workflowId)) {
      return { kind: 'refused', code: '17', description: 'Workflow ID not registered for mailbox' };
    }
    return into(mailbox);
  }
  const [, nhsNumber = '', birthDate = '', familyName = '', ...more] = mexTo.split('_');
  if (!isNhsNumber(nhsNumber)) return undeliverable('EPL-152', 'Invalid NHS Number');
  const known = directory.patients(nhsNumber);
  if (known.length === 0) return undeliverable('EPL-153', 'NHS Number not found');
  const wanted = birthDates(birthDate, directory.dateOfBirthFormat);
  const matching = known.filter(
    (patient) => wanted.includes(patient.birthDate) && comparable(patient.familyName) === comparable(familyName),
  );
  if (matching.length === 0 || more.length > 0) {
    return undeliverable('EPL-154', 'NHS Number supplied does not match the demographics');
  }
  const practices = [...new Set(matching.map((patient) => patient.mailboxId))];
  const [practice] = practices;
  if (practices.length > 1) return undeliverable('EPL-150', 'Multiple mailboxes matches');
  const mailbox = practice === undefined ? undefined : directory.mailbox(practice);
  if (!mailbox || !mayUse(mailbox, workflowId)) return undeliverable('EPL-151', 'No mailbox matched');
  return into(mailbox);
};
