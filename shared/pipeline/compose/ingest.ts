import { type Applied, applyEvent, readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { type DropItem, type Half, indexedDrop, type Pairing, pairHalf, sweepSequencer } from '../../delivery/drop.ts';
import type { DeriveIds } from '../../delivery/events.ts';
import { dropKey } from '../../delivery/keys.ts';
import { manifestDifferences } from '../../delivery/manifest-differences.ts';
import { performWork } from '../../delivery/perform-work.ts';
import { type WaitingState, waitingReceipt } from '../../delivery/receipt.ts';
import { currentComposition, sameObjects } from '../../delivery/record.ts';
import { isCorrectable, stateOf } from '../../delivery/state-of.ts';
import { writeReceipt } from '../../delivery/write-receipt.ts';
import { fhirIds } from '../../itk3/fhir-ids.ts';
import type { DocumentId, MessageHeaderId, OdsCode } from '../../platform/ids.ts';
import type { ComposeAgainMessage, IngestMessage } from '../../platform/queue-messages.ts';
import { type Change, change } from '../../platform/table.ts';
import { readMailbox, readSender } from '../../senders/registry.ts';
import { parseDropKey } from '../../submission/object-names.ts';
import { problem } from '../../submission/problems.ts';
import { suppressionOf } from '../../submission/rules.ts';
import { composeDocument } from './compose-document.ts';
import type { ComposeContext } from './context.ts';
import { rememberVersion, replacedBy } from './predecessor.ts';
import { type DropReading, type Pair, readDrop } from './read-drop.ts';
import { refuseName } from './refuse-name.ts';

export const deriveIds: DeriveIds = (documentId, composition) => {
  const { messageHeaderId, documentBundleId } = fhirIds(documentId, composition, 1);
  return { messageHeaderId: messageHeaderId as MessageHeaderId, documentBundleId };
};

/** One storage event: pairs it, and takes a complete pair as far as the outbox. Throws only for "try again". */
export const ingest = async (context: ComposeContext, message: IngestMessage): Promise<void> => {
  const { clock, log } = context;
  const key = parseDropKey(message.key);
  if (key.kind === 'ignore') return;
  if (key.kind === 'problem') return refuseName(context, message, key);
  const odsCode = key.odsCode as OdsCode;
  const { name } = key;
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
      const paired = pairHalf(stored ?? { odsCode, name }, key.kind, half);
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
    case 'pair': {
      const usedBefore = pairing.item.done !== undefined || pairing.item.replaced === true;
      return takePair(context, { odsCode, name, manifest: pairing.manifest, pdf: pairing.pdf, usedBefore });
    }
  }
};

/**
 * Composes a document that is RECEIVED and nothing more, from the versions that its record names: its storage event
 * came to nothing, or its name was used for another drop meanwhile.
 */
export const composeAgain = async (context: ComposeContext, { documentId }: ComposeAgainMessage): Promise<void> => {
  const record = await readDocument(context.table, documentId as DocumentId);
  if (!record || stateOf(record) !== 'RECEIVED') return;
  const { manifest, pdf } = currentComposition(record).source;
  const key = parseDropKey(manifest.key);
  if (key.kind !== 'manifest') return;
  const half = { sequencer: sweepSequencer, at: record.receivedAt };
  await takePair(context, {
    odsCode: record.senderOds,
    name: key.name,
    manifest: { ...half, versionId: manifest.versionId, size: 0 },
    pdf: { ...half, versionId: pdf.versionId, size: pdf.size },
    usedBefore: false,
  });
};

const waits = (context: ComposeContext, pair: Pair, state: WaitingState) =>
  writeReceipt(context.drops, {
    ...waitingReceipt(pair, state, pair.manifest.at, context.clock.now()),
    name: pair.name,
  });

const takePair = async (context: ComposeContext, pair: Pair): Promise<void> => {
  const { table, log } = context;
  const sender = await readSender(table, pair.odsCode);
  if (!sender) {
    log.warn('SENDER_NOT_REGISTERED', { odsCode: pair.odsCode });
    await waits(context, pair, 'SENDER_NOT_REGISTERED');
    return;
  }
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
  let applied = await register(context, reading);
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
    const why = suppressionOf(manifest, pair.odsCode);
    applied = why
      ? await applyEvent(context, documentId, {
          kind: 'suppressed',
          composition: currentComposition(record).number,
          why,
        })
      : await rememberVersion(table, pair.odsCode, manifest.encounterId, manifest.version, documentId).then(() =>
          composeDocument(context, record as StoredRecord, manifest, sender),
        );
    record = applied.record ?? record;
  }
  if (record) {
    await performWork(context, record);
    log.info('DROP_TAKEN', { documentId, composition: currentComposition(record).number, state: stateOf(record) });
  }
};

/** Writes what the drop says into the document's record: a new one, the same again, a correction, or a refusal. */
const register = async (context: ComposeContext, reading: Exclude<DropReading, { kind: 'gone' }>): Promise<Applied> => {
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
  const replaces = await replacedBy(context.table, odsCode, encounterId, version);
  return applyEvent(context, drop.documentId, {
    kind: 'dropped',
    drop,
    ids: deriveIds,
    ...(replaces === undefined ? {} : { replaces }),
  });
};
