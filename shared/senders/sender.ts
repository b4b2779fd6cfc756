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
  odsCode,
  /** As it stands in messages (GPCM-SD-030). */
  name: z.string().trim().min(1).max(255),
  /** GPCM-SD-031. */
  phone: z.string().regex(/^\+?[0-9 ()]{5,30}$/, 'a telephone number'),
  mailboxId,
  profile: z.literal('v1').default('v1'),
  /** A manifest must name the SHA-256 of its files; where waived, a drop's name is used once. */
  requireDigest: z.boolean().default(true),
});
export type Sender = z.output<typeof senderFile>;
