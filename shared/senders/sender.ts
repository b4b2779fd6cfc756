import { z } from 'zod';
import type { MailboxId, OdsCode } from '../platform/ids.ts';

/** An organisation's ODS code as the registry, prefixes and messages write it. */
export const odsCode = z
  .string()
  .regex(/^[A-Z0-9]{3,10}$/, 'an ODS code is 3 to 10 capital letters and digits')
  .transform((code) => code as OdsCode);

/** MESH mailbox ids are upper-case. */
export const mailboxId = z
  .string()
  .regex(/^[A-Z0-9]{3,40}$/, 'a mailbox id is 3 to 40 capital letters and digits')
  .transform((id) => id as MailboxId);

/** A sending organisation: `SENDER#{ods}`, put by `operate sender put FILE`. */
export const senderFile = z.strictObject({
  odsCode: odsCode.describe('The organisation, and its folder under `inbox/`.'),
  name: z.string().trim().min(1).max(255).describe('As the practice sees it (GPCM-SD-030).'),
  phone: z
    .string()
    .regex(/^\+?[0-9 ()]{5,30}$/, 'a telephone number')
    .describe('As the practice sees it (GPCM-SD-031).'),
  mailboxId: mailboxId.describe('The mailbox that its documents go out through; must be registered.'),
  profile: z.literal('v1').default('v1').describe('The generation of the standard; this release sends v1 only.'),
  requireDigest: z
    .boolean()
    .default(true)
    .describe('Each manifest must name its PDF by SHA-256. If waived, a drop’s name may be used only once.'),
});
export type Sender = z.output<typeof senderFile>;
