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

/** Posts the message, or goes on with the one of several parts that an earlier attempt began. */
export const post = async (
  context: WorkContext,
  documentId: DocumentId,
  client: MeshClient,
  stored: StoredMessage,
  envelope: EnvelopeFile,
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
  const resume = await upload.read();
  let outcome = await send({ onProgress, ...(resume === undefined ? {} : { resume }) });
  if (resume && outcome.kind === 'refused' && outcome.abandoned) {
    // MESH does not know it any more, so it cannot come to its end: from the first part, as if it had not begun.
    context.log.warn('SEND_UPLOAD_ABANDONED', { documentId, meshMessageId: resume.meshMessageId });
    await upload.forget();
    outcome = await send({ onProgress });
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
