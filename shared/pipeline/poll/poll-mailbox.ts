import { foreignKey } from '../../delivery/keys.ts';
import type { MeshClient } from '../../mesh/client.ts';
import { type Configuration, MeshFault, type Transient } from '../../mesh/outcomes.ts';
import { hours, minutes, seconds } from '../../platform/clock.ts';
import { errorText } from '../../platform/log.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { PollMessage } from '../../platform/queue-messages.ts';
import { connect } from '../../senders/connection.ts';
import { afterPoll, type Mailbox, type MailboxCourse, openCircuit } from '../../senders/mailbox.ts';
import { pauseOver } from '../../senders/pause.ts';
import { changeCourse, readMailbox } from '../../senders/registry.ts';
import { acknowledgeResponses } from './acknowledge-responses.ts';
import type { PollContext } from './context.ts';
import { type Taken, takeMessage } from './take-message.ts';
import { trackDocuments } from './track-documents.ts';

/** MESH wants a handshake once in 24 hours. */
const handshakeEvery = hours(23);
/** With less left of the invocation no further message is begun. */
const stopWhenRemaining = seconds(30);

interface PollResult {
  readonly fault?: Configuration | Transient;
  readonly handshaken: boolean;
  /** When what it spoke with ends. */
  readonly expiry?: Pick<MailboxCourse, 'certificateExpiresAt' | 'authoritiesExpireAt'>;
  readonly moreWaits?: boolean;
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
  if (await pauseOver(table, { mailbox })) {
    log.info('POLL_SKIPPED', { mailboxId, why: 'paused' });
    return;
  }
  if (mailbox.course.circuit) {
    log.info('POLL_SKIPPED', { mailboxId, why: 'circuit open' });
    return;
  }
  const begunAt = clock.now();
  const { fault, handshaken, expiry, moreWaits } = await poll(context, mailbox);
  const now = clock.now();
  await changeCourse(table, mailboxId, (current): MailboxCourse => {
    // MESH asks for five minutes between polls unless more messages wait.
    const course = { ...afterPoll(current, fault?.kind ?? 'ok', now), ...(moreWaits ? { nextPollAt: now } : {}) };
    const known = {
      ...course,
      ...(handshaken ? { lastHandshakeAt: now } : {}),
      // From here on a practice that has not been heard is silent.
      ...(fault || moreWaits ? {} : { inboxReadAt: begunAt }),
      ...expiry,
    };
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
  const { clock } = context;
  const connection = await connect(context.connection, mailbox.setting, () => context.deadline).catch(
    (error: unknown): Transient => ({ kind: 'transient', reason: errorText(error) }),
  );
  if (connection.kind !== 'ok') return { fault: connection, handshaken: false };
  const { client, certificateExpiresAt, authoritiesExpireAt } = connection;
  const expiry = { certificateExpiresAt, authoritiesExpireAt };
  try {
    const due = clock.now() - (mailbox.course.lastHandshakeAt ?? 0) >= handshakeEvery;
    if (due) {
      const shaken = await client.handshake();
      if (shaken.kind !== 'ok') return { fault: asFault(shaken), handshaken: false, expiry };
    }
    const drained = await drain(context, client, mailbox);
    if (!drained.fault && !drained.moreWaits) await afterwards(context, client, mailbox);
    return { handshaken: due, expiry, ...drained };
  } finally {
    compareClocks(context, mailbox, client.clockSkew());
    client.close();
  }
};

/** What can wait, and disturbs nothing when it fails: the inbox has been read. */
const afterwards = async (context: PollContext, client: MeshClient, { setting }: Mailbox): Promise<void> => {
  const { mailboxId, odsCode } = setting;
  const steps = [
    ['tracking', () => trackDocuments(context, client, mailboxId)],
    ['acknowledging responses', () => acknowledgeResponses(context, client, { mailboxId, odsCode })],
  ] as const;
  for (const [what, step] of steps) {
    try {
      await step();
    } catch (error) {
      context.log.warn('AFTER_POLL_FAILED', { mailboxId, what, error: errorText(error) });
    }
  }
};

/** A MESH token bears two hours: whoever hears of minutes has time to act. */
const skewWorthTelling = minutes(5);

const compareClocks = ({ measure, log }: PollContext, mailbox: Mailbox, skewMs: number | undefined): void => {
  if (skewMs === undefined) return;
  measure.record('ClockSkewSeconds', Math.round(Math.abs(skewMs) / 1000));
  if (Math.abs(skewMs) < skewWorthTelling) return;
  log.warn('CLOCK_DIFFERS_FROM_MESH', {
    mailboxId: mailbox.setting.mailboxId,
    what: skewMs > 0 ? 'ours is ahead' : 'ours is behind',
    count: Math.round(Math.abs(skewMs) / 1000),
  });
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

/** Messages taken at a time: answers are small, and each waits mostly for the network. */
const width = 6;
const manyInARow = 20;

interface Drained {
  readonly fault?: Configuration | Transient;
  /** Time ran out: more waits in the inbox. */
  readonly moreWaits: boolean;
}

const drain = async (context: PollContext, client: MeshClient, mailbox: Mailbox): Promise<Drained> => {
  const { clock, measure, log } = context;
  const { mailboxId } = mailbox.setting;
  let fault: Configuration | Transient | undefined;
  let outOfTime = false;
  let inARow = 0;
  for await (const page of client.inboxPages()) {
    if (page.kind !== 'ok') return { fault: asFault(page), moreWaits: false };
    measure.count('InboxMessages', page.value.messageIds.length);
    await inParallel(page.value.messageIds, width, async (id) => {
      if (context.deadline - clock.now() < stopWhenRemaining) {
        outOfTime = true;
        return 'stop';
      }
      const taken = await takeOne(context, client, mailbox, id);
      if (taken?.kind !== 'stop') {
        inARow = 0;
        return 'go on';
      }
      inARow += 1;
      // One message that MESH cannot hand over must not stand in the others' way; several in a row are MESH itself.
      if (taken.fault.kind === 'transient' && inARow < manyInARow) return 'go on';
      fault ??= taken.fault;
      return 'stop';
    });
    if (fault) return { fault, moreWaits: false };
    if (outOfTime) {
      log.info('POLL_OUT_OF_TIME', { mailboxId });
      return { moreWaits: true };
    }
  }
  return { moreWaits: false };
};

/** One message; one that fails is left in the inbox for the next slot and does not stand in the others' way. */
const takeOne = async (
  context: PollContext,
  client: MeshClient,
  mailbox: Mailbox,
  id: string,
): Promise<Taken | undefined> => {
  const { table, log, measure } = context;
  const { mailboxId } = mailbox.setting;
  try {
    if (await table.read(foreignKey(mailboxId, id))) return undefined;
    const taken = await takeMessage(context, client, mailbox.setting, id);
    if (taken.kind === 'stop') {
      measure.count('InboxMessagesFailed');
      log.error('INBOX_MESSAGE_FAILED', { mailboxId, meshMessageId: id, error: taken.fault.reason });
    } else {
      log.info('INBOX_MESSAGE_TAKEN', {
        mailboxId,
        meshMessageId: id,
        what: taken.kind === 'taken' ? taken.outcome : taken.why,
      });
    }
    return taken;
  } catch (error) {
    if (error instanceof MeshFault) {
      const { outcome } = error;
      measure.count('InboxMessagesFailed');
      log.error('INBOX_MESSAGE_FAILED', { mailboxId, meshMessageId: id, error: outcome.reason });
      return outcome.kind === 'transient' || outcome.kind === 'configuration'
        ? { kind: 'stop', fault: outcome }
        : { kind: 'left', why: outcome.kind };
    }
    measure.count('InboxMessagesFailed');
    log.error('INBOX_MESSAGE_FAILED', { mailboxId, meshMessageId: id, error: errorText(error) });
    return undefined;
  }
};
