import type { DeriveIds } from '../delivery/events.ts';
import { fhirIds } from '../itk3/fhir-ids.ts';
import type { MessageHeaderId } from '../platform/ids.ts';

/** A composition's ids: from the document and the composition's number alone. */
export const deriveIds: DeriveIds = (documentId, composition) => {
  const { messageHeaderId, documentBundleId } = fhirIds(documentId, composition, 1);
  return { messageHeaderId: messageHeaderId as MessageHeaderId, documentBundleId };
};
