import type { DocumentRecord, HoldReason } from './record.ts';

export const isHeldFor = (record: DocumentRecord, reason: HoldReason): boolean =>
  record.holds.some((hold) => hold.reason === reason);

export const withoutHold = (record: DocumentRecord, reason: HoldReason): DocumentRecord =>
  isHeldFor(record, reason) ? { ...record, holds: record.holds.filter((hold) => hold.reason !== reason) } : record;
