import { createHash } from 'node:crypto';
import { type Receipt, receiptObject, whatAcceptedMeans } from '../../delivery/receipt.ts';
import { looseNotice } from '../../notices/once.ts';
import { leaveNotices } from '../../notices/pending.ts';
import { isoTime } from '../../platform/clock.ts';
import { readWhole } from '../../platform/objects.ts';
import type { IngestMessage } from '../../platform/queue-messages.ts';
import { readSender } from '../../senders/registry.ts';
import type { DropKey } from '../../submission/object-names.ts';
import type { Problem } from '../../submission/problems.ts';
import type { ComposeContext } from './context.ts';

/** The receipt of what is no document and never becomes one. */
export const refusalReceipt = (
  drop: { readonly odsCode: string; readonly name?: string | undefined },
  at: number,
  why: {
    readonly meaning: string;
    readonly advice: string;
    readonly problems: readonly [Problem, ...Problem[]];
    /** Since when it lay there, if not just now. */
    readonly since?: number;
  },
): Receipt => {
  const now = isoTime(at);
  const since = isoTime(why.since ?? at);
  const { length } = why.problems;
  return {
    kind: 'send-document-receipt',
    schemaVersion: 1,
    odsCode: drop.odsCode,
    ...(drop.name === undefined ? {} : { name: drop.name }),
    documentId: null,
    revision: 0,
    receivedAt: since,
    droppedAt: since,
    updatedAt: now,
    state: 'REJECTED',
    whatAcceptedMeans,
    meaning: why.meaning,
    whoseMove: 'the sender',
    advice: why.advice,
    problems: why.problems,
    history: [{ at: now, what: 'rejected', detail: `${length} problem${length === 1 ? '' : 's'}` }],
  };
};

const receiptBytes = 1 << 16;

/** It was told of this object: the same name, of the same size. One of another size is taken for another report. */
const saysSo = (bytes: Buffer, meaning: string): boolean => bytes.toString('utf8').includes(JSON.stringify(meaning));

/**
 * An object whose name cannot be a drop's. It stays where it is, and its organisation, where one is known, gets a
 * receipt, and is told once if it is registered; a name that may not be shown (it could hold an NHS number) is called by
 * the digest of its key.
 */
export const refuseName = async (
  context: ComposeContext,
  message: IngestMessage,
  key: Extract<DropKey, { kind: 'problem' }>,
): Promise<void> => {
  const { table, clock, drops, log, measure } = context;
  log.warn('DROP_NAME_REFUSED', {
    ...(key.odsCode === undefined ? {} : { odsCode: key.odsCode }),
    resultCode: key.problem.code,
  });
  if (key.odsCode === undefined) return;
  const digest = createHash('sha256').update(message.key).digest('hex').slice(0, 16);
  // The extension is part of what is wrong, so the receipt must not take the place of a sound drop's.
  const name = key.name === undefined ? `name-refused-${digest}` : `${key.name}.name-refused-${digest}`;
  const object = receiptObject(key.odsCode, name);
  const meaning = `An object of ${message.size} bytes under this organisation's prefix has a name that cannot be used. Nothing has been sent; the object is kept.`;
  const there = await readWhole(drops, object, receiptBytes);
  if (there !== undefined && there !== 'too-large' && saysSo(there.bytes, meaning)) return;
  const now = clock.now();
  // Before the receipt: where that stands, its organisation has been told.
  if (await readSender(table, key.odsCode)) {
    const what = `${object} ${message.size}`;
    await leaveNotices(
      table,
      key.odsCode,
      [looseNotice('NAME_REFUSED', { receipt: object, what, since: now, at: now })],
      now,
    );
  }
  const receipt = refusalReceipt({ odsCode: key.odsCode, name: key.name }, now, {
    meaning,
    advice: 'Drop it again under a name that can be used, and delete the object.',
    problems: [key.problem],
  });
  const body = `${JSON.stringify(receipt, undefined, 2)}\n`;
  const over = there === undefined || there === 'too-large' ? { ifNew: true } : { ifMatch: there.etag };
  const written = await drops.put(object, body, over);
  measure.count('DocumentsRejected', written === 'written' ? 1 : 0);
};
