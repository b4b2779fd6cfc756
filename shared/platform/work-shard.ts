import { createHash } from 'node:crypto';
import { workShards } from './names.ts';

/** Which shard of the `work` and `unsent` indexes an item is on: spread evenly, and always the same for a key. */
export const workShardOf = (key: string): string => {
  const [byte = 0] = createHash('sha256').update(key).digest();
  return workShards[byte % workShards.length] ?? workShards[0];
};
