/**
 * The two live generations of Send Document as data: everything that differs between 1.3.x and 2.0.x, and nothing
 * that does not. Fixed strings that a receiving practice sees stand in this file only (URLs and code systems, which
 * nobody reads: `fixed-values.ts`). What a sender may choose within a generation is chosen in `profileFor`.
 */

export type ProfileName = 'v1' | 'v2';

export interface CodedType {
  readonly code: string;
  readonly display: string;
}

/** A SNOMED CT code of Composition.type, with the title that a document of this type has when none is given. */
export interface DocumentType extends CodedType {
  readonly title: string;
}

export interface MessageProfile {
  readonly name: ProfileName;
  /** MESH workflow of the document (GPCM-SD-057) and of the practice's answers (GPCM-SD-058). */
  readonly workflowId: string;
  readonly ackWorkflowId: string;
  /** GPCM-SD-039: the practice is asked to act, because filing a document is an action. */
  readonly recipientType: CodedType;
  /** Those that this generation allows; the first is the default. */
  readonly recipientTypes: readonly CodedType[];
  /** GPCM-SD-044. */
  readonly localExtension: string;
  /** GPCM-SD-115: SNOMED CT codes that may stand in Composition.type. */
  readonly documentTypes: readonly DocumentType[];
  /** GPCM-SD-118: the only title allowed; absent where any title is. */
  readonly fixedTitle?: string;
  /**
   * GPCM-SD-061, 064, 119: one wording for the MESH subject and the document's text.
   * Placeholders: {title} {name} {nhsNumber} {practice} {ods} {version}. What stands in square brackets is left out
   * of a confidential notification.
   */
  readonly wording: string;
  /** Every wording that this generation has had; a receiver may meet any of them. */
  readonly wordings: readonly string[];
  /** Whether Composition.meta.versionId carries the document's version. */
  readonly versionId: boolean;
  /** GPCM-SD-032: whether the clinician must have an SDS user id. Where not and it is unknown, it is left out. */
  readonly sdsUserIdRequired: boolean;
  /** Whether Composition carries care setting and events when they are supplied. */
  readonly careContext: boolean;
  /**
   * Whether a confidential consultation is told to the practice by a redacted notification (GPCM-SD-117, 119) instead
   * of not at all. No generation does so of itself; 1.3.x allows it.
   */
  readonly confidentialNotification: boolean;
  readonly mayNotifyConfidential: boolean;
  /** Composition.status of a document that replaces another (GPCM-SD-114; the notes to updates allow `amended`). */
  readonly replacementStatus: ReplacementStatus;
  /** Whether the message bundle has an identifier of its own; else it repeats D, as the published example does. */
  readonly distinctBundleIdentifier: boolean;
}

export type ReplacementStatus = 'final' | 'amended';

const forAction: CodedType = { code: 'FA', display: 'For Action' };
const forInformation: CodedType = { code: 'FI', display: 'For Information' };

const consultationReportTitle = 'Consultation report';
export const consultationReportType: DocumentType = {
  code: '371531000',
  display: 'Report of clinical encounter',
  title: consultationReportTitle,
};
const remoteCorrespondenceType: DocumentType = {
  code: '149701000000109',
  display: 'Remote health correspondence (record artifact)',
  title: 'Remote health correspondence',
};

/** The wording of 1.3.2 and of the assurance check-list, which both generations share. */
const currentWording = '{title} for {name}, NHS Number: {nhsNumber}[, seen at {practice}, {ods}], Version: {version}';

/** The wording of 1.3.1, for an environment that still compares with it. */
export const wordingOf131 =
  '{title} for {name}, NHS Number {nhsNumber}[, seen at {practice}, ODS Code {ods}], Version {version}';

const asPublished = {
  recipientType: forAction,
  wording: currentWording,
  confidentialNotification: false,
  replacementStatus: 'final',
  distinctBundleIdentifier: false,
} as const;

export const profiles: Readonly<Record<ProfileName, MessageProfile>> = {
  v1: {
    name: 'v1',
    workflowId: 'GPFED_CONSULT_REPORT',
    ackWorkflowId: 'GPFED_CONSULT_REPORT_ACK',
    ...asPublished,
    recipientTypes: [forAction],
    localExtension: 'SendDocument-ConsultationReport',
    documentTypes: [consultationReportType],
    fixedTitle: consultationReportTitle,
    wordings: [currentWording, wordingOf131],
    versionId: false,
    sdsUserIdRequired: true,
    careContext: false,
    mayNotifyConfidential: true,
  },
  v2: {
    name: 'v2',
    workflowId: 'GPCONNECT_SEND_DOCUMENT',
    ackWorkflowId: 'GPCONNECT_SEND_DOCUMENT_ACK',
    ...asPublished,
    recipientTypes: [forAction, forInformation],
    localExtension: 'None',
    documentTypes: [consultationReportType, remoteCorrespondenceType],
    wordings: [currentWording],
    versionId: true,
    sdsUserIdRequired: false,
    careContext: true,
    mayNotifyConfidential: false,
  },
};

/** The profile that a workflow id belongs to, whether the document's or its acknowledgement's. */
export const profileOfWorkflow = (workflowId: string): MessageProfile | undefined =>
  Object.values(profiles).find((p) => p.workflowId === workflowId || p.ackWorkflowId === workflowId);
