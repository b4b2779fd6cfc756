import { applyEvent, readDocument } from '../../delivery/documents.ts';
import {
  type DropItem,
  dropCheckAt,
  type Half,
  indexedDrop,
  loneHalf,
  type Side,
  sweepSequencer,
  withoutHalf,
} from '../../delivery/drop.ts';
import { halfLimit, halfNotice, unfinishedAfter } from '../../delivery/due.ts';
import { dropKey } from '../../delivery/keys.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { waitingReceipt } from '../../delivery/receipt.ts';
import { currentComposition } from '../../delivery/record.ts';
import type { Discard } from '../../delivery/work.ts';
import { writeReceipt } from '../../delivery/write-receipt.ts';
import { minutes } from '../../platform/clock.ts';
import { brokenDropId } from '../../platform/ids.ts';
import { change } from '../../platform/table.ts';
import { manifestKey, pdfKey } from '../../submission/object-names.ts';
import { problem } from '../../submission/problems.ts';
import { digestOf } from '../compose/digest-stream.ts';
import { deriveIds } from '../derive-ids.ts';
import type { WatchContext } from './watch.ts';
import { lyingAttachments, watchAttachments } from './watch-attachments.ts';

/** A half or an attachment that waits: its organisation is told after five minutes, and it is rejected after an hour. */
export const watchDrop = async (context: WatchContext, rest: string): Promise<void> => {
  const at = rest.indexOf('/');
  const key = dropKey(rest.slice(0, at), rest.slice(at + 1));
  const item = await context.table.read<DropItem>(key);
  if (!item) return;
  const lone = loneHalf(item);
  if (!lone) {
    if (item.manifest && item.pdf) return handOver(context, key, item);
    const left = await watchAttachments(context, item);
    return settle(context, key, ({ attachments: _, ...stored }) => ({ ...stored, ...left }));
  }
  const { clock, drops } = context;
  const now = clock.now();
  if (now < lone.half.at + halfNotice) return settle(context, key, (stored) => stored);
  if (await otherHalfLies(context, key, item, lone)) return;
  const repeated = await isRepeated(context, item, lone);
  if (now >= lone.half.at + halfLimit) {
    return repeated ? discardRepeated(context, key, item, lone) : rejectLone(context, key, item, lone);
  }
  // An uploader that repeats itself is told nothing: its document stands. It may also be the first half of the next.
  if (repeated) return settle(context, key, (stored) => ({ ...stored, noticed: true }));
  await writeReceipt(drops, {
    ...waitingReceipt(item, lone.side === 'pdf' ? 'WAITING_FOR_MANIFEST' : 'WAITING_FOR_PDF', lone.half.at, now),
    name: item.name,
  });
  await settle(context, key, (stored) => ({ ...stored, noticed: true }));
};

const objectOf = (item: DropItem, side: Side) => (side === 'pdf' ? pdfKey : manifestKey)(item.odsCode, item.name);

/** Writes the drop as it is now, with the time of its next look. */
const settle = (context: WatchContext, key: string, next: (item: DropItem) => DropItem): Promise<void> =>
  change<DropItem, undefined>(context.table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const item = next(stored);
    const due = dropCheckAt(item);
    const later = Math.max(due ?? 0, context.clock.now() + minutes(1));
    return { kind: 'put', item, indexed: indexedDrop(item, due === undefined ? undefined : later), result: undefined };
  });

type Lone = NonNullable<ReturnType<typeof loneHalf>>;

/**
 * The other half lies there, and its event never came: handed to ingest, before anybody is told that it is missing. One
 * that was dealt with before belongs to the drop before, and only waits to be taken out.
 */
const otherHalfLies = async (context: WatchContext, key: string, item: DropItem, { side }: Lone): Promise<boolean> => {
  const { table, clock, drops, ingest, log } = context;
  const other: Side = side === 'pdf' ? 'manifest' : 'pdf';
  const object = objectOf(item, other);
  const lying = await drops.head(object);
  if (!lying || lying.versionId === item.done?.[other].versionId) return false;
  await ingest.send({
    bucket: drops.bucket,
    key: object,
    versionId: lying.versionId,
    sequencer: sweepSequencer,
    size: lying.size,
  });
  log.warn('DROP_HALF_FOUND', { odsCode: item.odsCode, what: other });
  // Until ingest has paired them; then the pair has a time of its own.
  await change<DropItem, undefined>(table, key, (stored) =>
    stored && loneHalf(stored)
      ? {
          kind: 'put',
          item: stored,
          indexed: indexedDrop(stored, clock.now() + halfNotice),
          result: undefined,
        }
      : { kind: 'keep', result: undefined },
  );
  return true;
};

/** Does the half hold the very bytes that were dealt with under this name? */
const isRepeated = async (context: WatchContext, item: DropItem, { side, half }: Lone): Promise<boolean> => {
  if (!item.done) return false;
  const record = await readDocument(context.table, item.done.documentId);
  const known = record && currentComposition(record).source[side].sha256;
  return known !== undefined && (await digestOfHalf(context, item, { side, half })) === known;
};

