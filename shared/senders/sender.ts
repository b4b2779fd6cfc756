import { z } from 'zod';
import { type DueTimes, defaultDueTimes } from '../delivery/due-times.ts';
import type { ProfileName } from '../itk3/profiles.ts';
import { hours, minutes } from '../platform/clock.ts';
import type { MailboxId, OdsCode } from '../platform/ids.ts';
import type { Changed, Versioned } from '../registry/versioned.ts';
import { holdsNhsNumber } from '../submission/nhs-number.ts';

const odsCodeForm = /^[A-Z0-9]{3,10}$/;

/** An organisation's ODS code as the registry, prefixes and messages write it. */
export const odsCode = z
  .string()
  .regex(odsCodeForm, 'must be an ODS code: 3 to 10 capital letters and digits')
  .transform((code) => code as OdsCode);

/** MESH mailbox ids are upper-case. */
export const mailboxId = z
  .string()
  .regex(/^[A-Z0-9]{3,40}$/, 'must be a mailbox id: 3 to 40 capital letters and digits')
  .transform((id) => id as MailboxId);

const profileName = z.enum(['v1', 'v2'] satisfies ProfileName[]);

/** What the standard advises, because receiving systems may take no more (send-document-standard 2.4). */
const usualMessageBytes = 5_000_000;

const toMinutes = (ms: number) => ms / minutes(1);
const toHours = (ms: number) => ms / hours(1);

/**
 * When somebody is told of a silence. The defaults are ours: a clinical safety officer decides (GPCM-SD-095). What a
 * document was handed over under holds for it, whatever is set later.
 */
const dueTimes = z
  .strictObject({
    handoverMinutes: z
      .int()
      .min(5)
      .max(180)
      .default(toMinutes(defaultDueTimes.handover))
      .describe('From being handed over to being handed to MESH; later needs a person.'),
    infrastructureHours: z
      .int()
      .min(1)
      .max(96)
      .default(toHours(defaultDueTimes.infrastructure))
      .describe('From being handed to MESH to the infrastructure acknowledgement.'),
    returnNearHours: z
      .int()
      .min(24)
      .max(119)
      .default(toHours(defaultDueTimes.returnNear))
      .describe(
        'From being handed to MESH to when the practice must be telephoned, since MESH hands back what nobody has fetched for five days.',
      ),
    businessWorkingDays: z
      .int()
      .min(1)
      .max(20)
      .default(defaultDueTimes.businessWorkingDays)
      .describe('From the infrastructure acknowledgement to the business one, in working days of England.'),
    savedToHandedOverMinutes: z
      .int()
      .min(15)
      .max(1440)
      .default(toMinutes(defaultDueTimes.savedToHandedOver))
      .describe('From saving the consultation to handing the document over; later is counted (GPCM-SD-096).'),
  })
  .refine(({ infrastructureHours, returnNearHours }) => infrastructureHours < returnNearHours, {
    path: ['returnNearHours'],
    message: 'must be later than infrastructureHours: it is told once more, and more urgently',
  });

const distinct = (list: readonly string[]): boolean => new Set(list).size === list.length;

/** Everybody there learns which document waits for what; nobody learns of a patient. */
const addressList = z
  .array(
    z
      .email('must be an e-mail address')
      .max(254)
      .refine((address) => !holdsNhsNumber(address), 'must not hold an NHS number')
      // AWS takes one address in two spellings for two.
      .transform((address) => address.toLowerCase()),
  )
  .max(20)
  .refine(distinct, 'an address stands in the list twice');

const addresses = z.strictObject({
  notices: addressList
    .default([])
    .describe(
      'Who is told of each document that needs somebody. At least one of them must be there before the organisation is activated.',
    ),
  escalation: addressList
    .default([])
    .describe('Who is told when nobody has done anything about it after a working day.'),
  digest: addressList.default([]).describe('Who gets the summary.'),
});

const digestRule = z.strictObject({
  days: z
    .enum(['every-day', 'working-days', 'never'])
    .default('working-days')
    .describe('On which days the summary is sent; working days are those of England.'),
  at: z
    .string()
    .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day such as 07:30')
    .default('07:30')
    .describe('At what time, in London.'),
});

