/** Names that infrastructure, functions, operator commands and alarms must agree on. */

export const metricsNamespace = 'SendDocument';

/** Prefixes inside the drops bucket: what organisations write, and what they read back. */
export const inboxPrefix = 'inbox/';
export const receiptsPrefix = 'receipts/';
/** Behind `receipts/`: summaries of all organisations. No organisation's code is written so. */
export const digestsOfOperators = 'operators/digests/';
/** For so many days the drops bucket keeps what was taken out of it: until then it can be composed again. */
export const dropsKeptDays = 30;
/** PDFs sent ahead through an upload form: `uploads/{ods}/{uploadId}.pdf`. They expire after a day. */
export const uploadsPrefix = 'uploads/';

/** In the archive: what was done, and who looked (`shared/audit`). */
export const auditPrefix = 'audit/';
export const viewPrefix = 'views/';
/** There too: messages as they were sent, answers and reports as they came (`shared/delivery/keys.ts`). */
export const sentPrefix = 'sent/';
export const receivedPrefix = 'received/';

/** Items of the table that operators' commands write, as the keys that their policy allows (`shared/delivery/keys.ts`). */
export const operatorItems = [
  'DOC#*',
  'QUARANTINE#*',
  ...['SENDER#*', 'SENDERVERSION#*', 'SENDERS'],
  ...['MAILBOX#*', 'MAILBOXVERSION#*', 'MAILBOXES'],
  ...['CLIENT#*', 'CLIENTVERSION#*', 'CLIENTS'],
  ...['PAUSE', 'RESUMED#*', 'REDRIVES', 'ADDRESSES'],
] as const;

/** Secrets Manager names (docs/architecture.md, Secrets). */
export const secretRoot = (stage: string): string => `/send-document/${stage}/mesh`;
export const environmentSecretName = (stage: string): string => `${secretRoot(stage)}/environment`;
export const mailboxSecretName = (stage: string, mailboxId: string): string =>
  `${secretRoot(stage)}/mailbox/${mailboxId}`;

/** Index names of the one table. `work`: partition `workShard`, sort `nextCheckAt`. `bySender`: `senderOds`, `updatedAt`. */
export const workIndex = 'work';
export const bySenderIndex = 'bySender';
/** Partition `workShard`, sort `unsentSince`: documents that are ours to send and have not gone, oldest first. */
export const unsentIndex = 'unsent';
/** Partition `workShard`, sort `attentionSince`: documents that need a person, longest first. */
export const attentionIndex = 'attention';
/**
 * Partition `mailboxList`, sort `listedAt`: what belongs to one mailbox, list by list (`tracking#ID`, `owed#ID`, `quarantine#ID`).
 */
export const byMailboxIndex = 'byMailbox';
export const workShards = ['0', '1', '2', '3'] as const;
/** Time-to-live attribute, epoch seconds. */
export const expiryAttribute = 'expiresAt';
