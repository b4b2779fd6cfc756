import { z } from 'zod';
import { readJson } from './answers.ts';
import { mailboxPath, operation, type Session } from './calls.ts';
import type { Outcome } from './outcomes.ts';

/** What MESH knows of a message of ours. Not a substitute for the practice's acknowledgement. */
export interface Tracked {
  readonly meshMessageId: string;
  /** `accepted`, `acknowledged` or `undeliverable`, in lower case whatever the version. */
  readonly status: string;
  readonly statusSuccess?: boolean;
  readonly statusCode?: string;
  /** Mailbox that MESH chose. */
  readonly recipient?: string;
  readonly recipientOdsCode?: string;
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
  recipientOrgCode: optionalText,
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
  const optional = {
    statusSuccess: body.status_success ?? body.statusSuccess,
    statusCode: body.status_code ?? body.statusCode,
    recipient: body.recipient,
    recipientOdsCode: body.recipient_ods_code ?? body.recipientOrgCode,
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

export const track = (session: Session, meshMessageId: string): Promise<Outcome<Tracked>> => {
  const path = `${mailboxPath(session, 'outbox', 'tracking')}?${new URLSearchParams({ messageID: meshMessageId })}`;
  return operation(session, { method: 'GET', path, headers: {} }, async ({ response }) => {
    const tracked = toTracked(await readJson(response), meshMessageId);
    return tracked && { value: tracked };
  });
};
