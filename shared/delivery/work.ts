/**
 * Work that a write leaves to be done, carried in the same item: no crash can lose it. Whoever wrote it does it at
 * once; `watch` finishes what a crash left. Doing it twice is harmless.
 */
export interface Work {
  /** Put this composition on the outbox. */
  readonly enqueue?: boolean;
  /** Write the receipts. */
  readonly receipt?: boolean;
  /** Delete the drop's pair from the inbox, for the halves named. */
  readonly discardDrop?: { readonly name: string; readonly manifestVersionId?: string; readonly pdfVersionId?: string };
  /** The attempt has a definite outcome: let later versions of the encounter go. */
  readonly releaseClaim?: { readonly attempt: number; readonly owner: string };
  /** Make the MESH message id findable, and apply a report that came first. */
  readonly indexMessage?: boolean;
  /** Copy the message as sent to the archive. */
  readonly archive?: boolean;
}

export const noWork: Work = {};

export const hasWork = (work: Work): boolean =>
  Object.values(work).some((part) => part !== undefined && part !== false);

/** New work beside old. Of two claims to release only the later attempt's can still stand. */
export const mergeWork = (old: Work, added: Work): Work => {
  const claims = [old.releaseClaim, added.releaseClaim].filter((claim) => claim !== undefined);
  const releaseClaim = claims.sort((a, b) => b.attempt - a.attempt)[0];
  return { ...old, ...added, ...(releaseClaim ? { releaseClaim } : {}) };
};
