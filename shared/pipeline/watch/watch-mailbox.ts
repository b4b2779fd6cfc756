import { minutes } from '../../platform/clock.ts';
import { connect } from '../../senders/connection.ts';
import { circuitRetry, closeCircuit, openCircuit } from '../../senders/mailbox.ts';
import { pauseOver } from '../../senders/pause.ts';
import { changeCourse, readMailbox } from '../../senders/registry.ts';
import type { WatchContext } from './watch.ts';

/** Enqueues a poll that is due; tries an open circuit with a handshake, and closes it when MESH answers. */
export const watchMailbox = async (context: WatchContext, mailboxId: string): Promise<void> => {
  const { table, clock, polls, log } = context;
  const mailbox = await readMailbox(table, mailboxId);
  if (!mailbox) return;
  const now = clock.now();
  const { circuit, nextPollAt } = mailbox.course;
  if (await pauseOver(table, { mailbox })) {
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
  if (!circuit) {
    if (nextPollAt > now) return;
    // One poll for a mailbox and slot, however often this minute comes round.
    const slot = String(nextPollAt);
    await polls.send({ mailboxId, slot }, { groupId: mailboxId, deduplicationId: `${mailboxId}-${slot}` });
    log.info('POLL_ENQUEUED', { mailboxId, slot });
    return;
  }
  if (circuit.nextTryAt > now) return;
  const connection = await connect(context.connection, mailbox.setting, () => context.deadline);
  const shaken =
    connection.kind === 'ok'
      ? await connection.client.handshake().finally(() => connection.client.close())
      : connection;
  if (shaken.kind === 'ok') {
    await changeCourse(table, mailboxId, ({ course }) => closeCircuit(course, clock.now()));
    log.warn('MAILBOX_CIRCUIT_CLOSED', { mailboxId });
    return;
  }
  await changeCourse(table, mailboxId, ({ course }) =>
    shaken.kind === 'configuration'
      ? openCircuit(course, shaken, clock.now())
      : { ...course, circuit: { ...circuit, nextTryAt: clock.now() + circuitRetry } },
  );
  log.warn('MAILBOX_CIRCUIT_STILL_OPEN', { mailboxId, why: shaken.reason });
};
