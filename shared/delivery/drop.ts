import type { DocumentId, OdsCode } from '../platform/ids.ts';
import type { Indexed } from '../platform/table.ts';
import { halfLimit, halfNotice, unfinishedAfter } from './due.ts';

/**
 * The two halves of a drop, and whether it has attachments, whichever comes first. Storage events come at least once, in any order (DESIGN 3, Pairing).
 */
export interface DropItem {
  readonly odsCode: OdsCode;
  readonly name: string;
  readonly manifest?: Half;
  readonly pdf?: Half;
  /** The pair that was dealt with last. */
  readonly done?: {
    readonly documentId: DocumentId;
    readonly at: number;
    readonly manifest: FinishedHalf;
    readonly pdf: FinishedHalf;
  };
  /** A half that waited or was being dealt with gave way to a newer one. */
  readonly replaced?: true;
  /** The organisation has been told that a half waits. */
  readonly noticed?: boolean;
  /** Attachments have come since; some may still lie in the drop's folder. Which ones, the folder itself says. */
  readonly attachments?: { readonly at: number; readonly noticed?: boolean };
  /** Of the files that were told last as named by nobody, a digest of names and sizes: the same again are not told again. */
  readonly toldUnnamed?: string;
}

export type Side = 'manifest' | 'pdf';

export interface Half {
  readonly versionId: string;
  readonly sequencer: string;
  readonly size: number;
  readonly at: number;
  /** Of its bytes, from when it is about to be rejected alone. */
  readonly sha256?: string;
}

export interface FinishedHalf {
  readonly versionId: string;
  readonly sequencer: string;
  readonly sha256?: string;
}

/** Sequencers of one key compare as text once the shorter is padded on the right with zeros. */
const comparable = (sequencer: string) => sequencer.toUpperCase().padEnd(48, '0');
const isSweep = (sequencer: string) => /^0+$/.test(sequencer);
/** What `watch` gives an object that it found lying: older than any event, so that a real event always wins. */
export const sweepSequencer = '0';

export type Pairing =
  | {
      readonly kind: 'pair';
      readonly item: DropItem;
      readonly manifest: Half;
      readonly pdf: Half;
      readonly changed: boolean;
    }
  | { readonly kind: 'waiting'; readonly item: DropItem; readonly changed: boolean }
  | { readonly kind: 'older' }
  | { readonly kind: 'done'; readonly documentId: DocumentId };

const look = (item: DropItem, changed: boolean): Pairing =>
  item.manifest && item.pdf
    ? { kind: 'pair', item, manifest: item.manifest, pdf: item.pdf, changed }
    : { kind: 'waiting', item, changed };

export const pairHalf = (item: DropItem, side: Side, half: Half): Pairing => {
  const held = item[side];
  if (held?.versionId === half.versionId) return look(item, false);
  const finished = item.done?.[side];
  if (finished?.versionId === half.versionId && item.done) return { kind: 'done', documentId: item.done.documentId };
  const older = (other: { sequencer: string } | undefined) =>
    other !== undefined && comparable(other.sequencer) >= comparable(half.sequencer);
  if (older(held)) return { kind: 'older' };
  if (!isSweep(half.sequencer) && older(finished)) return { kind: 'older' };
  const { noticed: _, ...rest } = item;
  return look({ ...rest, [side]: half, ...(held ? { replaced: true as const } : {}) }, true);
};

/** Takes a finished pair out; a half that came in the meantime stays. */
export const finishPair = (item: DropItem, done: NonNullable<DropItem['done']>): DropItem => {
  const { manifest, pdf, ...rest } = item;
  return {
    ...rest,
    ...(manifest && manifest.versionId !== done.manifest.versionId ? { manifest } : {}),
    ...(pdf && pdf.versionId !== done.pdf.versionId ? { pdf } : {}),
    done,
  };
};

export const withoutHalf = (item: DropItem, side: Side, versionId: string): DropItem => {
  if (item[side]?.versionId !== versionId) return item;
  const { [side]: _, ...rest } = item;
  return rest;
};

export const loneHalf = (item: DropItem): { side: Side; half: Half } | undefined => {
  if (item.manifest && !item.pdf) return { side: 'manifest', half: item.manifest };
  if (item.pdf && !item.manifest) return { side: 'pdf', half: item.pdf };
  return undefined;
};

/** An attachment came. It makes nothing of a drop that is not whole, and a whole one may have waited for it. */
export const withAttachment = (item: DropItem, at: number): { readonly item: DropItem; readonly changed: boolean } =>
  item.attachments ? { item, changed: false } : { item: { ...item, attachments: { at } }, changed: true };

/** When `watch` must look: to tell of a lone half or attachment, then to reject it; to hand an unfinished pair over again. */
export const dropCheckAt = (item: DropItem): number | undefined => {
  const lone = loneHalf(item);
  if (lone) return lone.half.at + (item.noticed ? halfLimit : halfNotice);
  if (item.manifest && item.pdf) return Math.max(item.manifest.at, item.pdf.at) + unfinishedAfter;
  if (item.attachments) return item.attachments.at + (item.attachments.noticed ? halfLimit : halfNotice);
  return undefined;
};

/** Where the drop stands on the indexes. A pair that nobody has finished waits for us, as a document does. */
export const indexedDrop = (item: DropItem, due = dropCheckAt(item)): Indexed => ({
  ...(due === undefined ? {} : { nextCheckAt: due }),
  ...(item.manifest && item.pdf ? { unsentSince: Math.max(item.manifest.at, item.pdf.at) } : {}),
});
