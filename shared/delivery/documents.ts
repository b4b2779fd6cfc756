import type { Clock } from '../platform/clock.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { Measure } from '../platform/measure.ts';
import { change, type Indexed, type Stored, type Table } from '../platform/table.ts';
import { attentionSince } from './attention.ts';
import { type DeliverySettings, nextCheckAt } from './due.ts';
import type { DeliveryEvent } from './events.ts';
import { withJournal } from './journal.ts';
import { documentKey, trackingList } from './keys.ts';
import { figuresOf } from './measures.ts';
import type { DocumentRecord } from './record.ts';
import { reduce } from './reduce.ts';
import { stateOf } from './state-of.ts';
import { trackingDue } from './tracking.ts';
import { unsentSince } from './unsent.ts';

export interface DeliveryContext {
  readonly table: Table;
  readonly clock: Clock;
  readonly settings: DeliverySettings;
  /** Told of what each change that went through amounts to. */
  readonly measure?: Measure;
}

export type StoredRecord = DocumentRecord & Stored;

export type Applied =
  | { readonly kind: 'changed'; readonly record: StoredRecord; readonly what: string }
  | { readonly kind: 'no-op'; readonly why: string; readonly record?: StoredRecord };

export const indexedRecord = (record: DocumentRecord, now: number, settings: DeliverySettings): Indexed => {
  const due = nextCheckAt(record, now, settings);
  const unsent = unsentSince(record);
  const attention = attentionSince(record);
  const tracking = trackingDue(record);
  return {
    senderOds: record.senderOds,
    updatedAt: now,
    state: stateOf(record),
    ...(due === undefined ? {} : { nextCheckAt: due }),
    ...(unsent === undefined ? {} : { unsentSince: unsent }),
    ...(attention === undefined ? {} : { attentionSince: attention }),
    ...(tracking === undefined ? {} : { mailboxList: trackingList(tracking.mailboxId), listedAt: tracking.at }),
  };
};

export const readDocument = (table: Table, documentId: DocumentId): Promise<StoredRecord | undefined> =>
  table.read<DocumentRecord>(documentKey(documentId));

/** Reads, reduces and writes one document; on conflict reduces again. The only way a record changes. */
export const applyEvent = async (
  { table, clock, settings, measure }: DeliveryContext,
  documentId: DocumentId,
  event: DeliveryEvent,
): Promise<Applied> => {
  const { applied, before } = await change<DocumentRecord, { applied: Applied; before: DocumentRecord | undefined }>(
    table,
    documentKey(documentId),
    (stored) => {
      const now = clock.now();
      const reduction = reduce(stored, event, now);
      if (reduction.kind === 'no-op') {
        const applied: Applied = { kind: 'no-op', why: reduction.why, ...(stored ? { record: stored } : {}) };
        return { kind: 'keep', result: { applied, before: stored } };
      }
      const { what } = reduction;
      const record = withJournal(stored, reduction.record, event, what, now);
      return {
        kind: 'put',
        item: record,
        indexed: indexedRecord(record, now, settings),
        result: {
          applied: { kind: 'changed', what, record: { ...record, revision: (stored?.revision ?? 0) + 1 } },
          before: stored,
        },
      };
    },
  );
  if (measure && applied.kind === 'changed') {
    for (const figure of figuresOf(before, applied.record)) {
      switch (figure.kind) {
        case 'counted':
          measure.count(figure.metric, figure.value);
          break;
        case 'recorded':
          measure.record(figure.metric, figure.value);
          break;
        case 'of-sender':
          measure.countOf(figure.senderOds, figure.metric);
          break;
      }
    }
  }
  return applied;
};

/** Work that is done is taken off, if the record still is the one whose work was done. */
export const clearWork = async (
  { table, clock, settings }: DeliveryContext,
  record: StoredRecord,
  left: DocumentRecord['work'],
): Promise<StoredRecord> => {
  const cleared: DocumentRecord = { ...record, work: left };
  const outcome = await table.write(
    documentKey(record.documentId),
    cleared,
    record.revision,
    indexedRecord(cleared, clock.now(), settings),
  );
  return outcome === 'written' ? { ...cleared, revision: record.revision + 1 } : record;
};
