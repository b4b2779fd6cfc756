import { foreignKey } from '../../delivery/keys.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { Configuration, Transient } from '../../mesh/outcomes.ts';
import { hours, seconds } from '../../platform/clock.ts';
import type { PollMessage } from '../../platform/queue-messages.ts';
import { connect } from '../../senders/connection.ts';
import { afterPoll, type Mailbox, type MailboxCourse, openCircuit } from '../../senders/mailbox.ts';
import { changeCourse, readMailbox } from '../../senders/registry.ts';
import type { PollContext } from './context.ts';
import { takeMessage } from './take-message.ts';

/** MESH wants a handshake once in 24 hours. */
const handshakeEvery = hours(23);
/** With less left of the invocation no further message is begun. */
const stopWhenRemaining = seconds(30);

interface PollResult {
  readonly fault?: Configuration | Transient;
  readonly handshaken: boolean;
}

/**
 * Polls one mailbox once. Never throws for MESH or for its configuration: the outcome is written on the mailbox, and
 * the next slot is the retry. Two at once are harmless.
 */
export const pollMailbox = async (context: PollContext, message: PollMessage): Promise<void> => {
  const { table, clock, log, measure } = context;
  const { mailboxId } = message;
  const mailbox = await readMailbox(table, mailboxId);
  if (!mailbox) {
    log.warn('POLL_UNKNOWN_MAILBOX', { mailboxId });
    return;
  }
  if (mailbox.course.circuit) {
    log.info('POLL_SKIPPED', { mailboxId, why: 'circuit open' });
    return;
  }
  const { fault, handshaken } = await poll(context, mailbox);
  const now = clock.now();
  await changeCourse(table, mailboxId, (current): MailboxCourse => {
    const course = afterPoll(current, fault?.kind ?? 'ok', now);
    const known = handshaken ? { ...course, lastHandshakeAt: now } : course;
    return fault?.kind === 'configuration' ? openCircuit(known, fault, now) : known;
  });
  measure.count('PollsSucceeded', fault ? 0 : 1);
  measure.count('PollsFailed', fault ? 1 : 0);
  if (fault?.kind === 'configuration') {
    measure.count('CircuitsOpened');
    log.error('MAILBOX_CIRCUIT_OPEN', { mailboxId, why: fault.reason });
  } else if (fault) {
    log.warn('POLL_FAILED', { mailboxId, why: fault.reason });
  } else {
    log.info('POLL_DONE', { mailboxId, slot: message.slot });
  }
};

const poll = async (context: PollContext, mailbox: Mailbox): Promise<PollResult> => {
  const { clock, measure } = context;
  const connection = await connect(context.connection, mailbox.setting, () => context.deadline);
  if (connection.kind === 'configuration') return { fault: connection, handshaken: false };
  measure.count('CertificateDaysLeft', connection.daysToExpiry);
  const { client } = connection;
  try {
    const due = clock.now() - (mailbox.course.lastHandshakeAt ?? 0) >= handshakeEvery;
    if (due) {
      const shaken = await client.handshake();
      if (shaken.kind !== 'ok') return { fault: asFault(shaken), handshaken: false };
    }
    const fault = await drain(context, client, mailbox);
    return { handshaken: due, ...(fault ? { fault } : {}) };
  } finally {
    client.close();
  }
};

/** A refusal of the mailbox itself (unknown mailbox, malformed request) is somebody's setting, not the weather. */
const asFault = (outcome: { kind: string; reason: string; advice?: string }): Configuration | Transient =>
  outcome.kind === 'transient'
    ? { kind: 'transient', reason: outcome.reason }
    : {
        kind: 'configuration',
        reason: outcome.reason,
        advice: outcome.advice ?? 'Check the mailbox id and its registration with MESH.',
      };

const drain = async (
  context: PollContext,
  client: MeshClient,
  mailbox: Mailbox,
): Promise<Configuration | Transient | undefined> => {
  const { clock, measure, table, log } = context;
  const { mailboxId } = mailbox.setting;
  for await (const page of client.inboxPages()) {
    if (page.kind !== 'ok') return asFault(page);
    measure.count('InboxMessages', page.value.messageIds.length);
    for (const id of page.value.messageIds) {
      if (context.deadline - clock.now() < stopWhenRemaining) {
        log.info('POLL_OUT_OF_TIME', { mailboxId });
        return undefined;
      }
      if (await table.read(foreignKey(mailboxId, id))) continue;
      const taken = await takeMessage(context, client, mailbox.setting, id);
      if (taken.kind === 'stop') return taken.fault;
      log.info('INBOX_MESSAGE_TAKEN', {
        mailboxId,
        meshMessageId: id,
        what: taken.kind === 'taken' ? taken.outcome : taken.why,
      });
    }
  }
  return undefined;
};
