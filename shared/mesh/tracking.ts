import { z } from 'zod';
import { discard, readJson } from './answers.ts';
import { mailboxPath, operation } from './calls.ts';
import type { Outcome } from './outcomes.ts';
import type { Session } from './session.ts';
import type { Answer } from './transport.ts';

/** What MESH knows of a message of ours. Not a substitute for the practice's acknowledgement. */
export interface Tracked {
  readonly meshMessageId: string;
  /** `accepted`, `acknowledged` or `undeliverable`, in lower case whatever the version. */
  readonly status: string;
  readonly statusSuccess?: boolean;
  readonly statusCode?: string;
  /** Mailbox that MESH chose; before it has, perhaps the address as it was sent, which holds patient data. */
  readonly recipient?: string;
  readonly recipientOdsCode?: string;
  /** Name of that organisation, or of the mailbox where MESH gives no other. */
  readonly recipientName?: string;
  readonly localId?: string;
  readonly workflowId?: string;
  /** As MESH gives it, ISO or `yyyyMMddHHmmss`. */
  readonly uploadedAt?: string;
  readonly expiresAt?: string;
}

const optionalText = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(undefined);
const trackedAnswer = z.looseObject({
  status: z.string(),
  message_id: optionalText,
  messageId: optionalText,
  messageID: optionalText,
  status_success: z.boolean().nullish().catch(undefined),
  statusSuccess: z.boolean().nullish().catch(undefined),
  status_code: optionalText,
  statusCode: optionalText,
  recipient: optionalText,
  recipient_ods_code: optionalText,
  recipient_org_code: optionalText,
  recipientOrgCode: optionalText,
  meshRecipientOdsCode: optionalText,
  recipient_org_name: optionalText,
  recipient_name: optionalText,
  recipientOrgName: optionalText,
  recipientName: optionalText,
  local_id: optionalText,
  localId: optionalText,
  workflow_id: optionalText,
  workflowId: optionalText,
  upload_timestamp: optionalText,
  uploadTimestamp: optionalText,
  expiry_time: optionalText,
  expiryTime: optionalText,
});

const toTracked = (json: unknown, fallbackId?: string): Tracked | undefined => {
  const parsed = trackedAnswer.safeParse(json);
  if (!parsed.success) return undefined;
  const body = parsed.data;
  const meshMessageId = body.message_id ?? body.messageId ?? body.messageID ?? fallbackId;
  if (!meshMessageId) return undefined;
  /** Blank is how the first version says that there is none. */
  const firstOf = (...values: readonly (string | null | undefined)[]) => values.find((value) => value?.trim());
  const optional = {
    statusSuccess: body.status_success ?? body.statusSuccess,
    statusCode: body.status_code ?? body.statusCode,
    recipient: firstOf(body.recipient),
    recipientOdsCode: firstOf(
      body.recipient_ods_code,
      body.recipient_org_code,
      body.meshRecipientOdsCode,
      body.recipientOrgCode,
    ),
    recipientName: firstOf(body.recipient_org_name, body.recipientOrgName, body.recipient_name, body.recipientName),
    localId: body.local_id ?? body.localId,
    workflowId: body.workflow_id ?? body.workflowId,
    uploadedAt: body.upload_timestamp ?? body.uploadTimestamp,
    expiresAt: body.expiry_time ?? body.expiryTime,
  };
  const given = Object.fromEntries(
    Object.entries(optional).filter(([, value]) => value !== null && value !== undefined),
  );
  return { meshMessageId, status: body.status.toLowerCase(), ...given };
};

/** By the id that MESH gave it; `gone` where MESH does not know it, which soon after sending proves nothing. */
export const track = (session: Session, meshMessageId: string): Promise<Outcome<Tracked>> => {
  const path = `${mailboxPath(session, 'outbox', 'tracking')}?${new URLSearchParams({ messageID: meshMessageId })}`;
  return operation(session, { method: 'GET', path, headers: [] }, async ({ response }) => {
    const tracked = toTracked(await readJson(response), meshMessageId);
    return tracked && { value: tracked };
  });
};

/** What MESH has under a local id. It does not see to it that local ids are unique. */
export type LocalIdTracking =
  | { readonly found: 'none' }
  | { readonly found: 'one'; readonly tracked: Tracked }
  /** More than one message has it: a duplicate exists already, where each message has a local id of its own. */
  | { readonly found: 'several' };

/**
 * For clearing up an unknown outcome, where every message has a local id of its own (mesh 1.11). Only the first
 * version of the API has it, and it is deprecated: `none` soon after sending proves nothing.
 */
export const trackByLocalId = (session: Session, localId: string): Promise<Outcome<LocalIdTracking>> => {
  const path = mailboxPath(session, 'outbox', 'tracking', localId);
  const read = async (answer: Answer): Promise<{ readonly value: LocalIdTracking } | undefined> => {
    if (answer.status === 200) {
      const tracked = toTracked(await readJson(answer.response));
      return tracked && { value: { found: 'one', tracked } };
    }
    await discard(answer);
    if (answer.status === 404) return { value: { found: 'none' } };
    return answer.status === 300 ? { value: { found: 'several' } } : undefined;
  };
  return operation(session, { method: 'GET', path, headers: [], v1: true }, read, [300, 404]);
};
