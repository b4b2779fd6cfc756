import type { RangedSource } from '../../../../shared/submission/ranged-text.ts';

/** Bytes in memory as a ranged source that keeps count of what was read. */
export const bytesSource = (bytes: Uint8Array): RangedSource & { reads: number; bytesRead: number } => ({
  size: bytes.length,
  reads: 0,
  bytesRead: 0,
  async read(from, to) {
    this.reads++;
    this.bytesRead += to - from;
    return bytes.subarray(from, to);
  },
});
