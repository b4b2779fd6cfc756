/**
 * The two live generations of Send Document as data: everything that differs between 1.3.x and 2.0.x, and nothing
 * that does not. Fixed strings that a receiving practice sees stand in this file only.
 */

export type ProfileName = 'v1' | 'v2';

export interface CodedType {
  readonly code: string;
  readonly display: string;
}

export interface MessageProfile {
  readonly name: ProfileName;
  /** MESH workflow of the document (GPCM-SD-057) and of the practice's answers (GPCM-SD-058). */
  readonly workflowId: string;
  readonly ackWorkflowId: string;
  /** GPCM-SD-039: the practice is asked to act, because filing a document is an action. */
  readonly recipientType: CodedType;
  /** GPCM-SD-044. */
  readonly localExtension: string;
  /** GPCM-SD-115: SNOMED CT codes that may stand in Composition.type. */
  readonly documentTypes: readonly CodedType[];
  /** GPCM-SD-118: the only title allowed; absent where any title is. */
  readonly fixedTitle?: string;
  /**
   * GPCM-SD-061, 064, 119: one wording for the MESH subject and the document's text.
   * Placeholders: {title} {name} {nhsNumber} {practice} {ods} {version}.
   */
  readonly wording: string;
  /** Whether Composition.meta.versionId carries the document's version. */
  readonly versionId: boolean;
}

const forAction: CodedType = { code: 'FA', display: 'For Action' };

export const consultationReportType: CodedType = { code: '371531000', display: 'Report of clinical encounter' };
const remoteCorrespondenceType: CodedType = {
  code: '149701000000109',
  display: 'Remote health correspondence (record artifact)',
};

/** The wording of 1.3.2 and of the assurance check-list, which both generations share. */
const currentWording = '{title} for {name}, NHS Number: {nhsNumber}, seen at {practice}, {ods}, Version: {version}';

/** The wording of 1.3.1, for an environment that still compares with it. */
export const wordingOf131 =
  '{title} for {name}, NHS Number {nhsNumber}, seen at {practice}, ODS Code {ods}, Version {version}';

export const profiles: Readonly<Record<ProfileName, MessageProfile>> = {
  v1: {
    name: 'v1',
    workflowId: 'GPFED_CONSULT_REPORT',
    ackWorkflowId: 'GPFED_CONSULT_REPORT_ACK',
    recipientType: forAction,
    localExtension: 'SendDocument-ConsultationReport',
    documentTypes: [consultationReportType],
    fixedTitle: 'Consultation report',
    wording: currentWording,
    versionId: false,
  },
  v2: {
    name: 'v2',
    workflowId: 'GPCONNECT_SEND_DOCUMENT',
    ackWorkflowId: 'GPCONNECT_SEND_DOCUMENT_ACK',
    recipientType: forAction,
    localExtension: 'None',
    documentTypes: [consultationReportType, remoteCorrespondenceType],
    wording: currentWording,
    versionId: true,
  },
};

/** The profile that a workflow id belongs to, whether the document's or its acknowledgement's. */
export const profileOfWorkflow = (workflowId: string): MessageProfile | undefined =>
  Object.values(profiles).find((p) => p.workflowId === workflowId || p.ackWorkflowId === workflowId);
