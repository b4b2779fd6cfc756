import { currentComposition, type DocumentRecord } from '../../delivery/record.ts';
import { attachmentTypeOf } from '../../itk3/attachment-types.ts';
import type { DocumentToCompose, EventFacts } from '../../itk3/document.ts';
import { fhirIds } from '../../itk3/fhir-ids.ts';
import { profileFor } from '../../senders/profile-for.ts';
import type { Sender } from '../../senders/sender.ts';
import type { Manifest } from '../../submission/manifest.ts';
import { instantOf } from '../../submission/times.ts';

type ManifestEvent = NonNullable<Manifest['events']>[number];

const at = (time: string | undefined): number | undefined => (time === undefined ? undefined : instantOf(time));

const eventFacts = ({ code, display, startedAt, endedAt }: ManifestEvent): EventFacts => ({
  code,
  display,
  startedAt: at(startedAt),
  endedAt: at(endedAt),
});

/**
 * What the composer needs, out of what the sender says in the manifest, what the operator says of the sender, and what
 * the record has fixed (ids, time, replaced version): the same three always give the same message. Its profile is
 * `profileFor(sender, manifest.registeredPractice.odsCode)`. The report comes first, then the attachments in the
 * manifest's order (GPCM-SD-112).
 */
export const toCompose = (record: DocumentRecord, manifest: Manifest, sender: Sender): DocumentToCompose => {
  const composition = currentComposition(record);
  const profile = profileFor(sender, manifest.registeredPractice.odsCode);
  // One that the profile does not know is refused by `composeProblems`, which names it by its own code.
  const documentType = profile.documentTypes.find(({ code }) => code === manifest.documentType.code) ?? {
    code: manifest.documentType.code,
    display: manifest.documentType.display ?? manifest.documentType.code,
    title: manifest.title ?? manifest.documentType.code,
  };
  const title = manifest.title ?? documentType.title;
  return {
    ids: fhirIds(record.documentId, composition.number, 1 + manifest.attachments.length),
    composedAt: composition.composedAt,
    encounterId: manifest.encounterId,
    version: manifest.version,
    documentType,
    title,
    confidential: manifest.confidential,
    careSetting: manifest.careSetting,
    events: manifest.events?.map(eventFacts),
    patient: manifest.patient,
    practitioner: manifest.practitioner,
    organisation: { odsCode: sender.odsCode, name: sender.name, phone: sender.phone },
    mailboxId: sender.mailboxId,
    replaces: composition.replaces,
    files: [
      { contentType: 'application/pdf', title },
      ...manifest.attachments.map((attachment) => ({
        contentType: attachmentTypeOf(attachment.contentType)?.mediaType ?? attachment.contentType,
        title: attachment.title,
      })),
    ],
  };
};
