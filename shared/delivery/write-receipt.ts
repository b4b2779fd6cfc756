import { z } from 'zod';
import type { Objects } from '../platform/objects.ts';
import { readWhole } from '../platform/objects.ts';
import { type Receipt, receiptObject, replacesReceipt } from './receipt.ts';

const standing = z.object({ documentId: z.string().nullable(), revision: z.number(), droppedAt: z.string() });

const receiptBytes = 1 << 20;

const readStanding = (bytes: Buffer): z.infer<typeof standing> | undefined => {
  try {
    return standing.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
};

/** Writes a receipt with If-Match (or where none is yet); an older one never overwrites a newer one. */
export const writeReceipt = async (
  drops: Objects,
  receipt: Receipt & { readonly name: string },
): Promise<'written' | 'newer-stands'> => {
  const key = receiptObject(receipt.odsCode, receipt.name);
  const body = `${JSON.stringify(receipt, undefined, 2)}\n`;
  for (let attempt = 0; attempt < 20; attempt++) {
    const there = await readWhole(drops, key, receiptBytes);
    if (there === undefined) {
      if ((await drops.put(key, body, { ifNew: true })) === 'written') return 'written';
      continue;
    }
    if (there === 'too-large') throw new Error('A receipt is larger than any receipt of ours: somebody else wrote it.');
    const known = readStanding(there.bytes);
    if (known && !replacesReceipt(known, receipt)) return 'newer-stands';
    if ((await drops.put(key, body, { ifMatch: there.etag })) === 'written') return 'written';
  }
  throw new Error('A receipt was rewritten by others twenty times in a row; trying again later.');
};
