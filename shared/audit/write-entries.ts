import type { DocumentRecord } from '../delivery/record.ts';
import type { Objects } from '../platform/objects.ts';
import {
  type AuditEntry,
  type AuditView,
  auditSchema,
  changeObject,
  type DocumentAudit,
  type RegistryAudit,
  type RegistryAuditEntry,
  registryObject,
  type ViewAudit,
  viewObject,
} from './entry.ts';

const put = async (archive: Objects, key: string, entry: object): Promise<void> => {
  // One that lies there already is the same: written before, and then whoever wrote it died.
  await archive.put(key, `${JSON.stringify(entry, undefined, 2)}\n`, { ifNew: true });
};

/** Writes what was done to a document; writing again changes nothing. */
export const writeEntries = async (
  archive: Objects,
  { documentId, senderOds }: Pick<DocumentRecord, 'documentId' | 'senderOds'>,
  entries: readonly AuditEntry[],
): Promise<void> => {
  for (const entry of entries) {
    const object: DocumentAudit = { schema: auditSchema, documentId, senderOds, ...entry };
    await put(archive, changeObject(documentId, entry), object);
  }
};

/** Writes that somebody looked: before they are shown anything, so that nothing is seen unrecorded. */
export const writeView = async (
  archive: Objects,
  of: { readonly documentId?: string; readonly senderOds?: string; readonly subject?: string },
  view: AuditView,
): Promise<void> => {
  const object: ViewAudit = { schema: auditSchema, ...of, ...view };
  await put(archive, viewObject(of.documentId ?? of.subject ?? of.senderOds ?? 'all', view), object);
};

/** Writes what people did to what is no document. */
export const writeRegistryEntries = async (
  archive: Objects,
  subject: string,
  entries: readonly RegistryAuditEntry[],
): Promise<void> => {
  for (const entry of entries) {
    const object: RegistryAudit = { schema: auditSchema, subject, ...entry };
    await put(archive, registryObject(subject, entry), object);
  }
};
