import { type Disposition, done } from '../../delivery/disposition.ts';
import { type Applied, applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { currentComposition, type Waiting } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { minutes } from '../../platform/clock.ts';
import { type Mailbox, openCircuit } from '../../senders/mailbox.ts';
import { type Pause, pausedWhat } from '../../senders/pause.ts';
import { changeCourse } from '../../senders/registry.ts';
import { longestBackoff } from './backoff.ts';
import type { SendContext } from './context.ts';

export const finish = async (context: SendContext, applied: Applied): Promise<StoredRecord | undefined> =>
  applied.kind === 'changed' ? performWork(context, applied.record) : applied.record;

/** The document waits in its record, not in the queue: watch queues it again when the time has come, or sooner. */
export const waits = async (context: SendContext, record: StoredRecord, waiting: Waiting): Promise<Disposition> => {
  const { documentId } = record;
  const { number } = currentComposition(record);
  await finish(context, await applyEvent(context, documentId, { kind: 'waits', composition: number, ...waiting }));
  context.log.warn('SEND_WAITS', { documentId, why: waiting.why });
  return done;
};

/** How often a re-send that a pause keeps back is looked at. */
const pauseLook = minutes(15);

/** Held in its record until the pause is over. One that is in doubt stays so, and only its re-send waits. */
export const holdForPause = async (
  context: SendContext,
  record: StoredRecord,
  { of, by, why = '' }: Pause,
): Promise<Disposition> => {
  const { documentId } = record;
  const paused = `${pausedWhat(of)} is paused: ${why.replace(/\.?$/, '.')} It goes by itself once that is over.`;
  if (stateOf(record) === 'SENDING') {
    return waits(context, record, { why: paused, until: context.clock.now() + pauseLook });
  }
  await finish(context, await applyEvent(context, documentId, { kind: 'held', reason: 'paused', by, why: paused }));
  context.log.warn('SEND_PAUSED', { documentId, why: of.kind });
  return done;
};
/** The circuit's closing is what ends it; its time is for what the closing does not find. */
export const forCircuit = (now: number): Waiting => ({
  why: 'the MESH mailbox has a configuration fault',
  until: now + longestBackoff,
  for: 'circuit',
});

/** A configuration fault stops the mailbox, not the document: one circuit opens, whatever waits is kept. */
export const stop = async (
  context: SendContext,
  mailbox: Mailbox,
  record: StoredRecord,
  fault: { readonly reason: string; readonly advice: string },
): Promise<Disposition> => {
  const { mailboxId } = mailbox.setting;
  const now = context.clock.now();
  await changeCourse(context.table, mailboxId, ({ course }) => openCircuit(course, fault, now));
  context.measure.count('CircuitsOpened');
  context.log.error('MAILBOX_CIRCUIT_OPEN', { mailboxId, why: fault.reason });
  return waits(context, record, forCircuit(now));
};