/** A sending organisation's settings: what `operate sender put FILE` takes. */
export const senderFile = z.strictObject({
  odsCode: odsCode.describe('The organisation, and its folder under `inbox/`.'),
  name: z.string().trim().min(1).max(255).describe('As the practice sees it (GPCM-SD-030).'),
  phone: z
    .string()
    .regex(/^\+?[0-9 ()]{5,30}$/, 'must be a telephone number: digits, spaces, ( ) and + at its beginning')
    .describe('As the practice sees it (GPCM-SD-031).'),
  mailboxId: mailboxId.describe('The mailbox that its documents go out through; must be registered.'),
  profile: profileName
    .default('v1')
    .describe(
      'The generation of the standard in which its documents go: v1 (1.3.x, `GPFED_CONSULT_REPORT`) or v2 (2.0.x, `GPCONNECT_SEND_DOCUMENT`).',
    ),
  practiceProfiles: z
    .record(
      z.string().regex(odsCodeForm, 'must be the ODS code of a practice: 3 to 10 capital letters and digits'),
      profileName,
    )
    .default({})
    .describe(
      'The generation for single receiving practices, by their ODS code, such as `{ "Y12345": "v2" }`. It goes by the manifest’s `registeredPractice`.',
    ),
  recipientType: z
    .enum(['FA', 'FI'])
    .default('FA')
    .describe('For Action or For Information, as the practice sees it; v1 knows For Action only (GPCM-SD-039).'),
  wording: z
    .enum(['1.3.2', '1.3.1'])
    .default('1.3.2')
    .describe('Which release words subject and text in v1 (GPCM-SD-061, 119); v2 has one wording.'),
  replacementStatus: z
    .enum(['final', 'amended'])
    .default('final')
    .describe('`Composition.status` of a document that replaces another (GPCM-SD-114).'),
  distinctBundleIdentifier: z
    .boolean()
    .default(false)
    .describe('The message bundle has an identifier of its own; otherwise it repeats that of the document bundle.'),
  confidentialNotification: z
    .boolean()
    .default(false)
    .describe(
      'A confidential consultation is told in v1 by a redacted notification; otherwise, and always in v2, nothing of it is sent.',
    ),
  localId: z
    .enum(['ods-code', 'unique'])
    .default('ods-code')
    .describe(
      'What `Mex-LocalID` holds. `ods-code` is the standard’s rule (GPCM-SD-145). `unique`, the id of the message, needs NHS England’s agreement; MESH is then asked what became of a message whose answer was lost, before it is sent again.',
    ),
  maxMessageBytes: z
    .int()
    .min(100_000)
    .max(140_000_000)
    .default(usualMessageBytes)
    .describe(
      'Longest message, in bytes of XML before compression, in which a file takes four thirds of its size: 5000000 are about 3.7 MB of files, as the standard advises. Practices may refuse longer ones (20015).',
    ),
  allowedNhsNumbers: z
    .array(z.string().regex(/^(\d{10}|\d{1,9}\*)$/, 'must be ten digits, or fewer with * for the rest'))
    .max(200)
    .refine(distinct, 'a number stands in the list twice')
    .default([])
    .describe(
      'For tests: where it is not empty, only these of the NHS numbers that the stage allows; ten digits, or fewer with `*` for the rest. Not with a mailbox in production.',
    ),
  addresses: addresses.prefault({}),
  digest: digestRule.prefault({}),
  dueTimes: dueTimes.prefault({}),
  requireDigest: z
    .boolean()
    .default(true)
    .describe('Each manifest must name its PDF by SHA-256. If waived, a drop’s name may be used only once.'),
});
export type Sender = z.output<typeof senderFile>;

/** As a document keeps them. One that was put before the setting existed lacks it. */
export const dueTimesFor = (sender: Partial<Pick<Sender, 'dueTimes'>>): DueTimes => {
  if (!sender.dueTimes) return defaultDueTimes;
  const { handoverMinutes, infrastructureHours, returnNearHours, businessWorkingDays, savedToHandedOverMinutes } =
    sender.dueTimes;
  return {
    handover: minutes(handoverMinutes),
    infrastructure: hours(infrastructureHours),
    returnNear: hours(returnNearHours),
    businessWorkingDays,
    savedToHandedOver: minutes(savedToHandedOverMinutes),
  };
};

/** A sending organisation: `SENDER#{ods}`. */
export interface SenderItem extends Versioned<Sender> {
  /** Since when its drops are taken; absent while they wait. */
  readonly active?: Changed;
}

/** One that was put before the setting existed lacks it. */
export const messageLimitOf = ({ maxMessageBytes }: Partial<Pick<Sender, 'maxMessageBytes'>>): number =>
  maxMessageBytes ?? usualMessageBytes;
