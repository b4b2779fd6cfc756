import type { UploadProgress } from '../../mesh/outcomes.ts';
import { days } from '../../platform/clock.ts';
import { change, type Table } from '../../platform/table.ts';

/**
 * `UPLOAD#{documentId}`: how far a message of several parts has got, written after each part that MESH has. A later
 * attempt goes on from there under the same MESH message id, so that no first part goes out twice.
 */
interface UploadItem extends UploadProgress {
  /** Of the stored message: other bytes have another. */
  readonly folder: string;
  /** Epoch ms. */
  readonly at: number;
}

const uploadKey = (documentId: string): string => `UPLOAD#${documentId}`;

/** MESH deletes what is unfinished for so long. */
const kept = days(30);

export interface UploadRecord {
  /** Undefined where nothing of these bytes is begun. */
  read(): Promise<UploadProgress | undefined>;
  write(progress: UploadProgress): Promise<void>;
  forget(): Promise<void>;
}

export const uploadRecord = (table: Table, documentId: string, folder: string, now: () => number): UploadRecord => {
  const key = uploadKey(documentId);
  return {
    async read() {
      const item = await table.read<UploadItem>(key);
      return item?.folder === folder ? { meshMessageId: item.meshMessageId, nextPart: item.nextPart } : undefined;
    },
    write: (progress) =>
      change<UploadItem, undefined>(table, key, () => {
        const at = now();
        return {
          kind: 'put',
          item: { ...progress, folder, at },
          indexed: { expiresAt: at + kept },
          result: undefined,
        };
      }),
    forget: () => change<UploadItem, undefined>(table, key, () => ({ kind: 'remove', result: undefined })),
  };
};
