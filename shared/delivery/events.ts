import type { DocumentId, MeshMessageId, MessageHeaderId, OdsCode } from '../platform/ids.ts';
import type { DeliverySettings } from './due.ts';
import type { DueTimes } from './due-times.ts';
import type { Standing } from './earlier-versions.ts';
import type { PatientFinding } from './patient-check.ts';
import type {
  Acknowledgement,
  AttemptOutcome,
  DoubtAnswer,
  HoldReason,
  MeshReport,
  RecordedProblem,
  ResolutionRoute,
  Source,
  StoredMessage,
  Waiting,
} from './record.ts';
import type { TrackingFinding } from './tracking.ts';
import type { Discard } from './work.ts';

/** What a document's drop says about it. */
export interface Drop {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  readonly name: string;
  readonly encounterId?: string;
  readonly version?: number;
  readonly source: Source;
  /** Paths of the files that the manifest names and that are not there; absent where all are. */
  readonly missing?: readonly string[];
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
  | {
      readonly kind: 'dropped';
      readonly drop: Drop;
      readonly ids: DeriveIds;
      readonly practice?: OdsCode;
      readonly standing?: Standing;
      /** Of its sender, as they are set when it comes. */
      readonly dueTimes?: DueTimes;
      /** When the consultation was saved, as the manifest says; epoch ms. Only how late it came is kept. */
      readonly savedAt?: number;
    }
  | {
      readonly kind: 'drop-rejected';
      readonly drop: Drop;
      readonly ids: DeriveIds;
      readonly problems: readonly RecordedProblem[];
    }
  | { readonly kind: 'drop-refused'; readonly drop: Drop; readonly problems: readonly RecordedProblem[] }
  | { readonly kind: 'named-files-missing'; readonly composition: number; readonly paths: readonly string[] }
  | {
      readonly kind: 'patient-checked';
      readonly composition: number;
      readonly pdfVersionId: string;
      readonly finding: PatientFinding;
    }
  | PersonEvent
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
      /** Finishes the upload that an earlier attempt began, under the same MESH id: there is no second copy. */
      readonly goesOn?: true;
    }
  | {
      readonly kind: 'attempt-ended';
      readonly composition: number;
      readonly attempt: number;
      readonly owner: string;
      readonly outcome: AttemptOutcome;
    }
  | ({ readonly kind: 'waits'; readonly composition: number } & Waiting)
  /** What it waited for has come, before its time was over. */
  | {
      readonly kind: 'wait-over';
      readonly composition: number;
      readonly waitedFor: NonNullable<Waiting['for']>;
      readonly doubtWait: number;
    }
  /** `discard`: where its drop still lies in the inbox. */
  | {
      readonly kind: 'superseded';
      readonly composition: number;
      readonly byVersion: number;
      readonly discard?: Discard;
    }
  /** Under the claim: what the practice holds of earlier versions, now that nobody can go before this one. */
  | {
      readonly kind: 'standing-decided';
      readonly composition: number;
      readonly standing: Standing;
      readonly ids: DeriveIds;
    }
  /** A later version was accepted as the replacement of the composition with this D. */
  | { readonly kind: 'replaced'; readonly documentBundleId: string; readonly byVersion: number }
  /** The practice could not replace the composition with this D by a later version (20014). */
  | { readonly kind: 'voided'; readonly documentBundleId: string; readonly byVersion: number }
  | { readonly kind: 'gave-up'; readonly composition: number }
  /** MESH, asked for a message in doubt by its local id, has it more than once. */
  | { readonly kind: 'found-several'; readonly composition: number }
  | {
      readonly kind: 'acknowledged';
      readonly messageHeaderId: MessageHeaderId;
      readonly level: 'infrastructure' | 'business';
      readonly acknowledgement: Acknowledgement;
    }
  | {
      readonly kind: 'reported';
      readonly meshMessageId: MeshMessageId;
      readonly report: MeshReport;
      /** Which composition it is about, where that is known otherwise than by MESH's id: a person has said so. */
      readonly composition?: number;
    }
  /** MESH is about to be asked which practice it chose. */
  | { readonly kind: 'tracking-begun'; readonly meshMessageId: MeshMessageId }
  | { readonly kind: 'tracked'; readonly meshMessageId: MeshMessageId; readonly finding: TrackingFinding }
  /** `watch` looked, because a due time came. */
  | {
      readonly kind: 'due';
      readonly settings: DeliverySettings;
      /**
       * When the last poll began that read the mailbox's inbox to the end: a silence counts from there. Absent: nobody
       * reads it any more.
       */
      readonly inboxReadAt?: number;
    };

/**
 * What a person does to a document. Each twice is once; each that cannot be done says why. `seen`: only if the document
 * still stands as that person saw it (`seenOf`).
 */
export type PersonEvent = { readonly by: string; readonly seen?: string } & (
  | { readonly kind: 'held'; readonly reason: Extract<HoldReason, 'operator' | 'paused'>; readonly why: string }
  /** Lets it go on. A doubt that is released allows one more attempt, flagged, with the same bytes and ids. */
  | { readonly kind: 'released'; readonly reason: HoldReason; readonly why: string }
  | { readonly kind: 'cancelled'; readonly why: string }
  | { readonly kind: 'resolved'; readonly route: ResolutionRoute; readonly note?: string }
  | { readonly kind: 'contradiction-decided'; readonly as: 'accepted' | 'rejected'; readonly why: string }
  /** The practice says whether what is in doubt has come. */
  | { readonly kind: 'doubt-decided'; readonly as: DoubtAnswer; readonly why: string }
  /** A message about it came back from a dead-letter queue. */
  | { readonly kind: 'redriven'; readonly queue: string; readonly why: string }
  /** `newest`: the highest version of the encounter that was ever begun, as its item says. */
  | { readonly kind: 'resend-asked'; readonly newest: number; readonly ids: DeriveIds; readonly why: string }
);
