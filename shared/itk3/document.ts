import type { FhirIds } from './fhir-ids.ts';
import type { CodedType } from './profiles.ts';

/** Everything the composer needs to know; nothing else decides what the message says. */
export interface DocumentToCompose {
  readonly ids: FhirIds;
  /** Epoch milliseconds; on the wire in whole seconds, UTC. */
  readonly composedAt: number;
  /** SenderReference: the same for every version of one encounter's report (GPCM-SD-042). */
  readonly encounterId: string;
  /** 1 for the original, one more for each replacement (GPCM-SD-098). */
  readonly version: number;
  readonly documentType: CodedType;
  readonly title: string;
  /**
   * True only of the redacted notification of 1.3.x, behind a sender's setting (GPCM-SD-117, 119): confidentiality R,
   * and neither practice nor ODS code in text and subject. Else a confidential consultation is suppressed before.
   */
  readonly confidential: boolean;
  /** SNOMED CT, of the value set CareConnect-CareSettingType-1; 2.0.x only. */
  readonly careSetting?: CodedType | undefined;
  /** What the document is about; 2.0.x only. */
  readonly events?: readonly EventFacts[] | undefined;
  readonly patient: PatientFacts;
  readonly practitioner: PractitionerFacts;
  readonly organisation: OrganisationFacts;
  /** The sender's MESH mailbox (GPCM-SD-046). */
  readonly mailboxId: string;
  /** D of the version that this one replaces (GPCM-SD-123). */
  readonly replaces?: string | undefined;
  /** In the order of their sections, the PDF report first (GPCM-SD-112); one of `ids.binaryIds` for each. */
  readonly files: readonly FileFacts[];
}

export interface PatientFacts {
  readonly nhsNumber: string;
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix?: string | undefined;
  /** YYYY-MM-DD */
  readonly birthDate: string;
}

export interface EventFacts extends CodedType {
  /** Epoch milliseconds. */
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
}

export interface PractitionerFacts {
  /** Left out of the message where it is not known, which 1.3.x does not allow (GPCM-SD-032). */
  readonly sdsUserId?: string | undefined;
  readonly roleProfileId?: string | undefined;
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix?: string | undefined;
  readonly phone?: string | undefined;
}

export interface OrganisationFacts {
  readonly odsCode: string;
  readonly name: string;
  readonly phone: string;
}

export interface FileFacts {
  readonly contentType: string;
  /** Title of the file's section. */
  readonly title: string;
}

/** The surname as it goes into the Patient resource and the routing string alike (GPCM-SD-038). */
export const surnameOf = (patient: PatientFacts): string => patient.family.trim();

/** "Given Family", the form of the published example. */
export const displayNameOf = (patient: PatientFacts): string =>
  [...patient.given.map((name) => name.trim()), surnameOf(patient)].filter((part) => part !== '').join(' ');
