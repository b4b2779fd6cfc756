import { type Encounter, noEncounter, withVersion } from '../../delivery/encounter.ts';
import { documentKey, encounterKey } from '../../delivery/keys.ts';
import { currentComposition, type DocumentRecord } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import type { DocumentId, OdsCode } from '../../platform/ids.ts';
import { change, type Table } from '../../platform/table.ts';

const holdsAtPractice = new Set(['SENT', 'INFRASTRUCTURE_ACKNOWLEDGED', 'ACCEPTED']);

/** D of the newest earlier version that is accepted or awaits its acknowledgements (GPCM-SD-123, 132). */
export const replacedBy = async (
  table: Table,
  odsCode: OdsCode,
  encounterId: string,
  version: number,
): Promise<string | undefined> => {
  const encounter = await table.read<Encounter>(encounterKey(odsCode, encounterId));
  const earlier = Object.entries(encounter?.versions ?? {})
    .map(([number, documentId]) => ({ number: Number(number), documentId }))
    .filter(({ number }) => number < version)
    .sort((a, b) => b.number - a.number);
  for (const { documentId } of earlier) {
    const record = await table.read<DocumentRecord>(documentKey(documentId));
    if (record && holdsAtPractice.has(stateOf(record))) return currentComposition(record).documentBundleId;
  }
  return undefined;
};

export const rememberVersion = (
  table: Table,
  odsCode: OdsCode,
  encounterId: string,
  version: number,
  documentId: DocumentId,
): Promise<undefined> =>
  change<Encounter, undefined>(table, encounterKey(odsCode, encounterId), (stored) =>
    stored?.versions[version] === documentId
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: withVersion(stored ?? noEncounter, version, documentId), result: undefined },
  );
