import type { DeliveryEvent, Drop } from '../../shared/delivery/events.ts';
import type { DocumentRecord } from '../../shared/delivery/record.ts';
import { reduce } from '../../shared/delivery/reduce.ts';
import { deriveIds } from '../../shared/pipeline/derive-ids.ts';
import { documentIdOf, type MailboxId, type MeshMessageId, type OdsCode } from '../../shared/platform/ids.ts';

/** Records built by the events that really build them. */

export const ods = 'RX1' as OdsCode;
export const mailbox = 'RX1OT001' as MailboxId;

export const dropOf = (version = 1, content = 'a', name = `report-${version}`): Drop => ({
  documentId: documentIdOf(ods, 'encounter-1', version),
  senderOds: ods,
  name,
  encounterId: 'encounter-1',
  version,
  source: {
    contentDigest: `digest-${content}`,
    manifest: { key: `inbox/RX1/${name}.json`, versionId: `m-${content}`, sha256: content },
    pdf: { key: `inbox/RX1/${name}.pdf`, versionId: `p-${content}`, size: 10, sha256: content },
  },
  discard: { name, manifestVersionId: `m-${content}`, pdfVersionId: `p-${content}` },
});

export const dropped = (version = 1, content = 'a'): DeliveryEvent => ({
  kind: 'dropped',
  drop: dropOf(version, content),
  ids: deriveIds,
});

/** The same content put into the bucket once more: other versions of the objects. */
export const droppedAnew = (version = 1, content = 'a'): DeliveryEvent => {
  const drop = dropOf(version, content);
  const { manifest, pdf } = drop.source;
  return {
    kind: 'dropped',
    ids: deriveIds,
    drop: {
      ...drop,
      source: {
        ...drop.source,
        manifest: { ...manifest, versionId: `${manifest.versionId}-anew` },
        pdf: { ...pdf, versionId: `${pdf.versionId}-anew` },
      },
    },
  };
};

export const composed = (composition = 1): DeliveryEvent => ({
  kind: 'composed',
  composition,
  giveUpAt: 4 * 3_600_000,
  discard: { name: 'report-1' },
  stored: {
    at: 10,
    folder: 'messages/d/1/r/',
    xmlDigest: 'x',
    parts: [{ length: 1, sha256: 'y' }],
    mailboxId: mailbox,
    workflowId: 'GPFED_CONSULT_REPORT',
  },
});

export const begun = (attempt = 1, owner = `owner-${attempt}`, deadline = 1000): DeliveryEvent => ({
  kind: 'attempt-begun',
  composition: 1,
  attempt,
  owner,
  deadline,
});

export const meshId = (n: number | string = 1): MeshMessageId => `mesh-${n}` as MeshMessageId;

export const sent = (attempt = 1, owner = `owner-${attempt}`): DeliveryEvent => ({
  kind: 'attempt-ended',
  composition: 1,
  attempt,
  owner,
  outcome: { kind: 'sent', at: 500, meshMessageId: meshId(attempt) },
});

export const ended = (outcome: 'not-sent' | 'unknown' | 'refused', attempt = 1): DeliveryEvent => ({
  kind: 'attempt-ended',
  composition: 1,
  attempt,
  owner: `owner-${attempt}`,
  outcome:
    outcome === 'refused'
      ? { kind: 'refused', at: 500, code: '12', advice: 'advice' }
      : { kind: outcome, at: 500, reason: 'reason' },
});

export const headerOf = (composition = 1, version = 1) =>
  deriveIds(documentIdOf(ods, 'encounter-1', version), composition).messageHeaderId;

export const answered = (code: string, polarity: 'positive' | 'negative', composition = 1): DeliveryEvent => ({
  kind: 'acknowledged',
  messageHeaderId: headerOf(composition),
  level: code.startsWith('3') ? 'business' : 'infrastructure',
  acknowledgement: { at: 900, code, polarity, inboundMessageId: meshId(`in-${code}`), mailboxId: mailbox },
});

export const positive = (code: string) => answered(code, 'positive');
export const negative = (code: string) => answered(code, 'negative');

export const reported = (code = 'EPL-152', about = meshId(1)): DeliveryEvent => ({
  kind: 'reported',
  meshMessageId: about,
  report: { at: 800, code, inboundMessageId: meshId('report'), advice: 'advice' },
});

/** The record after these events, at these times (the index, where none is given); no-ops change nothing. */
export const recordAfter = (...events: readonly DeliveryEvent[]): DocumentRecord => {
  let record: DocumentRecord | undefined;
  events.forEach((event, at) => {
    const reduction = reduce(record, event, at);
    if (reduction.kind === 'changed') record = reduction.record;
  });
  if (!record) throw new Error('These events make no record.');
  return record;
};

/** The record once this has happened to it, which it must not be without effect. */
export const onceAlso = (record: DocumentRecord | undefined, event: DeliveryEvent, at = 5000): DocumentRecord => {
  const reduction = reduce(record, event, at);
  if (reduction.kind === 'no-op') throw new Error(reduction.why);
  return reduction.record;
};

/** Received, composed, being sent. */
export const sending = [dropped(), composed(), begun()] as const;
export const wasSent = [...sending, sent()] as const;
