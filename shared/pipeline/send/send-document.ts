import { type Disposition, done, returnAfter } from '../../delivery/disposition.ts';
import { applyEvent, readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { currentComposition } from '../../delivery/record.ts';
import type { MeshClient } from '../../mesh/client.ts';
import { minutes } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { errorText } from '../../platform/log.ts';
import type { OutboxMessage } from '../../platform/queue-messages.ts';
import { connect } from '../../senders/connection.ts';
import { circuitRetry, inFlightLimitOf, type Mailbox } from '../../senders/mailbox.ts';
import { pauseOver } from '../../senders/pause.ts';
import { readMailbox } from '../../senders/registry.ts';
import { attempt } from './attempt.ts';
import type { SendContext } from './context.ts';
import { sendable } from './sendable.ts';
import { type TurnOf, takeTurn } from './turn.ts';
import { finish, forCircuit, holdForPause, stop, waits } from './waits.ts';

/** Time that an attempt needs at the least; with less left the message goes back. */
const leastTime = minutes(0.5);
/** Its turn is what ends it; its time is for what the line has lost. */
const turnPatience = minutes(5);

/** Sends one composition, or says why not. Whatever happens is in the record before the queue is told. */
export const sendDocument = async (context: SendContext, message: OutboxMessage): Promise<Disposition> => {
  const { table, clock, log } = context;
  const documentId = message.documentId as DocumentId;
  const fields = { documentId, composition: message.composition };
  const record = await readDocument(table, documentId);
  if (!record) {
    log.error('SEND_UNKNOWN_DOCUMENT', fields);
    return done;
  }
  const composition = currentComposition(record);
  const mailboxId = composition.stored?.mailboxId ?? '';
  const mailbox = await readMailbox(table, mailboxId);
  if ((await decide(context, record, message, mailbox)) !== 'send') return done;
  if (context.deadline - clock.now() < leastTime) return returnAfter(minutes(1));

  if (!mailbox)
    return waits(context, record, { why: 'the MESH mailbox is not registered', until: clock.now() + circuitRetry });
  if (mailbox.course.circuit) return waits(context, record, forCircuit(clock.now()));
  const turn = await takeTurn(context, mailboxId, record, inFlightLimitOf(mailbox.setting), () =>
    waits(context, record, {
      why: 'other documents of its mailbox are being handed over',
      until: clock.now() + turnPatience,
      for: 'turn',
    }),
  );
  if (!turn) return done;
  try {
    const connection = await connect(context.connection, mailbox.setting, () => context.deadline).catch(
      (error: unknown) => {
        // AWS, not the mailbox: the message comes back soon.
        log.warn('SEND_NOT_CONNECTED', { ...fields, error: errorText(error) });
        return undefined;
      },
    );
    if (!connection) return returnAfter(minutes(1));
    if (connection.kind === 'configuration') return await stop(context, mailbox, record, connection);
    try {
      const disposition = await attempt(context, record, mailbox, connection.client);
      await sendLine(context, mailboxId, turn, connection.client);
      return disposition;
    } finally {
      connection.client.close();
    }
  } finally {
    await turn.leave();
  }
};

/** What waits for its turn is sent by whoever's slot becomes free, with so much of the invocation left at the least. */
const leastTimeForNext = minutes(2);

/**
 * Those of the mailbox that wait for their turn, one after the other. Their records say that they wait, so that nothing
 * that goes wrong here loses them; no queue message stands for them, so their waits are in their records too.
 */
const sendLine = async (context: SendContext, mailboxId: string, turn: TurnOf, client: MeshClient): Promise<void> => {
  const { table, clock, log, measure } = context;
  try {
    while (context.deadline - clock.now() > leastTimeForNext) {
      const mailbox = await readMailbox(table, mailboxId);
      if (!mailbox || mailbox.course.circuit) return;
      const next = await turn.pass(inFlightLimitOf(mailbox.setting));
      if (!next) return;
      const record = await readDocument(table, next.documentId);
      if (!record || (await decide(context, record, next, mailbox, true)) !== 'send') continue;
      const disposition = await attempt(context, record, mailbox, client);
      if (disposition.kind === 'return') {
        const until = clock.now() + disposition.afterSeconds * 1000;
        await waits(context, record, { why: 'it is to be tried again', until });
      }
    }
  } catch (error) {
    measure.count('ItemsFailed');
    log.error('SEND_LINE_FAILED', { mailboxId, error: errorText(error) });
  }
};

/** Is it to be sent now? Holds it for a pause, gives up, or says in the log why not. */
const decide = async (
  context: SendContext,
  record: StoredRecord,
  message: Pick<OutboxMessage, 'composition'>,
  mailbox: Mailbox | undefined,
  inTurn = false,
): Promise<'send' | 'not'> => {
  const { table, clock, settings, log } = context;
  const { documentId } = record;
  const { composition } = message;
  const decision = sendable(record, message, clock.now(), settings.doubtWait, inTurn);
  if (decision.kind === 'skip') {
    log.info('SEND_SKIPPED', { documentId, composition, why: decision.why });
    return 'not';
  }
  const paused = await pauseOver(table, { odsCode: record.senderOds, mailbox });
  if (paused) {
    await holdForPause(context, record, paused);
    return 'not';
  }
  switch (decision.kind) {
    case 'send':
      return 'send';
    case 'give-up':
      await finish(context, await applyEvent(context, documentId, { kind: 'gave-up', composition }));
      log.error('SEND_GAVE_UP', { documentId, composition });
      return 'not';
  }
};
