import { applyEvent } from '../../delivery/documents.ts';
import { type DropItem, type Half, indexedDrop, loneHalf, sweepSequencer, withoutHalf } from '../../delivery/drop.ts';
import { halfLimit, unfinishedAfter } from '../../delivery/due.ts';
import { dropKey } from '../../delivery/keys.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { waitingReceipt } from '../../delivery/receipt.ts';
import { writeReceipt } from '../../delivery/write-receipt.ts';
import { brokenDropId } from '../../platform/ids.ts';
import { change } from '../../platform/table.ts';
import { problem } from '../../submission/problems.ts';
import { deriveIds } from '../compose/ingest.ts';
import type { WatchContext } from './watch.ts';

/** A half that waits: its organisation is told after five minutes, and it is rejected after an hour. */
export const watchDrop = async (context: WatchContext, rest: string): Promise<void> => {
  const at = rest.indexOf('/');
  const key = dropKey(rest.slice(0, at), rest.slice(at + 1));
  const item = await context.table.read<DropItem>(key);
  if (!item) return;
  const lone = loneHalf(item);
  if (!lone) return handOver(context, key, item);
  const { clock, drops } = context;
  const now = clock.now();
  if (now >= lone.half.at + halfLimit) return rejectLone(context, key, item, lone);
  await writeReceipt(drops, {
    ...waitingReceipt(item, lone.side === 'pdf' ? 'WAITING_FOR_MANIFEST' : 'WAITING_FOR_PDF', lone.half.at, now),
    name: item.name,
  });
  await change<DropItem, undefined>(context.table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const told = { ...stored, noticed: true };
    return { kind: 'put', item: told, indexed: indexedDrop(told), result: undefined };
  });
};

const rejectLone = async (
  context: WatchContext,
  key: string,
  item: DropItem,
  { side, half }: NonNullable<ReturnType<typeof loneHalf>>,
): Promise<void> => {
  const object = `inbox/${item.odsCode}/${item.name}.${side === 'pdf' ? 'pdf' : 'json'}`;
  const discard =
    side === 'pdf'
      ? { name: item.name, pdfVersionId: half.versionId }
      : { name: item.name, manifestVersionId: half.versionId };
  const none = { key: '', versionId: '' };
  const documentId = brokenDropId(item.odsCode, item.name, half.versionId);
  const applied = await applyEvent(context, documentId, {
    kind: 'drop-rejected',
    ids: deriveIds,
    problems: [problem(side === 'pdf' ? 'MANIFEST_NEVER_CAME' : 'PDF_NEVER_CAME', side === 'pdf' ? 'manifest' : 'pdf')],
    drop: {
      documentId,
      senderOds: item.odsCode,
      name: item.name,
      source: {
        contentDigest: half.versionId,
        manifest:
          side === 'manifest' ? { key: object, versionId: half.versionId, sha256: '' } : { ...none, sha256: '' },
        pdf: side === 'pdf' ? { key: object, versionId: half.versionId, size: half.size } : { ...none, size: 0 },
      },
      discard,
    },
  });
  if (applied.record) await performWork(context, applied.record);
  await change<DropItem, undefined>(context.table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: undefined };
    const left = withoutHalf(stored, side, half.versionId);
    return { kind: 'put', item: left, indexed: indexedDrop(left), result: undefined };
  });
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
  await change<DropItem, undefined>(context.table, key, (stored) =>
    stored
      ? {
          kind: 'put',
          item: stored,
          indexed: indexedDrop(
            stored,
            stored.manifest && stored.pdf ? context.clock.now() + unfinishedAfter : undefined,
          ),
          result: undefined,
        }
      : { kind: 'keep', result: undefined },
  );
};
