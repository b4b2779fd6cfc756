import type { DocumentId, MailboxId, MeshMessageId, MessageHeaderId, OdsCode } from '../platform/ids.ts';
import type { StaffIds } from '../submission/staff-ids.ts';
import type { AttentionCode } from './attention-codes.ts';
import type { DueTimes } from './due-times.ts';
import type { OlderVersion, Predecessor } from './earlier-versions.ts';
import type { OtherPatientRelease, PatientCheck } from './patient-check.ts';
import type { Told } from './told.ts';
import type { Tracking } from './tracking.ts';
import type { Discard, Work } from './work.ts';

/**
 * What is known about one document: facts, never a state. The state is computed (`state-of.ts`), so that no fact can
 * be lost by naming it badly. Holds no patient data: ids, codes, times and our own texts only (DESIGN 3 and 6).
 * All times are epoch milliseconds.
 */
export interface DocumentRecord {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  /** Absent on a drop too broken to name its encounter. */
  readonly encounterId?: string;
  readonly version?: number;
  readonly receivedAt: number;
  /** Names under `inbox/{ods}/` by which this document came: where its receipts go. Not those of refused drops. */
  readonly drops: readonly { readonly name: string; readonly at: number }[];
  /** At least one; the last is the current one. */
  readonly compositions: readonly Composition[];
  readonly holds: readonly Hold[];
  /** Drops of this identity with other content that were refused, newest last: their own names' receipts say so. */
  readonly refusals?: readonly Refusal[];
  /** Which other contents people were told of as refused, newest last: an uploader that repeats itself is told once. */
  readonly toldRefused?: readonly string[];
  /** Since when an acknowledgement is longer in coming than its due time. Which one, the state says. */
  readonly overdueSince?: number;
  /** Since when it is so long that MESH is about to hand the message back (`MESH_RETURN_NEAR`). */
  readonly returnNearSince?: number;
  /** Since when its content waits longer to be sent than it should. */
  readonly unsentOverdueSince?: number;
  /** What people did about it, oldest first: each covers the conditions that were open then, and no later one. */
  readonly resolutions?: readonly Resolution[];
  /** Open conditions that people were told of; absent where none is open. */
  readonly told?: readonly Told[];
  readonly history: readonly HistoryEntry[];
  readonly counts: Counts;
  readonly work: Work;
  /** Absent on records of the past, until they change. */
  readonly journal?: Journal;
}

/** How many entries of the archive and how many events this document has had: the last numbers given. */
export interface Journal {
  readonly entries: number;
  readonly events: number;
}

/** One set of bytes. Its number rises only when the bytes change: same bytes, same ids (DESIGN 3, Identity). */
export interface Composition {
  readonly number: number;
  /** The time inside the message; fixed before composing, so that composing again gives the same bytes. */
  readonly composedAt: number;
  /** When the same content, dropped again, was taken up anew. */
  readonly takenUpAgainAt?: number;
  readonly source: Source;
  readonly messageHeaderId: MessageHeaderId;
  /** D: what a replacement points at. */
  readonly documentBundleId: string;
  /** The practice that the manifest names as the patient's: an ODS code is no patient data. */
  readonly practice?: OdsCode;
  /** When somebody is to be told of a silence; absent on compositions of the past, for which the defaults hold. */
  readonly dueTimes?: DueTimes;
  /** Handed over so many minutes after the consultation was saved, where that is longer than it should be (GPCM-SD-096). */
  readonly lateHandover?: { readonly minutes: number };
  /** D of the version that this one replaces. */
  readonly replaces?: string;
  /** Which version that is, and when it had been handed to MESH. */
  readonly predecessor?: Omit<Predecessor, 'documentBundleId'>;
  /** Another practice holds an earlier version: a person tells it. */
  readonly olderVersionAt?: OlderVersion;
  /** A later version was accepted in its place. */
  readonly replacedBy?: { readonly at: number; readonly version: number };
  /** A later version that was to replace it failed at the practice: both count as void (GPCM-SD-128). */
  readonly voidedBy?: { readonly at: number; readonly version: number };
  /** Files that the manifest names do not lie in the inbox, or others under their names: paths in the manifest. */
  readonly awaitingFiles?: { readonly since: number; readonly paths: readonly string[] };
  /** Whether the PDF's text names the manifest's patient; absent until it was looked at. */
  readonly patientCheck?: PatientCheck;
  readonly otherPatientReleased?: OtherPatientRelease;
  /** Present once its parts are stored; never composed again after that. */
  readonly stored?: StoredMessage;
  readonly rejection?: { readonly at: number; readonly problems: readonly RecordedProblem[] };
  readonly suppression?: { readonly at: number; readonly why: 'confidential' | 'registered-here' };
  /** Its sender does not want it sent; nothing of it had left. */
  readonly cancellation?: Decision;
  readonly supersededBy?: { readonly at: number; readonly version: number };
  /** After this nobody tries any more: a person takes over. */
  readonly giveUpAt?: number;
  /** Why the next attempt waits, and until when. */
  readonly waiting?: Waiting;
  readonly attempts: readonly Attempt[];
  readonly failure?: { readonly at: number; readonly code: string; readonly advice: string };
  readonly sentAt?: number;
  readonly meshMessageId?: MeshMessageId;
  /** Posted more than once: the practice may hold two copies. */
  readonly possibleDuplicate?: boolean;
  readonly infrastructure?: Acknowledgement;
  readonly business?: Acknowledgement;
  readonly report?: MeshReport;
  /** Answers and reports that came beside and decide nothing, newest last. */
  readonly alsoAnswered?: readonly Acknowledgement[];
  readonly alsoReported?: readonly MeshReport[];
  /** Two answers that exclude each other; it stands until a person has decided. The answer is the one that came second. */
  readonly contradiction?: Contradiction;
  /** Contradictions that a person had decided when another one came. */
  readonly decidedContradictions?: readonly Contradiction[];
  /** A person lets a doubt be followed by one more attempt: so many copies may have left when they did. */
  readonly resendGranted?: Decision & { readonly afterPosts: number };
  /** What a person found out about attempts in doubt: the practice has it, or certainly nothing came. */
  readonly doubtDecision?: Decision & { readonly as: DoubtAnswer };
  /** The composition whose content this one sends again under ids of its own, because a person asked for it. */
  readonly resendOf?: Decision & { readonly composition: number };
  /** How it had gone before a person asked for the same bytes to be sent again. */
  readonly earlierSends?: readonly EarlierSend[];
  /** When a further round came to nothing, so that it stands as it stood before: what was done about it does not count. */
  readonly notSentAgainAt?: number;
  /** The practice that MESH chose, as tracking tells. */
  readonly routed?: Routed;
  /** How often tracking was asked, and when next; without `nextAt` not again. */
  readonly tracking?: Tracking;
}

