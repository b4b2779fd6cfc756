import { writeEntries } from '../audit/write-entries.ts';
import { publishChanges } from '../events/publish-changes.ts';
import { leaveNotices, noticeOf } from '../notices/pending.ts';
import type { DocumentId } from '../platform/ids.ts';
import { errorText, type Log } from '../platform/log.ts';
import type { Objects } from '../platform/objects.ts';
import type { Queue } from '../platform/queue.ts';
import { change } from '../platform/table.ts';
import type { Topic } from '../platform/topic.ts';
import { attachmentKey, manifestKey, pdfKey } from '../submission/object-names.ts';
import { applyEvent, clearWork, type DeliveryContext, readDocument, type StoredRecord } from './documents.ts';
import { type DropItem, type FinishedHalf, finishPair, indexedDrop, type Side } from './drop.ts';
import { type Encounter, noEncounter, releaseEncounter } from './encounter.ts';
import {
  archivedSent,
  dropKey,
  encounterKey,
  envelopeObject,
  headerKey,
  meshKey,
  parkedKey,
  partObject,
} from './keys.ts';
import { decideQuarantined, finishQuarantined } from './quarantine-decision.ts';
import { receiptOf } from './receipt.ts';
import type { Composition, MeshReport } from './record.ts';
import { nextAttempt } from './state-of.ts';
import type { Discard, Work } from './work.ts';
import { writeReceipt } from './write-receipt.ts';

/** What work needs. A function without the archive, a topic, the outbox or the inbox leaves that part to `watch`. */
export interface WorkContext extends DeliveryContext {
  readonly log: Log;
  readonly drops: Objects;
  readonly messages: Objects;
  readonly archive?: Objects;
  /** The archive again, for a function that writes there what was done and no message. */
  readonly audit?: Objects;
  /** Whoever follows documents hears of them there. */
  readonly events?: Topic;
  readonly outbox?: Queue;
  readonly ingest?: Queue;
  /** The drops bucket again, for a function that may delete from its inbox. */
  readonly inbox?: Objects;
}

export interface HeaderItem {
  readonly documentId: string;
  readonly composition: number;
}
export interface MeshItem {
  readonly documentId: string;
}
/** Reports about a message that we do not know, or not yet. Looked at again after `parkedLimit`. */
export interface ParkedItem {
  /** In the order of coming; one for each inbox message, the first twenty. */
  readonly reports: readonly MeshReport[];
  readonly mailboxId: string;
  readonly at: number;
  /** Nobody knew the message for an hour: they lie in the quarantine since, and are taken out should it become known. */
  readonly quarantined?: true;
}

const putOnce = <T extends object>(context: DeliveryContext, key: string, item: T) =>
  change<T, undefined>(context.table, key, (stored) =>
    stored ? { kind: 'keep', result: undefined } : { kind: 'put', item, result: undefined },
  );

/** An acknowledgement can answer as soon as the message is out: its header must be findable before. */
const enqueue = async (context: WorkContext, outbox: Queue, record: StoredRecord, composition: Composition) => {
  await putOnce<HeaderItem>(context, headerKey(composition.messageHeaderId), {
    documentId: record.documentId,
    composition: composition.number,
  });
  await outbox.send(
    { documentId: record.documentId, composition: composition.number, attempt: nextAttempt(record) },
    { groupId: record.senderOds },
  );
};

const releaseClaim = async (context: WorkContext, record: StoredRecord, claim: NonNullable<Work['releaseClaim']>) => {
  if (record.encounterId === undefined) return;
  await change<Encounter, undefined>(context.table, encounterKey(record.senderOds, record.encounterId), (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const released = releaseEncounter(stored ?? noEncounter, { documentId: record.documentId, ...claim });
    return released === stored
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: released, result: undefined };
  });
};

/** Its message is known after all. What a person has decided about it meanwhile stands. */
const outOfQuarantine = async (
  context: WorkContext,
  { documentId }: StoredRecord,
  { number }: Composition,
  { inboundMessageId }: MeshReport,
): Promise<void> => {
  await decideQuarantined(context, inboundMessageId, {
    at: context.clock.now(),
    by: 'this system',
    bySystem: true,
    why: 'it is known by now which message it is about',
    as: 'applied',
    documentId,
    composition: number,
  });
  await finishQuarantined(context, inboundMessageId, (id) => readDocument(context.table, id as DocumentId));
};

/** A report may have come before our own write of the message id: it was parked, and is applied now. */
const indexMessage = async (context: WorkContext, record: StoredRecord, composition: Composition): Promise<void> => {
  const ids = composition.attempts.flatMap(({ outcome }) => (outcome?.kind === 'sent' ? [outcome.meshMessageId] : []));
  for (const meshMessageId of ids) {
    await putOnce<MeshItem>(context, meshKey(meshMessageId), { documentId: record.documentId });
    const key = parkedKey(meshMessageId);
    const parked = await context.table.read<ParkedItem>(key);
    if (!parked) continue;
    for (const report of parked.reports) {
      if (parked.quarantined) await outOfQuarantine(context, record, composition, report);
      else await applyEvent(context, record.documentId, { kind: 'reported', meshMessageId, report });
    }
    await context.table.remove(key, parked.revision);
  }
};

const archiveSent = async (context: WorkContext, archive: Objects, record: StoredRecord, composition: Composition) => {
  const { stored, number } = composition;
  if (!stored) return;
  const keep = (key: string, n: number, kind: string) =>
    archive.copyFrom(context.messages, key, archivedSent(record.documentId, number, n, kind));
  await keep(envelopeObject(stored.folder), 1, 'envelope');
  for (const [index] of stored.parts.entries()) {
    await keep(partObject(stored.folder, index + 1), index + 2, `message-part-${index + 1}`);
  }
};

