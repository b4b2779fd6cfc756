import { z } from 'zod';
import { readDocument, type StoredRecord } from '../delivery/documents.ts';
import type { DropItem } from '../delivery/drop.ts';
import { dropKey, headerKey, meshKey } from '../delivery/keys.ts';
import type { HeaderItem, MeshItem } from '../delivery/perform-work.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { CommandContext } from './command.ts';

export const waysToName =
  'ID is the document’s, its message’s (what an acknowledgement answers), MESH’s of what was sent, or its drop: RX1/report-1.';

export const noDocument = (name: string): string => `There is no document ${name}. ${waysToName}`;

/**
 * By whatever somebody has in hand: the document's id, the id that an acknowledgement answers, MESH's id of what was
 * sent, or the drop (`RX1/report-1`).
 */
export const findDocument = async ({ table }: CommandContext, name: string): Promise<StoredRecord | undefined> => {
  const slash = name.indexOf('/');
  if (slash > 0) {
    const drop = await table.read<DropItem>(dropKey(name.slice(0, slash), name.slice(slash + 1)));
    const id = drop?.done?.documentId;
    return id === undefined ? undefined : readDocument(table, id as DocumentId);
  }
  if (z.uuid().safeParse(name).success) {
    const record = await readDocument(table, name.toLowerCase() as DocumentId);
    if (record) return record;
    const header = await table.read<HeaderItem>(headerKey(name));
    return header && readDocument(table, header.documentId as DocumentId);
  }
  const sent = await table.read<MeshItem>(meshKey(name));
  return sent && readDocument(table, sent.documentId as DocumentId);
};
