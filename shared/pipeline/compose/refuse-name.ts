import { createHash } from 'node:crypto';
import { type Receipt, receiptObject, whatAcceptedMeans } from '../../delivery/receipt.ts';
import { isoTime } from '../../platform/clock.ts';
import type { IngestMessage } from '../../platform/queue-messages.ts';
import type { DropKey } from '../../submission/object-names.ts';
import type { ComposeContext } from './context.ts';

/**
 * An object whose name cannot be a drop's. It stays where it is, and its organisation, where one is known, gets a
 * receipt; a name that may not be shown (it could hold an NHS number) is called by the digest of its key.
 */
export const refuseName = async (
  context: ComposeContext,
  message: IngestMessage,
  key: Extract<DropKey, { kind: 'problem' }>,
): Promise<void> => {
  const { clock, drops, log, measure } = context;
  log.warn('DROP_NAME_REFUSED', {
    ...(key.odsCode === undefined ? {} : { odsCode: key.odsCode }),
    resultCode: key.problem.code,
  });
  if (key.odsCode === undefined) return;
  const digest = createHash('sha256').update(message.key).digest('hex').slice(0, 16);
  // The extension is part of what is wrong, so the receipt must not take the place of a sound drop's.
  const name = key.name === undefined ? `name-refused-${digest}` : `${key.name}.name-refused-${digest}`;
  const now = isoTime(clock.now());
  const receipt: Receipt = {
    kind: 'send-document-receipt',
    schemaVersion: 1,
    odsCode: key.odsCode,
    ...(key.name === undefined ? {} : { name: key.name }),
    documentId: null,
    revision: 0,
    receivedAt: now,
    droppedAt: now,
    updatedAt: now,
    state: 'REJECTED',
    whatAcceptedMeans,
    meaning: `An object of ${message.size} bytes under this organisation's prefix has a name that cannot be used. Nothing has been sent; the object is kept.`,
    whoseMove: 'the sender',
    advice: 'Drop it again under a name that can be used, and delete the object.',
    problems: [key.problem],
    history: [{ at: now, what: 'rejected', detail: '1 problem' }],
  };
  const written = await drops.put(receiptObject(key.odsCode, name), `${JSON.stringify(receipt, undefined, 2)}\n`, {
    ifNew: true,
  });
  measure.count('DocumentsRejected', written === 'written' ? 1 : 0);
};
