import { randomBytes } from 'node:crypto';

/** `yyyyMMddHHmmss` in UTC, as MESH stamps statuses. */
export const statusTimestamp = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);

/** An id in the form Spine gives: time to the microsecond, then six hexadecimal digits. */
export const newMessageId = (epochMs: number): string => {
  const milliseconds = String(Math.floor(epochMs) % 1000).padStart(3, '0');
  const random = randomBytes(5).toString('hex').toUpperCase();
  const microseconds = String(Number.parseInt(random.slice(6), 16) % 1000).padStart(3, '0');
  return `${statusTimestamp(epochMs)}${milliseconds}${microseconds}_${random.slice(0, 6)}`;
};
