import type { DocumentRecord, HoldReason } from './record.ts';

export const isHeldFor = (record: DocumentRecord, reason: HoldReason): boolean =>
  record.holds.some((hold) => hold.reason === reason);

/** Is it held for nothing but a pause? Then this system goes on by itself when the pause is over. */
export const isOnlyPaused = ({ holds }: DocumentRecord): boolean =>
  holds.length > 0 && holds.every(({ reason }) => reason === 'paused');

export const withoutHold = (record: DocumentRecord, reason: HoldReason): DocumentRecord =>
  isHeldFor(record, reason) ? { ...record, holds: record.holds.filter((hold) => hold.reason !== reason) } : record;
