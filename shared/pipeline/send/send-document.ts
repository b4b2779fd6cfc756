import { type Disposition, done, returnAfter } from '../../delivery/disposition.ts';
import { type Applied, applyEvent, readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { queueSilence } from '../../delivery/due.ts';
import { hasStanding, readStanding } from '../../delivery/earlier-versions.ts';
import type { Encounter } from '../../delivery/encounter.ts';
import { envelopeObject } from '../../delivery/keys.ts';
import { performWork, type WorkContext } from '../../delivery/perform-work.ts';
import { type AttemptOutcome, currentComposition, type StoredMessage, type Waiting } from '../../delivery/record.ts';
import { doubtfulAttempt, inDoubt, nextAttempt, resendAllowed, stateOf } from '../../delivery/state-of.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { SendOutcome } from '../../mesh/outcomes.ts';
import { minutes } from '../../platform/clock.ts';
import type { DocumentId, Ids, MeshMessageId } from '../../platform/ids.ts';
import { errorText } from '../../platform/log.ts';
import type { Measure } from '../../platform/measure.ts';
import { readWhole } from '../../platform/objects.ts';
import type { OutboxMessage } from '../../platform/queue-messages.ts';
import { type ConnectionSetting, connect } from '../../senders/connection.ts';
import { circuitRetry, inFlightLimitOf, type Mailbox, openCircuit } from '../../senders/mailbox.ts';
import { type Pause, pausedWhat, pauseOver } from '../../senders/pause.ts';
import { changeCourse, readMailbox } from '../../senders/registry.ts';
import { deriveIds } from '../derive-ids.ts';
import { type EnvelopeFile, envelopeFile } from '../envelope.ts';
import { meshAdvice } from '../mesh-advice.ts';
import { backoff, longestBackoff } from './backoff.ts';
import { claimForSending, freeOrphan, releaseClaim } from './claim.ts';
import { findAtMesh, lookForLost } from './find-at-mesh.ts';
import { post, uploadBegun } from './post.ts';
import { type TurnOf, takeTurn } from './turn.ts';
import { uploadRecord } from './upload.ts';

export interface SendContext extends WorkContext {
  readonly connection: ConnectionSetting;
  readonly ids: Ids;
  readonly random: () => number;
  readonly measure: Measure;
  /** Epoch ms when this invocation has certainly ended. */
  readonly deadline: number;
}

/** Time that an attempt needs at the least; with less left the message goes back. */
const leastTime = minutes(0.5);
const envelopeBytes = 1 << 20;

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

/** Everything from the claim on: claim, SENDING, post, outcome. */
const attempt = async (
  context: SendContext,
  record: StoredRecord,
  mailbox: Mailbox,
  client: MeshClient,
): Promise<Disposition> => {
  const { table, clock, ids, log, settings } = context;
  const { documentId, senderOds, encounterId, version } = record;
  const composition = currentComposition(record);
  if (encounterId === undefined || version === undefined)
    throw new Error(`Document ${documentId} was composed without an encounter.`);
  const claim = {
    documentId,
    version,
    attempt: nextAttempt(record),
    owner: ids.uuid(),
    deadline: context.deadline,
  };
  const fields = { documentId, composition: composition.number, attempt: claim.attempt };
  const { stored } = composition;
  if (!stored) throw new Error(`Document ${documentId} has no stored message.`);
  const envelope = await readEnvelope(context, documentId, stored);
  const settledBefore = await askBeforeResend(context, record, mailbox, client, envelope);
  if (settledBefore) return settledBefore;
  const claimed = await claimForSending(table, senderOds, encounterId, claim, () => clock.now());
  switch (claimed.kind) {
    case 'superseded':
      await finish(
        context,
        await applyEvent(context, documentId, {
          kind: 'superseded',
          composition: composition.number,
          byVersion: claimed.by,
        }),
      );
      log.info('SEND_SUPERSEDED', fields);
      return done;
    case 'stale':
      log.info('SEND_SKIPPED', { ...fields, why: 'stale' });
      return done;
    case 'in-flight': {
      const freed = await freeOrphan(table, senderOds, encounterId, claimed.claim, clock.now());
      log.info('SEND_WAITS_FOR_VERSION', { ...fields, why: freed });
      const rest = claimed.claim.deadline - clock.now();
      // A doubt about another version takes longer to clear up than this invocation's neighbour to end.
      return returnAfter(freed === 'freed' ? 1000 : rest > 0 ? rest : Math.min(settings.doubtWait, queueSilence / 2));
    }
    case 'claimed': {
      const settled = await settleStanding(context, record, claimed.encounter);
      if (settled === 'goes') break;
      await releaseClaim(table, senderOds, encounterId, claim);
      log.info('SEND_NOT_AS_COMPOSED', fields);
      return done;
    }
  }
  const resume = await uploadBegun(context, documentId, stored, envelope);
  const begun = await applyEvent(context, documentId, {
    kind: 'attempt-begun',
    composition: composition.number,
    attempt: claim.attempt,
    owner: claim.owner,
    deadline: claim.deadline,
    ...(resume === undefined ? {} : { goesOn: true }),
  });
  // "already-begun" is our own write, whose answer got lost: go on, the claim is ours.
  if (begun.kind === 'no-op' && begun.why !== 'already-begun') {
    // While the document is in doubt the claim is all that keeps later versions from overtaking it.
    if (!begun.record || !inDoubt(begun.record)) await releaseClaim(table, senderOds, encounterId, claim);
    log.info('SEND_SKIPPED', { ...fields, why: begun.why });
    return done;
  }
  log.info('SEND_BEGUN', fields);
  const posted = await post(context, documentId, client, stored, envelope, resume);
  const outcome = await lookForLost(context, client, stored, documentId, envelope, posted);
  const ended = await applyEvent(context, documentId, {
    kind: 'attempt-ended',
    composition: composition.number,
    attempt: claim.attempt,
    owner: claim.owner,
    outcome: attemptOutcome(outcome, clock.now()),
  });
  log[outcome.kind === 'sent' ? 'info' : 'warn']('SEND_ENDED', {
    ...fields,
    what: outcome.kind,
    ...(outcome.kind === 'sent' ? { meshMessageId: outcome.meshMessageId } : { why: outcome.reason }),
    ...('code' in outcome && outcome.code !== undefined ? { resultCode: outcome.code } : {}),
  });
  context.measure.count('UnknownOutcomes', outcome.kind === 'unknown' ? 1 : 0);
  const settled = await finish(context, ended);
  if (outcome.kind === 'configuration') return stop(context, mailbox, record, outcome);
  if (outcome.kind === 'transient') {
    const after = settled ?? record;
    const failures = after.compositions.flatMap(({ attempts }) => attempts).length;
    const wait = backoff(failures, context.random(), outcome.retryAfterMs);
    // A re-send after a doubt, and a wait longer than a queue message should be away, wait in the record.
    if (stateOf(after) === 'SENDING' || wait > longestBackoff) {
      return waits(context, record, { why: outcome.reason, until: clock.now() + wait });
    }
    return returnAfter(wait);
  }
  return done;
};

/**
 * A doubt that has waited is sent again only if MESH, asked where it can be, knows nothing of it. Undefined: it may go,
 * or goes on with the upload that was found.
 */
const askBeforeResend = async (
  context: SendContext,
  record: StoredRecord,
  mailbox: Mailbox,
  client: MeshClient,
  envelope: EnvelopeFile,
): Promise<Disposition | undefined> => {
  const { table, clock, log } = context;
  const { documentId } = record;
  const composition = currentComposition(record);
  const { stored, number } = composition;
  const doubt = doubtfulAttempt(composition);
  if (!doubt || !stored || (await uploadBegun(context, documentId, stored, envelope))) return undefined;
  const found = await findAtMesh(client, envelope);
  switch (found.kind) {
    case 'nothing':
      return undefined;
    case 'one': {
      const { meshMessageId } = found;
      log.warn('SEND_FOUND_AT_MESH', { documentId, composition: number, attempt: doubt.number, meshMessageId });
      if (!found.isWhole) {
        await uploadRecord(table, documentId, stored.folder, () => clock.now()).write({ meshMessageId, nextPart: 2 });
        return undefined;
      }
      const outcome = { kind: 'sent', at: clock.now(), meshMessageId } as const;
      const { number: attempt, owner } = doubt;
      await finish(
        context,
        await applyEvent(context, documentId, { kind: 'attempt-ended', composition: number, attempt, owner, outcome }),
      );
      return done;
    }
    case 'several':
      log.error('SEND_FOUND_TWICE_AT_MESH', { documentId, composition: number });
      await finish(context, await applyEvent(context, documentId, { kind: 'found-several', composition: number }));
      return done;
    case 'transient': {
      const wait = backoff(composition.attempts.length, context.random(), found.retryAfterMs);
      return waits(context, record, { why: found.reason, until: clock.now() + wait });
    }
    case 'configuration':
      return stop(context, mailbox, record, found);
  }
};

/**
 * Under the claim nobody can go before this version any more: now it shows what it replaces. A message that was composed
 * for another case is composed again; what may have left already is sent again as it was, or not at all.
 */
const settleStanding = async (
  context: SendContext,
  record: StoredRecord,
  encounter: Encounter,
): Promise<'goes' | 'not-as-composed'> => {
  const composition = currentComposition(record);
  if (inDoubt(record)) return 'goes';
  const standing = await readStanding(context.table, encounter, record.version ?? 0, composition.practice, 'claimed');
  if (hasStanding(composition, standing)) return 'goes';
  const decided = await applyEvent(context, record.documentId, {
    kind: 'standing-decided',
    composition: composition.number,
    standing,
    ids: deriveIds,
  });
  // Whatever else came between is for the next step to refuse.
  if (decided.kind === 'no-op' || stateOf(decided.record) === 'COMPOSED') return 'goes';
  await performWork(context, decided.record);
  return 'not-as-composed';
};

/**
 * MESH delivers nothing before it has the last part: an upload that broke off earlier certainly was not sent, and goes
 * on from where it stands. Only a last part without an answer leaves a doubt, and a message that MESH calls complete.
 */
export const attemptOutcome = (outcome: SendOutcome, at: number): AttemptOutcome => {
  const mayBeWhole = outcome.kind !== 'refused' || outcome.status === 423;
  if (outcome.kind !== 'sent' && outcome.upload !== undefined && mayBeWhole) {
    const certain = outcome.kind === 'transient' || outcome.kind === 'configuration';
    return {
      kind: certain ? 'not-sent' : 'unknown',
      at,
      reason: `the upload ${outcome.upload.meshMessageId} broke off before part ${outcome.upload.nextPart}: ${outcome.reason}`,
    };
  }
  switch (outcome.kind) {
    case 'sent':
      return { kind: 'sent', at, meshMessageId: outcome.meshMessageId as MeshMessageId };
    case 'refused':
      return {
        kind: 'refused',
        at,
        code: outcome.code ?? `HTTP_${outcome.status ?? 'NONE'}`,
        advice: `${outcome.reason} ${meshAdvice(outcome.code, outcome.advice)}`,
      };
    case 'transient':
    case 'configuration':
      return { kind: 'not-sent', at, reason: outcome.reason };
    case 'unknown':
      return { kind: 'unknown', at, reason: outcome.reason };
  }
};

const readEnvelope = async (
  context: SendContext,
  documentId: DocumentId,
  stored: StoredMessage,
): Promise<EnvelopeFile> => {
  const found = await readWhole(context.messages, envelopeObject(stored.folder), envelopeBytes);
  if (!found || found === 'too-large') throw new Error(`The envelope of document ${documentId} is gone.`);
  return envelopeFile.parse(JSON.parse(found.bytes.toString('utf8')));
};

const finish = async (context: SendContext, applied: Applied): Promise<StoredRecord | undefined> =>
  applied.kind === 'changed' ? performWork(context, applied.record) : applied.record;

/** The document waits in its record, not in the queue: watch queues it again when the time has come, or sooner. */
const waits = async (context: SendContext, record: StoredRecord, waiting: Waiting): Promise<Disposition> => {
  const { documentId } = record;
  const { number } = currentComposition(record);
  await finish(context, await applyEvent(context, documentId, { kind: 'waits', composition: number, ...waiting }));
  context.log.warn('SEND_WAITS', { documentId, why: waiting.why });
  return done;
};

/** How often a re-send that a pause keeps back is looked at. */
const pauseLook = minutes(15);

/** Held in its record until the pause is over. One that is in doubt stays so, and only its re-send waits. */
const holdForPause = async (
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
const forCircuit = (now: number): Waiting => ({
  why: 'the MESH mailbox has a configuration fault',
  until: now + longestBackoff,
  for: 'circuit',
});

/** Its turn is what ends it; its time is for what the line has lost. */
const turnPatience = minutes(5);

/** A configuration fault stops the mailbox, not the document: one circuit opens, whatever waits is kept. */
const stop = async (
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