/** What an answer to this document means for the version before it, and through that perhaps for the one before. */
const tellPredecessor = async (
  context: WorkContext,
  { version }: StoredRecord,
  { replaces, predecessor }: Composition,
  kind: 'replaced' | 'voided',
): Promise<void> => {
  if (replaces === undefined || predecessor === undefined || version === undefined) return;
  const applied = await applyEvent(context, predecessor.documentId, {
    kind,
    documentBundleId: replaces,
    byVersion: version,
  });
  if (applied.kind === 'changed') await performWork(context, applied.record);
};

/** Deletes a drop from the inbox, object by object and only those that were dealt with; then closes it. */
const discardDrop = async (context: WorkContext, inbox: Objects, record: StoredRecord, discard: Discard) => {
  const { senderOds } = record;
  const { name, attachments = [] } = discard;
  const key = dropKey(senderOds, name);
  // The manifest goes last: as long as it lies there, the drop can be told from attachments that nobody named.
  for (const [object, versionId] of [
    ...attachments.map((one) => [attachmentKey(senderOds, name, one.name), one.versionId] as const),
    [pdfKey(senderOds, name), discard.pdfVersionId],
    [manifestKey(senderOds, name), discard.manifestVersionId],
  ] as const) {
    if (versionId === undefined) continue;
    const current = await inbox.head(object);
    // A newer object under the same name is another drop's: it stays.
    if (current?.versionId === versionId) await inbox.remove(object, { ifMatch: current.etag });
  }
  await change<DropItem, undefined>(context.table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    // A discard that comes again finds its halves gone: what was known of their order must not be forgotten.
    const finished = (versionId: string | undefined, side: Side): FinishedHalf => ({
      versionId: versionId ?? '',
      sequencer: [stored[side], stored.done?.[side]].find((half) => half?.versionId === versionId)?.sequencer ?? '0',
    });
    const item = finishPair(stored, {
      documentId: record.documentId,
      at: context.clock.now(),
      pdf: finished(discard.pdfVersionId, 'pdf'),
      manifest: finished(discard.manifestVersionId, 'manifest'),
    });
    return { kind: 'put', item, indexed: indexedDrop(item), result: undefined };
  });
};

/** Each part of the work that this function can do, with what is left of it once done. */
const partsOf = (context: WorkContext, record: StoredRecord): [done: Partial<Work>, run: () => Promise<void>][] => {
  const { work } = record;
  const { archive, audit, outbox, ingest, inbox, events: topic } = context;
  const each =
    (numbers: readonly number[] | undefined, run: (composition: Composition) => Promise<void>) => async () => {
      for (const composition of record.compositions) if (numbers?.includes(composition.number)) await run(composition);
    };
  const parts: [Partial<Work>, () => Promise<void>][] = [];
  const add = (part: keyof Work, run: () => Promise<void>) => {
    if (work[part] !== undefined) parts.push([{ [part]: work[part] }, run]);
  };
  add('releaseClaim', async () => {
    if (work.releaseClaim) await releaseClaim(context, record, work.releaseClaim);
  });
  add(
    'indexMessages',
    each(work.indexMessages, (composition) => indexMessage(context, record, composition)),
  );
  if (outbox) {
    const numbers = work.enqueue === undefined ? [] : [work.enqueue];
    add(
      'enqueue',
      each(numbers, (composition) => enqueue(context, outbox, record, composition)),
    );
  }
  add(
    'voidPredecessor',
    each(work.voidPredecessor, (composition) => tellPredecessor(context, record, composition, 'voided')),
  );
  add(
    'markReplaced',
    each(work.markReplaced, (composition) => tellPredecessor(context, record, composition, 'replaced')),
  );
  add('notify', () =>
    leaveNotices(
      context.table,
      record.senderOds,
      (work.notify ?? []).map((notice) => noticeOf(record.documentId, notice)),
      context.clock.now(),
    ),
  );
  if (ingest) {
    add('composeAgain', () => ingest.send({ documentId: record.documentId, composeAgain: true }));
  }
  if (inbox) {
    add('discardDrops', async () => {
      for (const discard of work.discardDrops ?? []) await discardDrop(context, inbox, record, discard);
    });
  }
  add('receipt', async () => {
    const refused = (record.refusals ?? []).filter(({ name }) => !record.drops.some((drop) => drop.name === name));
    for (const drop of [...record.drops, ...refused]) {
      await writeReceipt(context.drops, { ...receiptOf(record, drop, context.clock.now()), name: drop.name });
    }
  });
  if (archive)
    add(
      'archive',
      each(work.archive, (composition) => archiveSent(context, archive, record, composition)),
    );
  if (topic) add('events', () => publishChanges(topic, record, work.events ?? []));
  if (audit) add('audit', () => writeEntries(audit, record, work.audit ?? []));
  return parts;
};

/**
 * Does the work that the record carries, what lets others go first, and takes off what was done. A part that fails
 * does not keep the others from being done: it stays, and `watch` tries it again. Doing a part twice is harmless.
 */
export const performWork = async (context: WorkContext, record: StoredRecord): Promise<StoredRecord> => {
  let left: Work = record.work;
  for (const [done, run] of partsOf(context, record)) {
    try {
      await run();
      left = Object.fromEntries(Object.entries(left).filter(([part]) => !(part in done)));
    } catch (error) {
      context.log.warn('WORK_FAILED', {
        documentId: record.documentId,
        what: Object.keys(done).join(', '),
        error: errorText(error),
      });
    }
  }
  return clearWork(context, record, left);
};
