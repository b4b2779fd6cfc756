/** Names that infrastructure, functions, operator commands and alarms must agree on. */

export const metricsNamespace = 'SendDocument';

/** Prefixes inside the drops bucket: what organisations write, and what they read back. */
export const inboxPrefix = 'inbox/';
export const receiptsPrefix = 'receipts/';

/** Secrets Manager names (docs/architecture.md, Secrets). */
export const secretRoot = (stage: string): string => `/send-document/${stage}/mesh`;
export const environmentSecretName = (stage: string): string => `${secretRoot(stage)}/environment`;
export const mailboxSecretName = (stage: string, mailboxId: string): string =>
  `${secretRoot(stage)}/mailbox/${mailboxId}`;

/** Index names of the one table. `work`: partition `workShard`, sort `nextCheckAt`. `bySender`: `senderOds`, `updatedAt`. */
export const workIndex = 'work';
export const bySenderIndex = 'bySender';
export const workShards = ['0', '1', '2', '3'] as const;
/** Time-to-live attribute, epoch seconds. */
export const expiryAttribute = 'expiresAt';
