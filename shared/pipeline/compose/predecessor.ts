import { type Applied, applyEvent, type StoredRecord } from '../../delivery/documents.ts';
import { readStanding, type Standing, standsAtPractice, versionsOf } from '../../delivery/earlier-versions.ts';
import { type Encounter, noEncounter, withSuppressed, withVersion } from '../../delivery/encounter.ts';
import { documentKey, encounterKey } from '../../delivery/keys.ts';
import { storedManifest } from '../../delivery/manifest-differences.ts';
import { type Composition, currentComposition, type DocumentRecord } from '../../delivery/record.ts';
import { stateOfComposition } from '../../delivery/state-of.ts';
import type { State } from '../../delivery/states.ts';
import type { Discard } from '../../delivery/work.ts';
import type { DocumentId, OdsCode } from '../../platform/ids.ts';
import { change, type Table } from '../../platform/table.ts';
import type { Manifest } from '../../submission/manifest.ts';
import { problem } from '../../submission/problems.ts';
import { readManifest } from '../../submission/read-manifest.ts';
import type { ComposeContext } from './context.ts';

/**
 * What the practice will probably hold when this version comes to it: enough to compose the message, decided again
 * under the claim (decision 9).
 */
export const standingAtDrop = async (
  table: Table,
  odsCode: OdsCode,
  dropped: { readonly encounterId: string; readonly version: number; readonly practice: OdsCode },
): Promise<Standing> => {
  const encounter = await table.read<Encounter>(encounterKey(odsCode, dropped.encounterId));
  return readStanding(table, encounter, dropped.version, dropped.practice, 'dropped');
};

/** Makes the version known to those that come later; gives the encounter as it then stands. */
export const rememberVersion = (
  table: Table,
  odsCode: OdsCode,
  encounterId: string,
  version: number,
  documentId: DocumentId,
): Promise<Encounter> =>
  change<Encounter, Encounter>(table, encounterKey(odsCode, encounterId), (stored) => {
    if (stored?.versions[version] === documentId) return { kind: 'keep', result: stored };
    const item = withVersion(stored ?? noEncounter, version, documentId);
    return { kind: 'put', item, result: item };
  });

/**
 * A document about to be composed, beside the other versions of its encounter: ended here if a later one has begun to
 * go, or if another version is about another patient; undefined where nothing stands against it. The version is made
 * known first, so that of two that come at once at least one sees the other.
 */
export const againstOtherVersions = async (
  context: ComposeContext,
  record: StoredRecord,
  manifest: Manifest,
  discard: Discard,
): Promise<Applied | undefined> => {
  const { documentId, senderOds } = record;
  const { encounterId, version, patient } = manifest;
  const composition = currentComposition(record).number;
  const encounter = await rememberVersion(context.table, senderOds, encounterId, version, documentId);
  if (encounter.newest > version) {
    return applyEvent(context, documentId, { kind: 'superseded', composition, byVersion: encounter.newest, discard });
  }
  const others = versionsOf(encounter);
  // All that were let through are about one patient: the nearest on either side speak for the rest.
  for (const near of [
    others.filter((one) => one.version < version),
    others.filter((one) => one.version > version).reverse(),
  ]) {
    const nhsNumber = await nearestNhsNumber(context, near);
    if (nhsNumber !== undefined && nhsNumber !== patient.nhsNumber) {
      const problems = [problem('SAME_ENCOUNTER_OTHER_PATIENT', 'patient.nhsNumber')];
      return applyEvent(context, documentId, { kind: 'rejected', composition, problems });
    }
  }
  return undefined;
};

/**
 * A version of which nothing is sent, because it is confidential or the patient is the sender's own, says so of the ones
 * before it too: what of them has not gone must not leave after it (SUPERSEDED). What has gone stays as it is.
 */
export const stopEarlierVersions = (table: Table, odsCode: OdsCode, { encounterId, version }: Manifest) =>
  change<Encounter, undefined>(table, encounterKey(odsCode, encounterId), (stored) => {
    const item = withSuppressed(stored ?? noEncounter, version);
    return item === stored ? { kind: 'keep', result: undefined } : { kind: 'put', item, result: undefined };
  });

/** What was refused or suppressed here never was a version of anything. */
const saysNothing: ReadonlySet<State> = new Set(['REJECTED', 'SUPPRESSED']);

/**
 * What a version says of its patient: the composition that the practice holds, whatever was made of it since, for that is
 * the one that would be replaced; else the latest that was not ended here.
 */
const speaksFor = ({ compositions }: DocumentRecord): Composition | undefined => {
  const latest = compositions.toReversed();
  return (
    latest.find((one) => standsAtPractice.has(stateOfComposition(one))) ??
    latest.find((one) => !saysNothing.has(stateOfComposition(one)))
  );
};

/** Compared where patient data may lie, in the bucket: never in the table. */
const nearestNhsNumber = async (
  context: ComposeContext,
  versions: readonly { readonly documentId: DocumentId }[],
): Promise<string | undefined> => {
  for (const { documentId } of versions) {
    const record = await context.table.read<DocumentRecord>(documentKey(documentId));
    const composition = record && speaksFor(record);
    if (!composition) continue;
    const manifest = await storedManifest(context, composition);
    const read = manifest && readManifest(manifest);
    if (read?.kind === 'manifest') return read.manifest.patient.nhsNumber;
  }
  return undefined;
};
