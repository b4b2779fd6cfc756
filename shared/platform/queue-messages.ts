import { z } from 'zod';

/** What travels on the queues: ids and nothing else. The ingest event alone names an object, and is not logged. */

/** Made by the input transformer of the storage-event rule (infra/stacks/pipeline-stack.ts). */
export const ingestMessage = z.object({
  bucket: z.string().min(1),
  key: z.string().min(1),
  versionId: z.string().min(1),
  /** Orders events of one key; hexadecimal, right-padded with zeros before comparing. */
  sequencer: z.string().regex(/^[0-9A-Fa-f]+$/),
  size: z.coerce.number().int().nonnegative(),
});
export type IngestMessage = z.infer<typeof ingestMessage>;

/** "Compose this document again": from `watch`, by the document's own name. */
export const composeAgainMessage = z.object({ documentId: z.uuid(), composeAgain: z.literal(true) });
export type ComposeAgainMessage = z.infer<typeof composeAgainMessage>;

/** Everything that the ingest queue carries. */
export const composeMessage = z.union([ingestMessage, composeAgainMessage]);

/** "Send this composition": attempt is the number the sender would claim next. */
export const outboxMessage = z.object({
  documentId: z.uuid(),
  composition: z.number().int().positive(),
  attempt: z.number().int().positive(),
});
export type OutboxMessage = z.infer<typeof outboxMessage>;

/** "Poll this mailbox": one per mailbox and slot. */
export const pollMessage = z.object({ mailboxId: z.string().min(1), slot: z.string().min(1) });
export type PollMessage = z.infer<typeof pollMessage>;