/** What a person decided: who, why, when. Our own words and theirs, without patient data. */
export interface Decision {
  readonly at: number;
  readonly by: string;
  readonly why: string;
}

export interface Contradiction {
  readonly at: number;
  readonly level: 'infrastructure' | 'business';
  readonly answer: Acknowledgement;
  /** The state that it contradicts. */
  readonly was: string;
  readonly decision?: Decision & { readonly as: 'accepted' | 'rejected' };
}

export const doubtAnswers = ['arrived', 'lost'] as const;
export type DoubtAnswer = (typeof doubtAnswers)[number];

/** One round of sending that was over when a person asked for another. */
export interface EarlierSend extends Decision {
  /** The last attempt of the round. */
  readonly lastAttempt: number;
  readonly sentAt?: number;
  readonly meshMessageId?: MeshMessageId;
  readonly report?: MeshReport;
  readonly failure?: NonNullable<Composition['failure']>;
  readonly routed?: Routed;
}

/** The practice that MESH chose for a message. Organisations' names and codes are no patient data. */
export interface Routed {
  readonly at: number;
  readonly mailboxId: string;
  readonly odsCode?: string;
  readonly organisation?: string;
}

export const resolutionRoutes = ['resent', 'posted', 'emailed', 'telephoned', 'not-needed'] as const;
export type ResolutionRoute = (typeof resolutionRoutes)[number];

/** What somebody did about a document that needed a person. */
export interface Resolution {
  readonly at: number;
  readonly by: string;
  readonly route: ResolutionRoute;
  readonly note?: string;
  /** The conditions that were open then. */
  readonly of: readonly AttentionCode[];
}

/** `for`: what ends it sooner than its time does: the mailbox's circuit closes, or it is this document's turn. */
export interface Waiting {
  readonly until: number;
  readonly why: string;
  readonly for?: 'circuit' | 'turn';
}

/** Where a composition's input lay, version by version. */
export interface Source {
  readonly contentDigest: string;
  readonly manifest: { readonly key: string; readonly versionId: string; readonly sha256: string };
  /** The digest that the manifest names; absent where it names none and nobody has computed it. */
  readonly pdf: { readonly key: string; readonly versionId: string; readonly size: number; readonly sha256?: string };
  /** What the manifest names beside the PDF; absent where it names nothing, and on compositions of the past. */
  readonly attachments?: readonly SourceAttachment[];
  /** The request to the API that handed it over; absent where it was dropped. */
  readonly request?: { readonly requestId: string; readonly correlationId?: string; readonly clientId?: string };
  /** Who caused it to be sent, as the manifest says; absent where it cannot be kept here. */
  readonly staff?: StaffIds;
}

export interface SourceAttachment {
  readonly name: string;
  /** As the manifest names it. */
  readonly sha256: string;
  /** What lay under its name when the drop was last looked at; absent where nothing did. */
  readonly found?: { readonly versionId: string; readonly size: number };
}

export interface StoredMessage {
  readonly at: number;
  /** Prefix in the messages bucket, of this run of compose alone: another run cannot overwrite what is recorded. */
  readonly folder: string;
  /** SHA-256 of the XML before any compression, hex. Stability is promised for this one. */
  readonly xmlDigest: string;
  readonly contentEncoding?: 'gzip';
  readonly parts: readonly { readonly length: number; readonly sha256: string; readonly compression?: string }[];
  readonly mailboxId: MailboxId;
  readonly workflowId: string;
}

