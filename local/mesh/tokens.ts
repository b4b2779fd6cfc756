import { createHmac, timingSafeEqual } from 'node:crypto';
import { hours, minutes } from '../../shared/platform/clock.ts';
import type { Mailbox } from './routing.ts';

/** Written apart from the client's token on purpose: a fault there must not pass here. */
export interface TokenCheck {
  /** Undefined where the token is good, and then never again; otherwise what MESH says with its 403. */
  refuse(header: string | undefined, mailbox: Mailbox, now: number): string | undefined;
}

const tolerance = hours(2);

/** `yyyyMMddHHmm` (UTC) to epoch milliseconds. */
const parseMinute = (text: string) =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:00Z'));

const sameText = (a: string, b: string) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export const createTokenCheck = (sharedKey: string): TokenCheck => {
  /** Nonce and count → when the token itself becomes too old to be accepted. */
  const used = new Map<string, number>();
  return {
    refuse(header, mailbox, now) {
      const fields = /^NHSMESH ([^:\s]+):([^:\s]+):(\d+):(\d{12}):([0-9a-f]{64})$/.exec(header ?? '');
      if (!fields) return 'Error reading from Authorization header';
      const [, mailboxId = '', nonce = '', count = '', timestamp = '', hash = ''] = fields;
      if (mailboxId !== mailbox.mailboxId) return 'Mailbox id does not match token';
      const at = parseMinute(timestamp);
      // The token tells minutes only.
      if (!(now - at < tolerance + minutes(1) && at - now <= tolerance)) return 'Invalid Authentication Token';
      const message = `${mailboxId}:${nonce}:${count}:${mailbox.password}:${timestamp}`;
      if (!sameText(createHmac('sha256', sharedKey).update(message).digest('hex'), hash)) {
        return 'Invalid Authentication Token';
      }
      for (const [token, until] of used) {
        if (until > now) break; // Kept in the order of their use, which is close enough to that of their end.
        used.delete(token);
      }
      const token = `${mailboxId}:${nonce}:${count}`;
      if (used.has(token)) return 'Error Duplicated Authentication Token';
      used.set(token, now + 2 * tolerance + minutes(1));
      return undefined;
    },
  };
};
