import { readDocument } from '../../delivery/documents.ts';
import {
  type Claim,
  type ClaimOutcome,
  claimEncounter,
  type Encounter,
  noEncounter,
  releaseEncounter,
} from '../../delivery/encounter.ts';
import { encounterKey } from '../../delivery/keys.ts';
import { inDoubt } from '../../delivery/state-of.ts';
import type { OdsCode } from '../../platform/ids.ts';
import { change, type Table } from '../../platform/table.ts';

/** One conditional update of the encounter: whoever gets it may post, and nobody else of this encounter. */
export const claimForSending = (
  table: Table,
  odsCode: OdsCode,
  encounterId: string,
  wanted: Claim,
  now: () => number,
): Promise<ClaimOutcome> =>
  change<Encounter, ClaimOutcome>(table, encounterKey(odsCode, encounterId), (stored) => {
    const outcome = claimEncounter(stored ?? noEncounter, wanted, now());
    return outcome.kind === 'claimed'
      ? { kind: 'put', item: outcome.encounter, result: outcome }
      : { kind: 'keep', result: outcome };
  });

export const releaseClaim = (
  table: Table,
  odsCode: OdsCode,
  encounterId: string,
  claim: Pick<Claim, 'documentId' | 'attempt' | 'owner'>,
): Promise<undefined> =>
  change<Encounter, undefined>(table, encounterKey(odsCode, encounterId), (stored) => {
    const released = releaseEncounter(stored ?? noEncounter, claim);
    return stored && released !== stored
      ? { kind: 'put', item: released, result: undefined }
      : { kind: 'keep', result: undefined };
  });

/**
 * Frees a claim whose holder is over: its deadline has passed, and its document's record is in no doubt (the
 * holder died before SENDING, or what became of it is recorded and only the release was lost). A doubt is not over.
 */
export const freeOrphan = async (
  table: Table,
  odsCode: OdsCode,
  encounterId: string,
  claim: Claim,
  now: number,
): Promise<'freed' | 'still-held'> => {
  if (claim.deadline >= now) return 'still-held';
  const holder = await readDocument(table, claim.documentId);
  if (holder && inDoubt(holder)) return 'still-held';
  await releaseClaim(table, odsCode, encounterId, claim);
  return 'freed';
};