/** Reading by version takes a right that watch does not have: it looks at what lies there, if that is the half. */
const digestOfHalf = async (
  { drops }: WatchContext,
  item: DropItem,
  { side, half }: Lone,
): Promise<string | undefined> => {
  const object = objectOf(item, side);
  if ((await drops.head(object))?.versionId !== half.versionId) return undefined;
  const there = await drops.get(object);
  return there && digestOf(there.body);
};

/**
 * What makes it the same again, each night that an uploader repeats itself: one document, of which people are told once.
 * Written down before it is rejected, because a crash after that finds it gone.
 */
const contentOf = async (context: WatchContext, key: string, item: DropItem, lone: Lone): Promise<string> => {
  const { side, half } = lone;
  if (half.sha256 !== undefined) return `${side} ${half.sha256}`;
  const sha256 = await digestOfHalf(context, item, lone);
  if (sha256 === undefined) return half.versionId;
  await settle(context, key, (stored) =>
    stored[side]?.versionId === half.versionId ? { ...stored, [side]: { ...half, sha256 } } : stored,
  );
  return `${side} ${sha256}`;
};

const discardRepeated = async (
  context: WatchContext,
  key: string,
  item: DropItem,
  { side, half }: Lone,
): Promise<void> => {
  const object = objectOf(item, side);
  const current = await context.drops.head(object);
  if (current?.versionId === half.versionId) await context.drops.remove(object, { ifMatch: current.etag });
  await settle(context, key, (stored) => withoutHalf(stored, side, half.versionId));
  context.measure.count('DuplicateDrops');
  context.log.info('DROP_HALF_REPEATED', { odsCode: item.odsCode, what: side });
};

/** What came with the half goes with it; what has just come may be the next drop's. */
const attachmentsOf = async (context: WatchContext, item: DropItem): Promise<{ name: string; versionId: string }[]> => {
  if (!item.attachments) return [];
  const found: { name: string; versionId: string }[] = [];
  for (const { key, name, lastModified } of await lyingAttachments(context, item)) {
    if (lastModified + halfNotice > context.clock.now()) continue;
    const head = await context.drops.head(key);
    if (head) found.push({ name, versionId: head.versionId });
  }
  return found;
};

const rejectLone = async (context: WatchContext, key: string, item: DropItem, { side, half }: Lone): Promise<void> => {
  const object = objectOf(item, side);
  const discard: Discard = {
    name: item.name,
    ...(side === 'pdf' ? { pdfVersionId: half.versionId } : { manifestVersionId: half.versionId }),
    attachments: await attachmentsOf(context, item),
  };
  const none = { key: '', versionId: '' };
  const contentDigest = await contentOf(context, key, item, { side, half });
  const documentId = brokenDropId(item.odsCode, item.name, contentDigest);
  const applied = await applyEvent(context, documentId, {
    kind: 'drop-rejected',
    ids: deriveIds,
    problems: [problem(side === 'pdf' ? 'MANIFEST_NEVER_CAME' : 'PDF_NEVER_CAME', side === 'pdf' ? 'manifest' : 'pdf')],
    drop: {
      documentId,
      senderOds: item.odsCode,
      name: item.name,
      source: {
        contentDigest,
        manifest:
          side === 'manifest' ? { key: object, versionId: half.versionId, sha256: '' } : { ...none, sha256: '' },
        pdf: side === 'pdf' ? { key: object, versionId: half.versionId, size: half.size } : { ...none, size: 0 },
      },
      discard,
    },
  });
  if (applied.record) await performWork(context, applied.record);
  await settle(context, key, (stored) => withoutHalf(stored, side, half.versionId));
  context.log.warn('DROP_HALF_REJECTED', { documentId, odsCode: item.odsCode, what: side });
};

/**
 * Both halves are here and still nobody finished: handed to ingest again. Somebody may have taken both away instead, as
 * an organisation does whose drop was never wanted: then nothing waits any more.
 */
const handOver = async (context: WatchContext, key: string, item: DropItem): Promise<void> => {
  const { manifest, pdf } = item;
  if (manifest && pdf) {
    const object = (extension: string) => `inbox/${item.odsCode}/${item.name}.${extension}`;
    const lies = async (extension: string, half: Half) =>
      (await context.drops.head(object(extension)))?.versionId === half.versionId;
    if (!(await lies('json', manifest)) && !(await lies('pdf', pdf))) {
      await change<DropItem, undefined>(context.table, key, (stored) => {
        if (!stored) return { kind: 'keep', result: undefined };
        const left = withoutHalf(withoutHalf(stored, 'manifest', manifest.versionId), 'pdf', pdf.versionId);
        return { kind: 'put', item: left, indexed: indexedDrop(left), result: undefined };
      });
      context.log.warn('DROP_TAKEN_AWAY', { odsCode: item.odsCode });
      return;
    }
    await context.ingest.send({
      bucket: context.drops.bucket,
      key: object('json'),
      versionId: manifest.versionId,
      sequencer: sweepSequencer,
      size: manifest.size,
    });
  }
  await change<DropItem, undefined>(context.table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const due = dropCheckAt(stored);
    const later = Math.max(due ?? 0, context.clock.now() + unfinishedAfter);
    return {
      kind: 'put',
      item: stored,
      indexed: indexedDrop(stored, due === undefined || loneHalf(stored) ? due : later),
      result: undefined,
    };
  });
};
