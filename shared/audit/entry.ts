import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isoTime } from '../platform/clock.ts';
import { auditPrefix, viewPrefix } from '../platform/names.ts';

/**
 * What the archive keeps beside messages and answers: one object for each thing that was done, by whom, when. Written
 * once and never changed. No patient data: ids, codes, times and our own texts, as the record that they tell of.
 */

/** What an entry is about, and the end of its key. */
export const auditKinds = ['submitted', 'composed', 'sent', 'received', 'changed', 'viewed'] as const;
export type AuditKind = (typeof auditKinds)[number];

/** Who did it. `system`: this system, by itself. */
const actor = z.strictObject({
  kind: z.enum(['organisation', 'person', 'practice', 'mesh', 'system']),
  /** ODS code, a person's name as they gave it, the mailbox that MESH names. */
  id: z.string().optional(),
  /** Who caused it there and in which role, as the organisation's system calls them. */
  userId: z.string().optional(),
  roleId: z.string().optional(),
  /** The API's client, and the request that it made. */
  clientId: z.string().optional(),
  requestId: z.string().optional(),
});
export type Actor = z.output<typeof actor>;

const facts = z.record(z.string(), z.unknown());

/** One change of a document's record, as it waits on the record to be written. Times are epoch ms. */
const change = z.strictObject({
  /** 1, 2, 3 … without a gap: one that is missing was not written, or is gone. */
  sequence: z.int().positive(),
  at: z.int(),
  kind: z.enum(auditKinds),
  /** As in the record's history: `sent`, `acknowledged`. */
  what: z.string(),
  detail: z.string().optional(),
  actor,
  state: z.string(),
  /** Facts that have another value now, by path (`facts.ts`), and those that are gone. */
  set: facts,
  removed: z.array(z.string()).optional(),
  /** Of all the facts as they stand after it (`digestOf`). */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type AuditEntry = z.output<typeof change>;

/** That somebody looked. A view changes no record, so it has no sequence number among the changes. */
const view = z.strictObject({
  viewId: z.string(),
  at: z.int(),
  kind: z.literal('viewed'),
  what: z.string(),
  why: z.string().optional(),
  actor,
  /** Where a list was shown. */
  documentIds: z.array(z.uuid()).optional(),
});
export type AuditView = z.output<typeof view>;

/** A change by a person of what is no document: a sender, a mailbox, a client, the pause of everybody, the quarantine. */
const registryChange = z.strictObject({
  sequence: z.int().positive(),
  at: z.int(),
  kind: z.literal('changed'),
  what: z.string(),
  why: z.string().optional(),
  actor,
  /** The settings as they were put, where they were. Secrets are not among them. */
  setting: z.unknown().optional(),
});
export type RegistryAuditEntry = z.output<typeof registryChange>;

const envelope = { schema: z.literal('send-document-audit.v1') };
export const documentAudit = change.extend({ ...envelope, documentId: z.uuid(), senderOds: z.string() });
export type DocumentAudit = z.output<typeof documentAudit>;
export const viewAudit = view.extend({
  ...envelope,
  documentId: z.uuid().optional(),
  senderOds: z.string().optional(),
  /** What else than a document was looked at: `quarantine/{message}`. */
  subject: z.string().optional(),
});
export type ViewAudit = z.output<typeof viewAudit>;
export const registryAudit = registryChange.extend({ ...envelope, subject: z.string() });
export type RegistryAudit = z.output<typeof registryAudit>;

export const auditSchema = 'send-document-audit.v1';

/** Six digits, so that keys sort as they happened. */
const numbered = (sequence: number): string => String(sequence).padStart(6, '0');

export const documentAuditPrefix = (documentId: string): string => `${auditPrefix}${documentId}/`;
export const changeObject = (documentId: string, { sequence, kind }: Pick<AuditEntry, 'sequence' | 'kind'>): string =>
  `${documentAuditPrefix(documentId)}${numbered(sequence)}-${kind}`;

export const documentViewPrefix = (documentId: string): string => `${viewPrefix}${documentId}/`;
/** Of one document; `folder` is its id, what else was looked at, or the organisation's code where a list was shown. */
export const viewObject = (folder: string, { at, viewId }: Pick<AuditView, 'at' | 'viewId'>): string =>
  `${viewPrefix}${folder}/${isoTime(at).replaceAll(/[:.]/g, '-')}-${viewId}/000001-viewed`;

/** `subject`: `senders/RX1`, `mailboxes/RX1OT001`, `clients/…`, `quarantine/…`, `redrives`, `everybody`. */
export const registryObject = (subject: string, { sequence, kind }: RegistryAuditEntry): string =>
  `${auditPrefix}${subject}/${numbered(sequence)}-${kind}`;

/** JSON with its keys in order: the same facts give the same text, however they were stored. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
    return `{${parts.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
};

/** SHA-256 of the canonical JSON, hex. */
export const digestOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');
