import { createHash } from 'node:crypto';
import { readDocument } from '../../delivery/documents.ts';
import type { DropItem } from '../../delivery/drop.ts';
import { halfLimit, halfNotice } from '../../delivery/due.ts';
import { dropKey } from '../../delivery/keys.ts';
import { receiptObject, waitingReceipt } from '../../delivery/receipt.ts';
import { currentComposition } from '../../delivery/record.ts';
import { writeReceipt } from '../../delivery/write-receipt.ts';
import { looseNotice } from '../../notices/once.ts';
import { leaveNotices } from '../../notices/pending.ts';
import { readSender } from '../../senders/registry.ts';
import { attachmentFolder, parseDropKey } from '../../submission/object-names.ts';
import { problem } from '../../submission/problems.ts';
import { digestOf } from '../compose/digest-stream.ts';
import { refusalReceipt } from '../compose/refuse-name.ts';
import type { WatchContext } from './watch.ts';

/** Of a folder with more the rest is looked at the next time. */
const folderLimit = 100;

export interface LyingAttachment {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
}

/** What lies in a drop's folder, its first hundred. */
export const lyingAttachments = async ({ drops }: WatchContext, item: DropItem): Promise<LyingAttachment[]> => {
  const lying: LyingAttachment[] = [];
  for await (const { key, size, lastModified } of drops.list(attachmentFolder(item.odsCode, item.name))) {
    const parsed = parseDropKey(key);
    if (parsed.kind === 'attachment') lying.push({ key, name: parsed.attachment, size, lastModified });
    if (lying.length === folderLimit) break;
  }
  return lying;
};

/**
 * Attachments without manifest and PDF, perhaps left over by a drop that was dealt with: the organisation is told after
 * five minutes that they wait, and after an hour that nobody names them. Returns what the drop's item says of them now.
 */
export const watchAttachments = async (
  context: WatchContext,
  item: DropItem,
): Promise<Pick<DropItem, 'attachments' | 'toldUnnamed'>> => {
  const { clock, drops, log, measure } = context;
  const now = clock.now();
  const lying = await lyingAttachments(context, item);
  if (lying.length === 0) return {};
  const since = Math.min(...lying.map(({ lastModified }) => lastModified));
  const stale = lying.filter(({ lastModified }) => lastModified + halfLimit <= now);
  // Behind a drop that was dealt with they may be the first files of the next one: of that nothing is said so early.
  if (stale.length === 0) {
    const tell = item.done === undefined && now >= since + halfNotice;
    if (tell) {
      await writeReceipt(drops, {
        ...waitingReceipt(item, 'WAITING_FOR_MANIFEST', since, now),
        name: item.name,
      });
    }
    return { attachments: { at: since, ...(tell || item.done ? { noticed: true } : {}) } };
  }

  const unnamed: LyingAttachment[] = [];
  const found: { key: string; etag: string }[] = [];
  const repeated = await repeatedFiles(context, item);
  for (const one of stale) {
    const head = await drops.head(one.key);
    if (!head) continue;
    found.push({ key: one.key, etag: head.etag });
    if (!(await repeated(one))) unnamed.push(one);
  }
  if (unnamed.length > 0) {
    await tellUnnamed(context, item, unnamed, since);
    measure.count('DocumentsRejected');
    log.warn('ATTACHMENTS_REJECTED', { odsCode: item.odsCode, count: unnamed.length });
  }
  // Last, so that a crash before it repeats all of this.
  for (const { key, etag } of found) await drops.remove(key, { ifMatch: etag });
  const left = lying.filter((one) => !stale.includes(one)).map(({ lastModified }) => lastModified);
  const told = unnamed.length > 0 ? { toldUnnamed: digestOfUnnamed(unnamed) } : {};
  if (left.length > 0) return { ...told, attachments: { at: Math.min(...left), noticed: true } };
  return lying.length === folderLimit ? { ...told, attachments: { at: now, noticed: true } } : told;
};

const shortDigest = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);

const digestOfUnnamed = (unnamed: readonly LyingAttachment[]): string =>
  shortDigest(unnamed.map(({ key, size }) => `${key} ${size}`));

/** Is a file the very one that was dealt with under this name? An uploader that repeats itself is told nothing. */
const repeatedFiles = async ({ table, drops }: WatchContext, { done }: DropItem) => {
  const record = done && (await readDocument(table, done.documentId));
  const known = (record && currentComposition(record).source.attachments) ?? [];
  return async ({ key, name }: LyingAttachment): Promise<boolean> => {
    const named = known.find((one) => one.name === name);
    const there = named && (await drops.get(key));
    return there !== undefined && (await digestOf(there.body)) === named?.sha256;
  };
};

const tellUnnamed = async (
  { table, clock, drops }: WatchContext,
  item: DropItem,
  unnamed: readonly LyingAttachment[],
  since: number,
): Promise<void> => {
  const { odsCode, name } = item;
  const now = clock.now();
  // A document that was dropped under this name keeps its receipt: these files say nothing about it.
  const digest = shortDigest(unnamed.map(({ key, lastModified }) => `${key} ${lastModified}`));
  const receipt = item.done ? `${name}.attachments-${digest}` : name;
  if (item.toldUnnamed !== digestOfUnnamed(unnamed) && (await readSender(table, odsCode))) {
    // By since when they were looked at, which stands until all are removed: a crash between finds fewer of them.
    const what = `${dropKey(odsCode, name)} ${item.attachments?.at ?? since}`;
    const about = receiptObject(odsCode, receipt);
    const notice = looseNotice('ATTACHMENTS_REJECTED', { receipt: about, what, since, at: now });
    await leaveNotices(table, odsCode, [notice], now);
  }
  await writeReceipt(drops, {
    ...refusalReceipt({ odsCode, name }, now, {
      meaning: `${unnamed.length} files in the folder of this drop have been taken out of the inbox: no manifest names them. Nothing of them has been sent.`,
      advice: 'If they belong to a report, hand over all of its files again, with a manifest that names them.',
      problems: [problem('ATTACHMENT_NOT_NAMED', 'attachments')],
      since,
    }),
    name: receipt,
  });
};