export interface Attempt {
  readonly number: number;
  readonly owner: string;
  readonly startedAt: number;
  /** When the invocation that makes it has certainly ended. */
  readonly deadline: number;
  readonly outcome?: AttemptOutcome;
}

export type AttemptOutcome =
  | { readonly kind: 'sent'; readonly at: number; readonly meshMessageId: MeshMessageId }
  /** MESH said no for good. */
  | { readonly kind: 'refused'; readonly at: number; readonly code: string; readonly advice: string }
  /** Certainly not processed: may be tried again. */
  | { readonly kind: 'not-sent'; readonly at: number; readonly reason: string }
  /** MESH may have accepted it. */
  | { readonly kind: 'unknown'; readonly at: number; readonly reason: string };

export interface Acknowledgement {
  readonly at: number;
  readonly code: string;
  readonly polarity: 'positive' | 'negative';
  readonly inboundMessageId: MeshMessageId;
  /** Of the bytes that came, hex: what is kept of them can be told from anything else. Absent on answers of the past. */
  readonly bodySha256?: string;
  readonly mailboxId: MailboxId;
  readonly responderOds?: string;
  /** Which mailbox MESH says it came from. */
  readonly fromMailboxId?: string;
  readonly late?: boolean;
  /** Who said that it is about this document, where nothing in it did. */
  readonly matched?: Decision;
  /** It came when nothing had been posted that it could answer. */
  readonly beforePosting?: true;
}

export interface MeshReport {
  readonly at: number;
  readonly code: string;
  readonly event?: string;
  /** Of the report itself; where tracking said it, of the message that it is about. */
  readonly inboundMessageId: MeshMessageId;
  readonly bodySha256?: string;
  readonly advice: string;
  /** Good news: MESH has delivered it, which the practice's answer must still confirm. */
  readonly delivered?: true;
  readonly source?: 'tracking';
  /** Who said that it is about this document, where nothing in it did. */
  readonly matched?: Decision;
}

export type HoldReason = 'operator' | 'paused' | 'doubt' | 'other-patient';
export interface Hold {
  readonly reason: HoldReason;
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** A problem as a record and a receipt show it: a path in the manifest, never a value. */
export interface RecordedProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** The name under which a composition's input was dropped. */
export const dropNameOf = ({ manifest }: Source): string =>
  manifest.key.slice(manifest.key.lastIndexOf('/') + 1).replace(/\.json$/, '');

/** Do both name the very same manifest and PDF, version by version? */
export const samePair = (a: Source, b: Source): boolean =>
  a.manifest.versionId === b.manifest.versionId && a.pdf.versionId === b.pdf.versionId;

/** Does `later` name nothing that `earlier` did not? An attachment that has been taken away since is nothing new. */
export const sameObjects = (earlier: Source, later: Source): boolean =>
  samePair(earlier, later) &&
  (later.attachments ?? []).every(
    ({ name, found }) =>
      found === undefined ||
      (earlier.attachments ?? []).some((other) => other.name === name && other.found?.versionId === found.versionId),
  );

/** What is to be taken out of the inbox with the pair. */
export const foundAttachments = ({ attachments = [] }: Source): { name: string; versionId: string }[] =>
  attachments.flatMap(({ name, found }) => (found ? [{ name, versionId: found.versionId }] : []));

/** What to take out of the inbox once a composition's input is dealt with. */
export const discardOf = (source: Source): Discard => ({
  name: dropNameOf(source),
  manifestVersionId: source.manifest.versionId,
  pdfVersionId: source.pdf.versionId,
  attachments: foundAttachments(source),
});

/** A drop that was not taken, because the document under way or done has other content. */
export interface Refusal {
  readonly name: string;
  readonly at: number;
  readonly problems: readonly RecordedProblem[];
}

export interface HistoryEntry {
  readonly at: number;
  readonly what: string;
  readonly detail?: string;
  /** How often in a row, when more than once; `at` is the first time. */
  readonly times?: number;
}

export interface Counts {
  readonly duplicateDrops: number;
  readonly refusedDrops: number;
}

export const noCounts: Counts = { duplicateDrops: 0, refusedDrops: 0 };

/** Bounds of DESIGN 3. */
export const historyLimit = 200;
/** Names, and as many of the API's. */
export const dropLimit = 20;
export const compositionLimit = 100;
/** Refusals under names that are not the document's own, and as many of the API's; the oldest ones' receipts stay as they lie. */
export const refusalLimit = 5;
export const refusalProblemLimit = 10;
export const toldRefusedLimit = 20;
export const detailLimit = 200;
/** Of what came beside and decides nothing, and of what people did; the history has the rest. */
export const besideLimit = 20;
export const resolutionLimit = 50;

export const currentComposition = (record: DocumentRecord): Composition => {
  const last = record.compositions.at(-1);
  if (!last) throw new Error(`Document ${record.documentId} has no composition: a bug, records are born with one.`);
  return last;
};
