import type { DocumentId, MeshMessageId, MessageHeaderId, OdsCode } from '../platform/ids.ts';
import type { DeliverySettings } from './due.ts';
import type { Acknowledgement, AttemptOutcome, MeshReport, RecordedProblem, Source, StoredMessage } from './record.ts';
import type { Discard } from './work.ts';

/** What a document's drop says about it. */
export interface Drop {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  readonly name: string;
  readonly encounterId?: string;
  readonly version?: number;
  readonly source: Source;
  /** What to delete from the inbox once the drop is dealt with. */
  readonly discard: Discard;
}

/** FHIR ids are derived from the document and the composition's number by the message library. */
export interface CompositionIds {
  readonly messageHeaderId: MessageHeaderId;
  readonly documentBundleId: string;
}
export type DeriveIds = (documentId: DocumentId, composition: number) => CompositionIds;

/** Everything that can happen to a document. */
export type DeliveryEvent =
  | { readonly kind: 'dropped'; readonly drop: Drop; readonly ids: DeriveIds; readonly replaces?: string }
  | {
      readonly kind: 'drop-rejected';
      readonly drop: Drop;
      readonly ids: DeriveIds;
      readonly problems: readonly RecordedProblem[];
    }
  | { readonly kind: 'drop-refused'; readonly drop: Drop; readonly problems: readonly RecordedProblem[] }
  | { readonly kind: 'named-pdf-missing'; readonly composition: number }
  | { readonly kind: 'rejected'; readonly composition: number; readonly problems: readonly RecordedProblem[] }
  | { readonly kind: 'suppressed'; readonly composition: number; readonly why: 'confidential' | 'registered-here' }
  | {
      readonly kind: 'composed';
      readonly composition: number;
      readonly stored: StoredMessage;
      readonly giveUpAt: number;
      readonly discard: Discard;
    }
  | {
      readonly kind: 'attempt-begun';
      readonly composition: number;
      readonly attempt: number;
      readonly owner: string;
      readonly deadline: number;
    }
  | {
      readonly kind: 'attempt-ended';
      readonly composition: number;
      readonly attempt: number;
      readonly owner: string;
      readonly outcome: AttemptOutcome;
    }
  | { readonly kind: 'waits'; readonly composition: number; readonly until: number; readonly why: string }
  | { readonly kind: 'superseded'; readonly composition: number; readonly byVersion: number }
  | { readonly kind: 'gave-up'; readonly composition: number }
  | {
      readonly kind: 'acknowledged';
      readonly messageHeaderId: MessageHeaderId;
      readonly level: 'infrastructure' | 'business';
      readonly acknowledgement: Acknowledgement;
    }
  | { readonly kind: 'reported'; readonly meshMessageId: MeshMessageId; readonly report: MeshReport }
  /** `watch` looked, because a due time came. */
  | { readonly kind: 'due'; readonly settings: DeliverySettings };
