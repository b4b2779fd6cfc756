import type { Objects } from '../platform/objects.ts';
import type { Queue } from '../platform/queue.ts';
import { change } from '../platform/table.ts';
import { applyEvent, clearWork, type DeliveryContext, type StoredRecord } from './documents.ts';
import { type DropItem, type FinishedHalf, finishPair, indexedDrop } from './drop.ts';
import { type Encounter, noEncounter, releaseEncounter } from './encounter.ts';
import {
  archivedSent,
  documentKey,
  dropKey,
  encounterKey,
  envelopeObject,
  headerKey,
  meshKey,
  parkedKey,
  partObject,
} from './keys.ts';
import { receiptOf } from './receipt.ts';
import { currentComposition, type MeshReport } from './record.ts';
import { nextAttempt } from './state-of.ts';
import type { Discard, Work } from './work.ts';
import { writeReceipt } from './write-receipt.ts';

/** What work needs. A function without the archive, the outbox or the inbox leaves that part to `watch`. */
export interface WorkContext extends DeliveryContext {
  readonly drops: Objects;
  readonly messages: Objects;
  readonly archive?: Objects;
  readonly outbox?: Queue;
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
export interface ParkedItem {
  readonly report: MeshReport;
  readonly mailboxId: string;
  readonly at: number;
}

const putOnce = <T extends object>(context: DeliveryContext, key: string, item: T) =>
  change<T, undefined>(context.table, key, (stored) =>
    stored ? { kind: 'keep', result: undefined } : { kind: 'put', item, result: undefined },
  );

/** An acknowledgement can answer as soon as the message is out: its header must be findable before. */
const enqueue = async (context: WorkContext, outbox: Queue, record: StoredRecord) => {
  const composition = currentComposition(record);
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

/** A report may have come before our own write of the message id: it was parked, and is applied now. */
const indexMessage = async (context: WorkContext, record: StoredRecord): Promise<StoredRecord> => {
  const { meshMessageId } = currentComposition(record);
  if (meshMessageId === undefined) return record;
  await putOnce<MeshItem>(context, meshKey(meshMessageId), { documentId: record.documentId });
  const parked = await context.table.read<ParkedItem>(parkedKey(meshMessageId));
  if (!parked) return record;
  const applied = await applyEvent(context, record.documentId, {
    kind: 'reported',
    meshMessageId,
    report: parked.report,
  });
  return applied.record ?? record;
};

const archiveSent = async (context: WorkContext, archive: Objects, record: StoredRecord) => {
  const composition = currentComposition(record);
  const { documentId } = record;
  const keep = (key: string, n: number, kind: string) =>
    archive.copyFrom(context.messages, key, archivedSent(documentId, composition.number, n, kind));
  await keep(envelopeObject(documentId, composition.number), 1, 'envelope');
  for (const [index] of (composition.stored?.parts ?? []).entries()) {
    await keep(partObject(documentId, composition.number, index + 1), index + 2, `message-part-${index + 1}`);
  }
};

/** Deletes the pair from the inbox, half by half and only the halves that were dealt with; then closes the drop. */
const discardDrop = async (context: WorkContext, inbox: Objects, record: StoredRecord, discard: Discard) => {
  const key = dropKey(record.senderOds, discard.name);
  for (const [side, versionId] of [
    ['pdf', discard.pdfVersionId],
    ['manifest', discard.manifestVersionId],
  ] as const) {
    if (versionId === undefined) continue;
    const object = `inbox/${record.senderOds}/${discard.name}.${side === 'pdf' ? 'pdf' : 'json'}`;
    const current = await inbox.head(object);
    // A newer object under the same name is another drop's half: it stays.
    if (current?.versionId === versionId) await inbox.remove(object, { ifMatch: current.etag });
  }
  await change<DropItem, undefined>(context.table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const finished = (versionId: string | undefined, half: DropItem['pdf']): FinishedHalf => ({
      versionId: versionId ?? '',
      sequencer: half?.versionId === versionId ? (half?.sequencer ?? '0') : '0',
    });
    const item = finishPair(stored, {
      documentId: record.documentId,
      at: context.clock.now(),
      pdf: finished(discard.pdfVersionId, stored.pdf),
      manifest: finished(discard.manifestVersionId, stored.manifest),
    });
    return { kind: 'put', item, indexed: indexedDrop(item), result: undefined };
  });
};

/**
 * Does the work that the record carries, what lets others go first, and takes it off. A part that fails stays, and
 * the error goes to the caller; doing a part twice is harmless.
 */
export const performWork = async (context: WorkContext, record: StoredRecord): Promise<StoredRecord> => {
  let current = record;
  const { work } = record;
  let left: Work = work;
  const without = (part: keyof Work) => {
    const { [part]: _, ...rest } = left;
    left = rest;
  };
  if (work.releaseClaim) {
    await releaseClaim(context, record, work.releaseClaim);
    without('releaseClaim');
  }
  if (work.indexMessage) {
    current = await indexMessage(context, record);
    without('indexMessage');
  }
  if (work.enqueue && context.outbox) {
    await enqueue(context, context.outbox, record);
    without('enqueue');
  }
  if (work.archive && context.archive) {
    await archiveSent(context, context.archive, record);
    without('archive');
  }
  if (work.discardDrops && context.inbox) {
    for (const discard of work.discardDrops) await discardDrop(context, context.inbox, record, discard);
    without('discardDrops');
  }
  if (work.receipt) {
    for (const name of current.dropNames) {
      await writeReceipt(context.drops, { ...receiptOf(current, name, context.clock.now()), name });
    }
    without('receipt');
  }
  // A parked report has changed the record since: its own work covers ours, and watch or the next event does it.
  return current === record ? clearWork(context, record, left) : current;
};

/** The record as it stands, with its work done as far as this function can. */
export const settle = async (context: WorkContext, documentId: string): Promise<StoredRecord | undefined> => {
  const record = await context.table.read<StoredRecord>(documentKey(documentId));
  return record ? performWork(context, record) : undefined;
};
