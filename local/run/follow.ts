import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { receiptObject } from '../../shared/delivery/receipt.ts';
import { states } from '../../shared/delivery/states.ts';
import { systemClock } from '../../shared/platform/clock.ts';

const receipt = z.object({
  state: z.string(),
  meaning: z.string(),
  whoseMove: z.string(),
  advice: z.string().optional(),
  documentId: z.string().nullable(),
  problems: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })).optional(),
  history: z.array(z.object({ at: z.string(), what: z.string(), detail: z.string().optional() })),
});
export type SeenReceipt = z.infer<typeof receipt>;

export type Followed =
  | { readonly kind: 'ended'; readonly receipt: SeenReceipt }
  | { readonly kind: 'still-under-way'; readonly receipt?: SeenReceipt }
  | { readonly kind: 'stopped' };

const under = new Set<string>(['RECEIVED', 'COMPOSED', 'SENDING', 'SENT', 'INFRASTRUCTURE_ACKNOWLEDGED']);
const known = new Set<string>([...states, 'DROP_REFUSED']);

export const readReceipt = async (
  s3: S3Client,
  bucket: string,
  odsCode: string,
  name: string,
): Promise<SeenReceipt | undefined> => {
  try {
    const found = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: receiptObject(odsCode, name) }));
    return receipt.parse(JSON.parse((await found.Body?.transformToString()) ?? ''));
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
};

/**
 * Follows a drop by its receipt alone, as an organisation that only knows S3 does, telling each new line of its
 * history. `limitMs` is in real time.
 */
export const follow = async (
  s3: S3Client,
  bucket: string,
  drop: { readonly odsCode: string; readonly name: string },
  tell: (entry: { at: string; what: string; detail?: string | undefined }) => void,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Followed> => {
  const end = Date.now() + limitMs;
  let told = 0;
  let last: SeenReceipt | undefined;
  while (Date.now() < end) {
    if (signal?.aborted) return { kind: 'stopped' };
    last = (await readReceipt(s3, bucket, drop.odsCode, drop.name)) ?? last;
    if (last) {
      if (last.history.length < told) told = 0;
      for (const entry of last.history.slice(told)) tell(entry);
      told = last.history.length;
      if (known.has(last.state) && !under.has(last.state)) return { kind: 'ended', receipt: last };
    }
    await systemClock.sleep(150, signal);
  }
  return { kind: 'still-under-way', ...(last ? { receipt: last } : {}) };
};
