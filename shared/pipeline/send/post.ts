import { Readable } from 'node:stream';
import { partObject } from '../../delivery/keys.ts';
import type { WorkContext } from '../../delivery/perform-work.ts';
import type { StoredMessage } from '../../delivery/record.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { SendOptions } from '../../mesh/outbox.ts';
import type { SendOutcome, UploadProgress } from '../../mesh/outcomes.ts';
import type { DocumentId } from '../../platform/ids.ts';
import type { EnvelopeFile } from '../envelope.ts';
import { uploadRecord } from './upload.ts';

const startsAnew = {
  kind: 'transient',
  reason: 'MESH does not know the unfinished upload any more: it has to begin again.',
} as const;

/** How far an earlier attempt has got with these bytes: what goes on from there leaves no second message at MESH. */
export const uploadBegun = async (
  { table, clock }: WorkContext,
  documentId: DocumentId,
  { folder }: StoredMessage,
  { parts }: EnvelopeFile,
): Promise<UploadProgress | undefined> =>
  parts.length === 1 ? undefined : uploadRecord(table, documentId, folder, () => clock.now()).read();

/** Posts the message, or goes on with the one of several parts that an earlier attempt began (`resume`). */
export const post = async (
  context: WorkContext,
  documentId: DocumentId,
  client: MeshClient,
  stored: StoredMessage,
  envelope: EnvelopeFile,
  resume?: UploadProgress,
): Promise<SendOutcome> => {
  const { to, subject, workflowId, localId, contentType, contentEncoding } = envelope;
  const headers = { to, subject, workflowId, localId, contentType };
  const parts = envelope.parts.map(({ length }, index) => ({
    length,
    async open() {
      const part = await context.messages.get(partObject(stored.folder, index + 1));
      if (!part) throw new Error(`Part ${index + 1} of document ${documentId} is gone.`);
      return Readable.from(part.body, { objectMode: false });
    },
  }));
  const send = (options?: SendOptions) =>
    client.send({ ...headers, ...(contentEncoding === undefined ? {} : { contentEncoding }) }, parts, options);
  if (parts.length === 1) return send();

  const upload = uploadRecord(context.table, documentId, stored.folder, () => context.clock.now());
  const onProgress = (progress: UploadProgress) => upload.write(progress);
  const outcome = await send({ onProgress, ...(resume === undefined ? {} : { resume }) });
  if (outcome.kind === 'refused' && outcome.abandoned && outcome.upload) {
    // It cannot come to its end. Another attempt posts the first part: one that says so before, for where an earlier
    // one is in doubt, MESH may have delivered what it does not know any more.
    context.log.warn('SEND_UPLOAD_ABANDONED', { documentId, meshMessageId: outcome.upload.meshMessageId });
    await upload.forget();
    return startsAnew;
  }
  if (outcome.kind !== 'sent' && outcome.upload) {
    const { meshMessageId, nextPart } = outcome.upload;
    context.log.warn('SEND_UPLOAD_UNFINISHED', {
      documentId,
      meshMessageId,
      count: nextPart - 1,
    });
  }
  return outcome;
};
