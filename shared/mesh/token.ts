import { createHmac } from 'node:crypto';

export interface TokenFields {
  /** Upper case, and the mailbox in the request's path. */
  readonly mailboxId: string;
  readonly password: string;
  /** The environment's shared key. */
  readonly sharedKey: string;
  /** A GUID never used before, or one used `nonceCount` times. */
  readonly nonce: string;
  readonly nonceCount?: number;
  /** Epoch milliseconds; MESH accepts two hours either side of its own clock. */
  readonly at: number;
}

/** `yyyyMMddHHmm` in UTC: the only form a token's time has. */
export const tokenTimestamp = (epochMs: number): string => {
  const at = new Date(epochMs);
  const date = at.getUTCFullYear() * 10_000 + (at.getUTCMonth() + 1) * 100 + at.getUTCDate();
  return String(date * 10_000 + at.getUTCHours() * 100 + at.getUTCMinutes());
};

const hashOf = (fields: TokenFields, timestamp: string): string => {
  const { mailboxId, nonce, nonceCount = 0, password } = fields;
  return createHmac('sha256', fields.sharedKey)
    .update(`${mailboxId}:${nonce}:${nonceCount}:${password}:${timestamp}`)
    .digest('hex');
};

/** Lower-case hex. The password stands before the timestamp here and nowhere in the header. */
export const tokenHash = (fields: TokenFields): string => hashOf(fields, tokenTimestamp(fields.at));

/** The `Authorization` header of one request. MESH refuses a token that it has seen: make one for each attempt. */
export const meshAuthorization = (fields: TokenFields): string => {
  const timestamp = tokenTimestamp(fields.at);
  return `NHSMESH ${fields.mailboxId}:${fields.nonce}:${fields.nonceCount ?? 0}:${timestamp}:${hashOf(fields, timestamp)}`;
};
