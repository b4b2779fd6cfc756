import { type Disposition, done, returnAfter } from '../../delivery/disposition.ts';
import { applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { queueSilence } from '../../delivery/due.ts';
import { hasStanding, readStanding } from '../../delivery/earlier-versions.ts';
import type { Encounter } from '../../delivery/encounter.ts';
import { envelopeObject } from '../../delivery/keys.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { currentComposition, type StoredMessage } from '../../delivery/record.ts';
import { doubtfulAttempt, inDoubt, nextAttempt, stateOf } from '../../delivery/state-of.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { readWhole } from '../../platform/objects.ts';
import type { Mailbox } from '../../senders/mailbox.ts';
import { deriveIds } from '../derive-ids.ts';
import { type EnvelopeFile, envelopeFile } from '../envelope.ts';
import { attemptOutcome } from './attempt-outcome.ts';
import { backoff, longestBackoff } from './backoff.ts';
import { claimForSending, freeOrphan, releaseClaim } from './claim.ts';
import type { SendContext } from './context.ts';
import { findAtMesh, lookForLost } from './find-at-mesh.ts';
import { post, uploadBegun } from './post.ts';
import { uploadRecord } from './upload.ts';
import { finish, stop, waits } from './waits.ts';

const envelopeBytes = 1 << 20;

/** Everything from the claim on: claim, SENDING, post, outcome. */
export const attempt = async (
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

const readEnvelope = async (
  context: SendContext,
  documentId: DocumentId,
  stored: StoredMessage,
): Promise<EnvelopeFile> => {
  const found = await readWhole(context.messages, envelopeObject(stored.folder), envelopeBytes);
  if (!found || found === 'too-large') throw new Error(`The envelope of document ${documentId} is gone.`);
  return envelopeFile.parse(JSON.parse(found.bytes.toString('utf8')));
};
