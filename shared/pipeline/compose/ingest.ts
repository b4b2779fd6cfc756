import { type Applied, applyEvent, readDocument } from '../../delivery/documents.ts';
import {
  type DropItem,
  type Half,
  indexedDrop,
  type Pairing,
  pairHalf,
  sweepSequencer,
  withAttachment,
} from '../../delivery/drop.ts';
import { dropKey } from '../../delivery/keys.ts';
import { manifestDifferences } from '../../delivery/manifest-differences.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { type WaitingState, waitingReceipt } from '../../delivery/receipt.ts';
import { currentComposition, sameObjects } from '../../delivery/record.ts';
import { isCorrectable, stateOf } from '../../delivery/state-of.ts';
import { writeReceipt } from '../../delivery/write-receipt.ts';
import type { DocumentId, OdsCode } from '../../platform/ids.ts';
import type { ComposeAgainMessage, IngestMessage } from '../../platform/queue-messages.ts';
import { type Change, change } from '../../platform/table.ts';
import { profileFor } from '../../senders/profile-for.ts';
import { readMailbox, readSender } from '../../senders/registry.ts';
import { dueTimesFor, type Sender } from '../../senders/sender.ts';
import { parseDropKey } from '../../submission/object-names.ts';
import { problem } from '../../submission/problems.ts';
import { suppressionOf } from '../../submission/rules.ts';
import { deriveIds } from '../derive-ids.ts';
import { composeDocument } from './compose-document.ts';
import type { ComposeContext } from './context.ts';
import { guardPatient } from './patient-guard.ts';
import { againstOtherVersions, standingAtDrop, stopEarlierVersions } from './predecessor.ts';
import { type DropReading, type Pair, readDrop } from './read-drop.ts';
import { refuseName } from './refuse-name.ts';

/** One storage event: pairs it, and takes a complete pair as far as the outbox. Throws only for "try again". */
export const ingest = async (context: ComposeContext, message: IngestMessage): Promise<void> => {
  const { clock, log } = context;
  const key = parseDropKey(message.key);
  if (key.kind === 'ignore') return;
  if (key.kind === 'problem') return refuseName(context, message, key);
  const odsCode = key.odsCode as OdsCode;
  const { name } = key;
  if (key.kind === 'attachment') return takeAttachment(context, odsCode, name);
  const { kind: side } = key;
  const half: Half = {
    versionId: message.versionId,
    sequencer: message.sequencer,
    size: message.size,
    at: clock.now(),
  };
  const pairing = await change<DropItem, Pairing>(
    context.table,
    dropKey(odsCode, name),
    (stored): Change<DropItem, Pairing> => {
      const paired = pairHalf(stored ?? { odsCode, name }, side, half);
      if ((paired.kind === 'pair' || paired.kind === 'waiting') && paired.changed) {
        return {
          kind: 'put',
          item: paired.item,
          indexed: indexedDrop(paired.item),
          result: paired,
        };
      }
      return { kind: 'keep', result: paired };
    },
  );
  switch (pairing.kind) {
    case 'older':
    case 'done':
      log.info('INGEST_REPEATED', { odsCode, why: pairing.kind });
      return;
    case 'waiting':
      return;
    case 'pair':
      return takePair(context, pairOf(pairing.item, pairing.manifest, pairing.pdf));
  }
};

const pairOf = (item: DropItem, manifest: Half, pdf: Half): Pair => ({
  odsCode: item.odsCode,
  name: item.name,
  manifest,
  pdf,
  usedBefore: item.done !== undefined || item.replaced === true,
});

/**
 * An attachment came: perhaps the one that manifest and PDF waited for. Which attachments there are is asked of the
 * inbox when the manifest is read, so that their order does not matter.
 */
const takeAttachment = async (context: ComposeContext, odsCode: OdsCode, name: string): Promise<void> => {
  const item = await change<DropItem, DropItem>(
    context.table,
    dropKey(odsCode, name),
    (stored): Change<DropItem, DropItem> => {
      const { item: next, changed } = withAttachment(stored ?? { odsCode, name }, context.clock.now());
      return changed
        ? { kind: 'put', item: next, indexed: indexedDrop(next), result: next }
        : { kind: 'keep', result: next };
    },
  );
  if (item.manifest && item.pdf) await takePair(context, pairOf(item, item.manifest, item.pdf));
};

/**
 * Composes a document that is RECEIVED and nothing more, from the versions that its record names: its storage event
 * came to nothing, or its name was used for another drop meanwhile.
 */
export const composeAgain = async (context: ComposeContext, { documentId }: ComposeAgainMessage): Promise<void> => {
  const record = await readDocument(context.table, documentId as DocumentId);
  if (!record || stateOf(record) !== 'RECEIVED') return;
  const { manifest, pdf, attachments } = currentComposition(record).source;
  const key = parseDropKey(manifest.key);
  if (key.kind !== 'manifest') return;
  const half = { sequencer: sweepSequencer, at: record.receivedAt };
  await takePair(
    context,
    {
      odsCode: record.senderOds,
      name: key.name,
      manifest: { ...half, versionId: manifest.versionId, size: 0 },
      pdf: { ...half, versionId: pdf.versionId, size: pdf.size },
      ...(attachments === undefined ? {} : { attachments }),
      usedBefore: false,
    },
    'taken-before',
  );
};

