import { currentComposition, type DocumentRecord } from './record.ts';

/**
 * What to do, in the words of how a document is handed over: whoever drops in the bucket drops again, whoever calls the
 * API submits again. Both stand here side by side; what both are told in the same words says "hand over".
 */
export type WayIn = 'drop' | 'submission';

/** How its content came last. */
export const wayInOf = (record: DocumentRecord): WayIn =>
  currentComposition(record).source.request ? 'submission' : 'drop';

interface Wording {
  readonly putRight: string;
  /** By the paths in the manifest that name the files. */
  readonly namedFilesMissing: (paths: readonly string[]) => string;
  readonly otherContent: string;
  readonly cancelled: string;
  /** What a record's history says of handing over; anything else it says is the same for both. */
  readonly history: Readonly<Record<string, string>>;
}

const onlyAttachments = (paths: readonly string[]): boolean => paths.every((path) => path.startsWith('attachments'));

export const wordings: Readonly<Record<WayIn, Wording>> = {
  drop: {
    putRight: 'Put every problem listed right, then drop the manifest and the PDF again.',
    namedFilesMissing: (paths) =>
      onlyAttachments(paths)
        ? `Not there, or not with the SHA-256 that the manifest names: ${paths.join(', ')}. Put each within an hour into the folder that has the drop’s name, under the name that the manifest gives it, or drop everything again.`
        : 'The PDF is not the one whose SHA-256 the manifest names. Drop the right PDF under the same name within an hour, or drop both again.',
    otherContent:
      'If the report has changed, drop it with the next version number. If not, nothing is to be done: the document that stands goes its way.',
    cancelled: 'If it is to be sent after all, drop the manifest and the PDF again.',
    history: {},
  },
  submission: {
    putRight: 'Put every problem listed right, then submit it again.',
    namedFilesMissing: (paths) =>
      `It was handed over in the bucket, and files are not there or not with the SHA-256 that the manifest names: ${paths.join(', ')}. Submit manifest and files together.`,
    otherContent:
      'If the report has changed, submit it with the next version number. If not, submit exactly what was handed over before; the document that stands goes its way.',
    cancelled: 'If it is to be sent after all, submit it again.',
    history: {
      'dropped again': 'handed over again',
      'dropped again: tried again': 'handed over again: tried again',
      'dropped again: the same document': 'handed over again: the same document',
      'drop refused: other content': 'not taken: other content',
    },
  },
};
