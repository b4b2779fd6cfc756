import type { AuditEntry } from '../audit/entry.ts';
import type { StatusChange } from '../events/status-change.ts';
import type { AttentionCode } from './attention-codes.ts';

/**
 * Somebody is to be told: a condition has begun, has ended, is still open after a working day (`escalation`), or has
 * ended after that was told (`escalation-clear`, beside `clear`); or, `once`, what is no condition and has no end.
 */
export type NoticeWork = { readonly since: number; readonly at: number } & (
  | { readonly kind: 'start' | 'clear' | 'escalation' | 'escalation-clear'; readonly code: AttentionCode }
  | { readonly kind: 'once'; readonly code: 'DROP_REFUSED' }
);

/**
 * Work that a write leaves to be done, carried in the same item: no crash can lose it. Whoever wrote it does it at
 * once; `watch` finishes what a crash left. Doing it twice is harmless. Compositions are named by their numbers: a
 * correction does not take over what is still to be done for the one before.
 */
export interface Work {
  /** Put this composition on the outbox. */
  readonly enqueue?: number;
  /** Write the receipts. */
  readonly receipt?: boolean;
  /** Delete these from the inbox: dealt with. A document dropped twice in a hurry has two. */
  readonly discardDrops?: readonly Discard[];
  /** The attempt has a definite outcome: let later versions of the encounter go. */
  readonly releaseClaim?: { readonly attempt: number; readonly owner: string };
  /** Make the MESH message ids of these compositions findable, and apply reports that came first. */
  readonly indexMessages?: readonly number[];
  /** Copy these compositions, as sent, to the archive. */
  readonly archive?: readonly number[];
  /** Compose this composition, from the versions of the objects that it names. */
  readonly composeAgain?: number;
  /** These compositions were accepted: tell the documents that they replace. */
  readonly markReplaced?: readonly number[];
  /** These failed at the practice as replacements: the documents that they were to replace count as void too. */
  readonly voidPredecessor?: readonly number[];
  /** Write these to the archive: what was done to the document, by whom. */
  readonly audit?: readonly AuditEntry[];
  /** Publish these to whoever follows documents, in this order. */
  readonly events?: readonly StatusChange[];
  /** Tell people, by way of what waits to be told to their organisation. */
  readonly notify?: readonly NoticeWork[];
}

/** The objects of a drop that were dealt with, by their versions. */
export interface Discard {
  readonly name: string;
  readonly manifestVersionId?: string;
  readonly pdfVersionId?: string;
  readonly attachments?: readonly { readonly name: string; readonly versionId: string }[];
}

export const noWork: Work = {};

export const hasWork = (work: Work): boolean =>
  Object.values(work).some((part) => part !== undefined && part !== false);

/** Past it the sweep of the inbox finds what is left. */
const discardLimit = 20;

const union = (a: readonly number[] = [], b: readonly number[] = []): readonly number[] => [...new Set([...a, ...b])];

const told = ({ kind, code, since, at }: NoticeWork): string => `${kind} ${code} ${since} ${at}`;
const unionOfNotices = (a: readonly NoticeWork[] = [], b: readonly NoticeWork[] = []): readonly NoticeWork[] => {
  const known = new Set(a.map(told));
  return [...a, ...b.filter((one) => !known.has(told(one)))];
};

/** New work beside old. Of two claims to release only the later attempt's can still stand. */
export const mergeWork = (old: Work, added: Work): Work => {
  const claims = [old.releaseClaim, added.releaseClaim].filter((claim) => claim !== undefined);
  const releaseClaim = claims.sort((a, b) => b.attempt - a.attempt)[0];
  const discardDrops = [...(old.discardDrops ?? []), ...(added.discardDrops ?? [])].slice(-discardLimit);
  const indexMessages = union(old.indexMessages, added.indexMessages);
  const archive = union(old.archive, added.archive);
  const markReplaced = union(old.markReplaced, added.markReplaced);
  const voidPredecessor = union(old.voidPredecessor, added.voidPredecessor);
  const notify = unionOfNotices(old.notify, added.notify);
  return {
    ...old,
    ...added,
    ...(releaseClaim ? { releaseClaim } : {}),
    ...(discardDrops.length > 0 ? { discardDrops } : {}),
    ...(indexMessages.length > 0 ? { indexMessages } : {}),
    ...(archive.length > 0 ? { archive } : {}),
    ...(markReplaced.length > 0 ? { markReplaced } : {}),
    ...(voidPredecessor.length > 0 ? { voidPredecessor } : {}),
    ...(notify.length > 0 ? { notify } : {}),
  };
};