const waits = (context: ComposeContext, pair: Pair, state: WaitingState) =>
  writeReceipt(context.drops, {
    ...waitingReceipt(pair, state, pair.manifest.at, context.clock.now()),
    name: pair.name,
  });

const takePair = async (context: ComposeContext, pair: Pair, taken: 'new' | 'taken-before' = 'new'): Promise<void> => {
  const { table, log } = context;
  const registered = await readSender(table, pair.odsCode);
  if (!registered) {
    log.warn('SENDER_NOT_REGISTERED', { odsCode: pair.odsCode });
    await waits(context, pair, 'SENDER_NOT_REGISTERED');
    return;
  }
  // What was taken before goes its way.
  if (!registered.active && taken === 'new') {
    log.warn('SENDER_NOT_ACTIVE', { odsCode: pair.odsCode });
    await waits(context, pair, 'SENDER_NOT_ACTIVE');
    return;
  }
  const sender = registered.setting;
  const mailbox = await readMailbox(table, sender.mailboxId);
  if (!mailbox) {
    log.error('MAILBOX_NOT_REGISTERED', { odsCode: pair.odsCode, mailboxId: sender.mailboxId });
    await waits(context, pair, 'WAITING_FOR_MAILBOX');
    return;
  }
  const reading = await readDrop(context, pair, sender, mailbox);
  if (reading.kind === 'gone') {
    log.info('INGEST_REPEATED', { odsCode: pair.odsCode, why: 'gone' });
    return;
  }
  const { documentId } = reading.drop;
  let applied = await register(context, reading, sender);
  log.info('DROP_REGISTERED', {
    documentId,
    odsCode: pair.odsCode,
    what: applied.kind === 'changed' ? applied.what : applied.why,
  });

  let record = applied.record;
  const usable =
    reading.kind === 'sound' &&
    record &&
    currentComposition(record).source.contentDigest === reading.drop.source.contentDigest;
  if (usable && record && reading.kind === 'sound' && stateOf(record) === 'RECEIVED') {
    const { manifest } = reading;
    const why = suppressionOf(manifest, pair.odsCode, profileFor(sender, manifest.registeredPractice.odsCode));
    // First, so that a crash before the record says so leaves nothing that could go on.
    if (why) await stopEarlierVersions(context.table, pair.odsCode, manifest);
    applied = why
      ? await applyEvent(context, documentId, {
          kind: 'suppressed',
          composition: currentComposition(record).number,
          why,
        })
      : // A file that it names may still come: its storage event takes the drop up again.
        ((reading.drop.missing && applied) ??
        (await againstOtherVersions(context, record, manifest, reading.drop.discard)) ??
        (await guardPatient(context, record, manifest)) ??
        (await composeDocument(context, record, manifest, sender)));
    record = applied.record ?? record;
  }
  if (record) {
    await performWork(context, record);
    log.info('DROP_TAKEN', { documentId, composition: currentComposition(record).number, state: stateOf(record) });
  }
};

/** Writes what the drop says into the document's record: a new one, the same again, a correction, or a refusal. */
const register = async (
  context: ComposeContext,
  reading: Exclude<DropReading, { kind: 'gone' }>,
  sender: Sender,
): Promise<Applied> => {
  const { drop } = reading;
  const existing = await readDocument(context.table, drop.documentId);
  if (existing) {
    const current = currentComposition(existing);
    const same = current.source.contentDigest === drop.source.contentDigest || sameObjects(current.source, drop.source);
    if (!same && !isCorrectable(existing)) {
      const differing =
        reading.kind === 'sound' ? await manifestDifferences(context, existing, reading.manifest) : ['manifest'];
      const problems = [
        ...differing.map((path) => problem('CONTENT_DIFFERS', path)),
        ...(reading.kind === 'wrong' ? reading.problems : []),
      ];
      return applyEvent(context, drop.documentId, { kind: 'drop-refused', drop, problems });
    }
  }
  if (reading.kind === 'wrong') {
    return applyEvent(context, drop.documentId, {
      kind: 'drop-rejected',
      drop,
      ids: deriveIds,
      problems: reading.problems,
    });
  }
  const { odsCode, encounterId, version } = { odsCode: drop.senderOds, ...reading.manifest };
  const practice = reading.manifest.registeredPractice.odsCode as OdsCode;
  const standing = await standingAtDrop(context.table, odsCode, { encounterId, version, practice });
  return applyEvent(context, drop.documentId, {
    kind: 'dropped',
    drop,
    ids: deriveIds,
    practice,
    standing,
    dueTimes: dueTimesFor(sender),
    savedAt: Date.parse(reading.manifest.consultation.savedAt),
  });
};
