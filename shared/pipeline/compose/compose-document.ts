import { type Applied, applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { envelopeObject, manifestObject, messageFolder, partObject } from '../../delivery/keys.ts';
import { currentComposition, dropNameOf } from '../../delivery/record.ts';
import { composeProblems } from '../../itk3/compose-problems.ts';
import type { DocumentToCompose } from '../../itk3/document.ts';
import { fhirIds } from '../../itk3/fhir-ids.ts';
import { messageLength, messageStream } from '../../itk3/message.ts';
import { profiles } from '../../itk3/profiles.ts';
import { routingOf } from '../../itk3/routing.ts';
import { subjectOf } from '../../itk3/wording.ts';
import type { Sender } from '../../senders/sender.ts';
import type { Manifest } from '../../submission/manifest.ts';
import { consultationReport } from '../../submission/rules.ts';
import type { EnvelopeFile } from '../envelope.ts';
import type { ComposeContext } from './context.ts';
import { DigestMismatch, withDigest } from './digest-stream.ts';
import { encodingFor, storeTransport } from './transport-parts.ts';

const toCompose = (record: StoredRecord, manifest: Manifest, sender: Sender): DocumentToCompose => {
  const composition = currentComposition(record);
  const profile = profiles[sender.profile];
  const [reportType] = profile.documentTypes;
  const title = profile.fixedTitle ?? manifest.title ?? consultationReport.title;
  return {
    ids: fhirIds(record.documentId, composition.number, 1),
    composedAt: composition.composedAt,
    encounterId: manifest.encounterId,
    version: manifest.version,
    documentType: {
      code: manifest.documentType.code,
      display:
        profile.documentTypes.find(({ code }) => code === manifest.documentType.code)?.display ??
        reportType?.display ??
        '',
    },
    title,
    confidential: false,
    patient: manifest.patient,
    practitioner: manifest.practitioner,
    organisation: { odsCode: sender.odsCode, name: sender.name, phone: sender.phone },
    mailboxId: sender.mailboxId,
    ...(composition.replaces === undefined ? {} : { replaces: composition.replaces }),
    files: [{ contentType: 'application/pdf', title }],
  };
};

/**
 * Builds the message of a RECEIVED document and stores its transport bytes, reading the PDF once, as a stream. The
 * record says COMPOSED only when all of it is durable. Composing again gives the same bytes.
 */
export const composeDocument = async (
  context: ComposeContext,
  record: StoredRecord,
  manifest: Manifest,
  sender: Sender,
): Promise<Applied> => {
  const { clock, messages, drops, settings } = context;
  const composition = currentComposition(record);
  const { documentId } = record;
  const input = toCompose(record, manifest, sender);
  const problems = composeProblems(input);
  const routing = routingOf(input.patient);
  if (problems.length > 0 || routing.kind === 'problem') {
    return applyEvent(context, documentId, { kind: 'rejected', composition: composition.number, problems });
  }

  const { pdf } = composition.source;
  const folder = messageFolder(documentId, composition.number, context.ids.uuid());
  const body = await drops.get(pdf.key, { versionId: pdf.versionId });
  if (!body) throw new Error(`The PDF of document ${documentId} is gone before its message was stored.`);
  const profile = profiles[sender.profile];
  const encoding = encodingFor(messageLength(input, [body.size], profile));
  const stored = await storeTransport(
    messageStream(input, [withDigest(body.body, pdf.sha256)], profile),
    encoding,
    (part, bytes) => messages.upload(partObject(folder, part), bytes, 'application/octet-stream'),
  )
    .catch((error: unknown) => {
      if (error instanceof DigestMismatch) return 'not-the-one-named' as const;
      throw error;
    })
    .finally(() => body.discard());
  if (stored === 'not-the-one-named') {
    return applyEvent(context, documentId, { kind: 'named-pdf-missing', composition: composition.number });
  }

  const { family, nhsNumber, birthDate } = manifest.patient;
  const envelope: EnvelopeFile = {
    to: routing.to,
    subject: subjectOf(input, profile),
    workflowId: profile.workflowId,
    // GPCM-SD-145: the sending organisation's ODS code, so nothing can be found by it.
    localId: sender.odsCode,
    mailboxId: sender.mailboxId,
    contentType: 'application/xml',
    ...(encoding === undefined ? {} : { contentEncoding: encoding }),
    parts: [...stored.parts],
    patient: { nhsNumber, birthDate, family },
  };
  await messages.put(manifestObject(folder), JSON.stringify(manifest));
  await messages.put(envelopeObject(folder), JSON.stringify(envelope));
  return applyEvent(context, documentId, {
    kind: 'composed',
    composition: composition.number,
    giveUpAt: clock.now() + settings.giveUpAfter,
    stored: {
      at: clock.now(),
      folder,
      xmlDigest: stored.xmlDigest,
      ...(encoding === undefined ? {} : { contentEncoding: encoding }),
      parts: stored.parts,
      mailboxId: sender.mailboxId,
      workflowId: profile.workflowId,
    },
    discard: {
      name: dropNameOf(composition.source),
      manifestVersionId: composition.source.manifest.versionId,
      pdfVersionId: pdf.versionId,
    },
  });
};
