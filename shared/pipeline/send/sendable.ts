import type { StoredRecord } from '../../delivery/documents.ts';
import { currentComposition } from '../../delivery/record.ts';
import { doubtfulAttempt, resendAllowed, stateOf } from '../../delivery/state-of.ts';
import type { OutboxMessage } from '../../platform/queue-messages.ts';

/** Is there anything to send, and if not, why? Pure. */
export const sendable = (
  record: StoredRecord,
  message: Pick<OutboxMessage, 'composition'>,
  now: number,
  doubtWait: number,
  inTurn = false,
): { kind: 'send' } | { kind: 'skip'; why: string } | { kind: 'give-up' } => {
  const composition = currentComposition(record);
  if (composition.number !== message.composition) return { kind: 'skip', why: 'older-composition' };
  if (record.holds.length > 0) return { kind: 'skip', why: 'held' };
  const state = stateOf(record);
  if (state === 'SENDING') {
    const doubt = doubtfulAttempt(composition);
    const resend = doubt && now >= doubt.deadline + doubtWait && resendAllowed(composition);
    // A redelivery of the queue never posts a first part by itself: watch re-sends once the doubt has waited.
    if (!resend) return { kind: 'skip', why: 'in-doubt' };
    return composition.giveUpAt !== undefined && now > composition.giveUpAt ? { kind: 'give-up' } : { kind: 'send' };
  }
  if (state !== 'COMPOSED') return { kind: 'skip', why: state };
  if (composition.giveUpAt !== undefined && now > composition.giveUpAt) return { kind: 'give-up' };
  const { waiting } = composition;
  if (waiting && now < waiting.until && !(inTurn && waiting.for === 'turn')) return { kind: 'skip', why: 'waiting' };
  return { kind: 'send' };
};
