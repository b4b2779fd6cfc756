import { minutes } from '../../platform/clock.ts';
import { connect } from '../../senders/connection.ts';
import { circuitRetry, closeCircuit, isDue, openCircuit } from '../../senders/mailbox.ts';
import { pauseOver } from '../../senders/pause.ts';
import { changeCourse, readMailbox } from '../../senders/registry.ts';
import { recoverMailbox } from './recover-mailbox.ts';
import { writeMailboxEntries } from './registry-entries.ts';
import type { WatchContext } from './watch.ts';

/**
 * Enqueues a poll that is due; tries an open circuit with a handshake, closes it when MESH answers, and queues what
 * waited for that.
 */
export const watchMailbox = async (context: WatchContext, mailboxId: string): Promise<void> => {
  const { table, clock, polls, log } = context;
  const mailbox = await readMailbox(table, mailboxId);
  if (!mailbox) return;
  await writeMailboxEntries(context, mailboxId);
  const now = clock.now();
  if (await pauseOver(table, { mailbox })) {
    if (!isDue(mailbox, now)) return;
    // Behind what else is due, and there again within a minute of the resumption.
    const next = now + minutes(1);
    await changeCourse(table, mailboxId, ({ course }) => ({
      ...course,
      nextPollAt: next,
      ...(course.circuit ? { circuit: { ...course.circuit, nextTryAt: next } } : {}),
    }));
    log.info('POLL_SKIPPED', { mailboxId, why: 'paused' });
    return;
  }
  const { circuit, nextPollAt, recoveringSince } = mailbox.course;
  if (!circuit) {
    if (recoveringSince !== undefined) await recoverMailbox(context, mailboxId, recoveringSince);
    if (!isDue(mailbox, clock.now())) return;
    // One poll for a mailbox and slot, however often this minute comes round.
    const slot = String(nextPollAt);
    await polls.send({ mailboxId, slot }, { groupId: mailboxId, deduplicationId: `${mailboxId}-${slot}` });
    log.info('POLL_ENQUEUED', { mailboxId, slot });
    return;
  }
  if (!isDue(mailbox, clock.now())) return;
  const connection = await connect(context.connection, mailbox.setting, () => context.deadline);
  const shaken =
    connection.kind === 'ok'
      ? await connection.client.handshake().finally(() => connection.client.close())
      : connection;
  if (shaken.kind === 'ok') {
    const closed = await changeCourse(table, mailboxId, ({ course }) => closeCircuit(course, clock.now()));
    log.warn('MAILBOX_CIRCUIT_CLOSED', { mailboxId });
    const since = closed?.course.recoveringSince;
    if (since !== undefined) await recoverMailbox(context, mailboxId, since);
    return;
  }
  await changeCourse(table, mailboxId, ({ course }) =>
    shaken.kind === 'configuration'
      ? openCircuit(course, shaken, clock.now())
      : { ...course, circuit: { ...circuit, nextTryAt: clock.now() + circuitRetry } },
  );
  log.warn('MAILBOX_CIRCUIT_STILL_OPEN', { mailboxId, why: shaken.reason });
};
