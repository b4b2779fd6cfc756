import type { DocumentId } from '../platform/ids.ts';

/**
 * The order of an encounter's versions: nothing is posted without this claim (DESIGN 3, Order of versions). Pure, so
 * that a test can explore every interleaving of what the store really does.
 */
export interface Encounter {
  /** The highest version that any sender has begun to post, or that says that nothing is to be sent. */
  readonly newest: number;
  readonly inFlight?: Claim;
  /** Which document is which version. */
  readonly versions: Readonly<Record<string, DocumentId>>;
}

export interface Claim {
  readonly documentId: DocumentId;
  readonly version: number;
  readonly attempt: number;
  readonly owner: string;
  /** When the invocation that holds it has certainly ended, epoch ms. */
  readonly deadline: number;
}

export const noEncounter: Encounter = { newest: 0, versions: {} };

export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly encounter: Encounter }
  | { readonly kind: 'superseded'; readonly by: number }
  | { readonly kind: 'in-flight'; readonly claim: Claim }
  | { readonly kind: 'stale' };

export const claimEncounter = (encounter: Encounter, wanted: Claim, now: number): ClaimOutcome => {
  if (encounter.newest > wanted.version) return { kind: 'superseded', by: encounter.newest };
  const claimed: ClaimOutcome = {
    kind: 'claimed',
    encounter: {
      newest: wanted.version,
      inFlight: wanted,
      versions: { ...encounter.versions, [wanted.version]: wanted.documentId },
    },
  };
  const { inFlight } = encounter;
  if (!inFlight) return claimed;
  if (inFlight.documentId !== wanted.documentId) return { kind: 'in-flight', claim: inFlight };
  // Our own document. A later attempt takes over: the record decided that the earlier one is over or to be repeated.
  if (inFlight.attempt < wanted.attempt) return claimed;
  if (inFlight.attempt > wanted.attempt) return { kind: 'stale' };
  if (inFlight.owner === wanted.owner) return claimed;
  // The same attempt claimed by an invocation that is over and never got as far as SENDING.
  return inFlight.deadline < now ? claimed : { kind: 'in-flight', claim: inFlight };
};

/** Clears the claim if it still is this one. */
export const releaseEncounter = (
  encounter: Encounter,
  claim: Pick<Claim, 'documentId' | 'attempt' | 'owner'>,
): Encounter => {
  const { inFlight, ...rest } = encounter;
  return inFlight &&
    inFlight.documentId === claim.documentId &&
    inFlight.attempt === claim.attempt &&
    inFlight.owner === claim.owner
    ? rest
    : encounter;
};

/** A version that is deliberately not sent: what it was to take the place of does not go after it. */
export const withSuppressed = (encounter: Encounter, version: number): Encounter =>
  encounter.newest >= version ? encounter : { ...encounter, newest: version };

/** Remembers which document is which version, so that a later one can say which it replaces. */
export const withVersion = (encounter: Encounter, version: number, documentId: DocumentId): Encounter => ({
  ...encounter,
  versions: { ...encounter.versions, [version]: documentId },
});
