import { uuidV5 } from '../platform/ids.ts';

/** The ids of one composition's resources. `documentBundleId` is D, what a replacement points at. */
export interface FhirIds {
  readonly messageBundleId: string;
  /** What acknowledgements answer. */
  readonly messageHeaderId: string;
  readonly headerOrganizationId: string;
  readonly documentBundleId: string;
  readonly compositionId: string;
  readonly practitionerId: string;
  readonly organizationId: string;
  readonly patientId: string;
  readonly binaryIds: readonly string[];
}

const namespace = '3f1c1d0e-6a5b-5c57-9d0e-2b7a6b8f4e11';

/**
 * Ids of composition `composition` (from 1) of a document with `files` files, derived so that composing again gives
 * the same ids, and another composition other ones (FHIR-VER-01).
 */
export const fhirIds = (documentId: string, composition: number, files: number): FhirIds => {
  const id = (role: string) => uuidV5(namespace, JSON.stringify([documentId, composition, role]));
  return {
    messageBundleId: id('message-bundle'),
    messageHeaderId: id('message-header'),
    headerOrganizationId: id('header-organization'),
    documentBundleId: id('document-bundle'),
    compositionId: id('composition'),
    practitionerId: id('practitioner'),
    organizationId: id('organization'),
    patientId: id('patient'),
    binaryIds: Array.from({ length: files }, (_, index) => id(`binary-${index + 1}`)),
  };
};
