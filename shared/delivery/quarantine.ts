import type { RegistryJournal } from '../audit/registry-journal.ts';
import type { DocumentId, MailboxId, OdsCode } from '../platform/ids.ts';
import { inParallel } from '../platform/parallel.ts';
import type { Table } from '../platform/table.ts';
import type { Encounter } from './encounter.ts';
import { documentKey, encounterKey } from './keys.ts';
import type { Composition, Decision, DocumentRecord } from './record.ts';

/**
 * An inbox message of ours that matches no document, or that cannot be read. Its raw bytes are in the archive; here is
 * what a person needs to find out whose it is. No patient data: codes, ids and times, and nothing else that others
 * wrote. On the mailbox's quarantine list until somebody has dealt with it.
 */
export interface Quarantined {
  readonly mailboxId: string;
  readonly at: number;
  readonly why: string;
  readonly workflowId?: string;
  readonly fromMailboxId?: MailboxId;
  readonly response?: QuarantinedResponse;
  readonly report?: QuarantinedReport;
  /** Documents that the response may be about, likeliest first. They never change a document by themselves. */
  readonly suggestions?: readonly Suggestion[];
  /** What a person made of it. Off the list once that is `done`. */
  readonly decision?: QuarantineDecision;
  readonly done?: { readonly at: number };
  /** Of the decision, on its way to the archive. */
  readonly journal?: RegistryJournal;
}

export type QuarantineDecision = Decision & { readonly bySystem?: true } & (
    | { readonly as: 'dismissed' }
    /** It is about this composition. */
    | { readonly as: 'applied'; readonly documentId: DocumentId; readonly composition: number }
  );

export interface QuarantinedResponse {
  readonly codes: readonly string[];
  readonly level: 'infrastructure' | 'business' | 'unknown';
  readonly polarity: 'positive' | 'negative';
  /** The id that it says it answers, where that is formed like one. */
  readonly inResponseTo?: string;
  readonly responderOds?: OdsCode;
  /** When it says it was made. */
  readonly madeAt?: number;
}

export interface QuarantinedReport {
  readonly code: string;
  readonly event?: string;
  readonly linkedMessageId?: string;
  /** It says that all is well. */
  readonly delivered?: true;
  readonly advice: string;
}

export interface Suggestion {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  readonly version?: number;
  readonly composition: number;
  /** Absent where it is not known whether MESH took it. */
  readonly sentAt?: number;
  /** Whether the practice that answers is the one to which it went; absent where either is not known. */
  readonly samePractice?: boolean;
  /** Whether it has been answered by now. */
  readonly answered: boolean;
}

export const suggestionLimit = 10;

/** How well a document fits, for the order of suggestions: not answered yet, same practice, then the newest. */
const compare = (a: Suggestion, b: Suggestion): number =>
  Number(a.answered) - Number(b.answered) ||
  Number(b.samePractice ?? 0) - Number(a.samePractice ?? 0) ||
  (b.sentAt ?? 0) - (a.sentAt ?? 0);

const suggestionOf = (
  { documentId, senderOds, version }: DocumentRecord,
  { number, sentAt, routed, practice, infrastructure, business }: Composition,
  responderOds: OdsCode | undefined,
): Suggestion => {
  const went = routed?.odsCode ?? practice;
  return {
    documentId,
    senderOds,
    composition: number,
    ...(version === undefined ? {} : { version }),
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(went === undefined || responderOds === undefined ? {} : { samePractice: went === responderOds }),
    answered: business !== undefined || infrastructure !== undefined,
  };
};

/**
 * Documents of these senders whose encounter a response names as its SenderReference, and that may have gone out through
 * that mailbox before it was made.
 */
export const suggestionsFor = async (
  table: Table,
  senders: readonly OdsCode[],
  mailboxId: string,
  { reference, responderOds }: { readonly reference: string; readonly responderOds?: OdsCode },
): Promise<readonly Suggestion[]> => {
  const found: Suggestion[] = [];
  await inParallel(senders, 10, async (odsCode) => {
    const encounter = await table.read<Encounter>(encounterKey(odsCode, reference));
    for (const documentId of Object.values(encounter?.versions ?? {}).slice(-suggestionLimit)) {
      const record = await table.read<DocumentRecord>(documentKey(documentId));
      const gone = record?.compositions.findLast(
        ({ stored, attempts }) => stored?.mailboxId === mailboxId && attempts.length > 0,
      );
      if (record && gone) found.push(suggestionOf(record, gone, responderOds));
    }
    return 'go on';
  });
  return found.sort(compare).slice(0, suggestionLimit);
};
