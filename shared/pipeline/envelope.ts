import { z } from 'zod';

/**
 * `messages/{documentId}/{composition}/envelope.json`: what goes round the message on MESH. Holds patient data, which
 * is why it lies beside the message and not in the table.
 */
export const envelopeFile = z.object({
  to: z.string(),
  subject: z.string(),
  workflowId: z.string(),
  localId: z.string(),
  /** No other message has this local id, so that MESH can be asked for it. */
  uniqueLocalId: z.literal(true).optional(),
  mailboxId: z.string(),
  contentType: z.literal('application/xml'),
  contentEncoding: z.literal('gzip').optional(),
  parts: z.array(z.object({ length: z.number().int(), sha256: z.string() })).min(1),
  /** For an audited reader and for comparing versions: the patient whom the message is about. */
  patient: z.object({ nhsNumber: z.string(), birthDate: z.string(), family: z.string() }),
  /** For an audited reader too: who caused it to be sent. Never in the message. */
  actor: z.object({ userId: z.string(), roleId: z.string().optional(), name: z.string().optional() }).optional(),
});
export type EnvelopeFile = z.infer<typeof envelopeFile>;
