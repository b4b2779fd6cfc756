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
export const tokenTimestamp = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(0, 12);

/** Lower-case hex. The password stands before the timestamp here and nowhere in the header. */
export const tokenHash = (fields: TokenFields): string =>
  createHmac('sha256', fields.sharedKey)
    .update(
      [fields.mailboxId, fields.nonce, fields.nonceCount ?? 0, fields.password, tokenTimestamp(fields.at)].join(':'),
    )
    .digest('hex');

/** The `Authorization` header of one request. MESH refuses a token that it has seen: make one for each attempt. */
export const meshAuthorization = (fields: TokenFields): string =>
  `NHSMESH ${[fields.mailboxId, fields.nonce, fields.nonceCount ?? 0, tokenTimestamp(fields.at), tokenHash(fields)].join(':')}`;
