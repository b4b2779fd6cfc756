import { hours } from '../platform/clock.ts';
import type { DocumentId, OdsCode } from '../platform/ids.ts';
import type { Table } from '../platform/table.ts';
import type { Encounter } from './encounter.ts';
import { documentKey } from './keys.ts';
import type { Composition, DocumentRecord } from './record.ts';
import { answeredState, stateOf, stateOfComposition, undecided } from './state-of.ts';
import type { State } from './states.ts';
import { takenUpAt } from './unsent.ts';

/**
 * What a version finds of the versions before it (decision 9). At most one of the two: a version that another
 * practice holds cannot be replaced at this one.
 */
export interface Standing {
  readonly predecessor?: Predecessor;
  /** A person is told: that practice still holds it. */
  readonly olderVersionAt?: OlderVersion;
}

/** The version that a replacement points at (GPCM-SD-123, 132). */
export interface Predecessor {
  readonly documentId: DocumentId;
  readonly version: number;
  /** D, the document bundle's id. */
  readonly documentBundleId: string;
  /** When it was handed to MESH, epoch ms; absent while it has not gone. */
  readonly sentAt?: number;
}

export interface OlderVersion {
  readonly version: number;
  readonly odsCode: string;
}

/**
 * `dropped`: a guess, so that the message can be composed: what waits will go first. `claimed`: nobody can go before
 * us any more, so it is decided; what has not gone will be superseded.
 */
export type Moment = 'dropped' | 'claimed';

/** Accepted or awaiting its acknowledgements. In doubt it may have arrived. */
export const standsAtPractice: ReadonlySet<State> = new Set([
  'SENDING',
  'SENT',
  'INFRASTRUCTURE_ACKNOWLEDGED',
  'ACCEPTED',
]);
/** Nobody can say what the practice holds of it and of what came before: the next version is complete by itself. */
const endsTheChain: ReadonlySet<State> = new Set(['NULL_AND_VOID', 'REPLACED']);

const mayGoFirst = (record: DocumentRecord): boolean => {
  const state = stateOf(record);
  return (
    (state === 'RECEIVED' || state === 'COMPOSED') &&
    record.holds.length === 0 &&
    record.compositions.at(-1)?.awaitingFiles === undefined
  );
};

/** What one earlier version means for a later one; `look-further` where the practice holds nothing of it. */
export const standingBehind = (
  record: DocumentRecord,
  practice: OdsCode | undefined,
  moment: Moment,
): Standing | 'look-further' => {
  const { documentId, version } = record;
  if (version === undefined) return 'look-further';
  if (record.compositions.some(undecided)) return {};
  // MESH may have taken it elsewhere than its manifest said. Either is this practice: it went there, or will go there again.
  const elsewhere = ({ practice: named, routed }: Composition) => {
    const at = routed?.odsCode ?? named;
    return practice === undefined || at === practice || named === practice ? undefined : at;
  };
  const replacing = ({ documentBundleId, sentAt, attempts }: Composition): Standing => {
    const at = sentAt ?? attempts[0]?.startedAt;
    return { predecessor: { documentId, version, documentBundleId, ...(at === undefined ? {} : { sentAt: at }) } };
  };
  // An earlier composition can have arrived after all, though a later one was refused.
  for (const composition of record.compositions.toReversed()) {
    const state = stateOfComposition(composition);
    if (endsTheChain.has(state)) return {};
    if (!standsAtPractice.has(state)) continue;
    const odsCode = elsewhere(composition);
    return odsCode === undefined ? replacing(composition) : { olderVersionAt: { version, odsCode } };
  }
  const current = record.compositions.at(-1);
  return moment === 'dropped' && current && mayGoFirst(record) && elsewhere(current) === undefined
    ? replacing(current)
    : 'look-further';
};

/** The other versions of an encounter that are known, highest first. */
export const versionsOf = (encounter: Encounter | undefined): { version: number; documentId: DocumentId }[] =>
  Object.entries(encounter?.versions ?? {})
    .map(([version, documentId]) => ({ version: Number(version), documentId }))
    .sort((a, b) => b.version - a.version);

/** Looks from the version before backwards, until one says what the practice holds. */
export const readStanding = async (
  table: Table,
  encounter: Encounter | undefined,
  version: number,
  practice: OdsCode | undefined,
  moment: Moment,
): Promise<Standing> => {
  for (const earlier of versionsOf(encounter)) {
    if (earlier.version >= version) continue;
    const record = await table.read<DocumentRecord>(documentKey(earlier.documentId));
    const standing = record ? standingBehind(record, practice, moment) : 'look-further';
    if (standing !== 'look-further') return standing;
  }
  return {};
};

/** The facts of a composition that come from the versions before it. */
export const withStanding = (
  { replaces: _r, predecessor: _p, olderVersionAt: _o, ...composition }: Composition,
  { predecessor, olderVersionAt }: Standing,
): Composition => {
  const { documentBundleId, ...named } = predecessor ?? {};
  return {
    ...composition,
    ...(documentBundleId === undefined ? {} : { replaces: documentBundleId }),
    ...('documentId' in named ? { predecessor: named } : {}),
    ...(olderVersionAt === undefined ? {} : { olderVersionAt }),
  };
};

export const hasStanding = (composition: Composition, { predecessor, olderVersionAt }: Standing): boolean =>
  composition.replaces === predecessor?.documentBundleId &&
  composition.predecessor?.version === predecessor?.version &&
  composition.predecessor?.sentAt === predecessor?.sentAt &&
  composition.olderVersionAt?.version === olderVersionAt?.version &&
  composition.olderVersionAt?.odsCode === olderVersionAt?.odsCode;

/** GPCM-SD-130: a replacement should come within a day of the version that it replaces. */
export const replacementLimit = hours(24);

export const isLateReplacement = (composition: Composition): boolean => {
  const sentAt = composition.predecessor?.sentAt;
  return sentAt !== undefined && takenUpAt(composition) > sentAt + replacementLimit;
};

/** Has the practice not taken it, or can it not, so that what it was to replace still stands there? */
const notTaken: ReadonlySet<State> = new Set([
  'REJECTED',
  'SUPPRESSED',
  'SEND_FAILED',
  'UNDELIVERED',
  'INFRASTRUCTURE_REJECTED',
  'BUSINESS_REJECTED',
]);

export const isNotTaken = (composition: Composition): boolean => notTaken.has(stateOfComposition(composition));

/** The version that the practice still holds, because this one, which was to replace it, came to nothing. */
export const versionThatStands = (composition: Composition): number | undefined => {
  const { predecessor } = composition;
  return predecessor?.sentAt !== undefined && isNotTaken(composition) ? predecessor.version : undefined;
};

/** Has the practice yet to answer for it? */
export const awaitsAnswers = (composition: Composition): boolean => {
  const state = answeredState(composition);
  return state === 'SENT' || state === 'INFRASTRUCTURE_ACKNOWLEDGED';
};
