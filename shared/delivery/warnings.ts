import { isLateReplacement, versionThatStands } from './earlier-versions.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import type { Mover } from './states.ts';

/** Something beside the document's own way that somebody should know: what other versions of it mean, that it was late. */
export interface Warning {
  /** Stable; programs may depend on it. */
  readonly code: WarningCode;
  readonly message: string;
  readonly whoseMove: Mover;
}

export const warningCodes = [
  'OLDER_VERSION_ELSEWHERE',
  'OLDER_VERSION_STANDS',
  'LATE_REPLACEMENT',
  'LATE_HANDOVER',
] as const;
export type WarningCode = (typeof warningCodes)[number];

/** What is so, and what to do about it. */
interface Words {
  readonly what: string;
  readonly todo: string;
}

export const olderVersionElsewhere = (
  version: number,
  odsCode: string,
  suppressed?: 'confidential' | 'registered-here',
): Words =>
  suppressed === 'confidential'
    ? {
        what: `Version ${version} went to another practice (${odsCode}), which still holds it. The consultation has been marked confidential since, and this version was not sent.`,
        todo: `Tell that practice that version ${version} is confidential, and ask what it does with its copy.`,
      }
    : {
        what: `Version ${version} went to another practice (${odsCode}), which still holds it: a message to this practice cannot replace it there.`,
        todo: 'Tell that practice.',
      };

export const olderVersionStands = (version: number, suppressed?: 'confidential' | 'registered-here'): Words =>
  suppressed === 'confidential'
    ? {
        what: `The practice still holds version ${version}. The consultation has been marked confidential since, and this version was not sent.`,
        todo: `Tell the practice that version ${version} is confidential, and ask what it does with its copy.`,
      }
    : {
        what: `The practice still holds version ${version}, which this one was to replace.`,
        todo: `Tell the practice if version ${version} must not be relied on.`,
      };

const warning = (code: WarningCode, { what, todo }: Words): Warning => ({
  code,
  message: `${what} ${todo}`,
  whoseMove: 'the sender',
});

/** Pure. Holds version numbers and at most the ODS code of a practice. */
export const warningsOf = (record: DocumentRecord): readonly Warning[] => {
  const composition = currentComposition(record);
  const { olderVersionAt, predecessor, lateHandover, suppression } = composition;
  const stands = versionThatStands(composition);
  const warnings: Warning[] = [];
  if (olderVersionAt) {
    const { version, odsCode } = olderVersionAt;
    warnings.push(warning('OLDER_VERSION_ELSEWHERE', olderVersionElsewhere(version, odsCode, suppression?.why)));
  }
  if (stands !== undefined)
    warnings.push(warning('OLDER_VERSION_STANDS', olderVersionStands(stands, suppression?.why)));
  if (predecessor && isLateReplacement(composition)) {
    warnings.push(
      warning('LATE_REPLACEMENT', {
        what: `It came more than 24 hours after version ${predecessor.version}, which it replaces.`,
        todo: 'The practice may have acted on that one: tell it if that matters.',
      }),
    );
  }
  if (lateHandover) {
    warnings.push(
      warning('LATE_HANDOVER', {
        what: `It was handed over ${Math.floor(lateHandover.minutes / 60)} hours after the consultation was saved. The practice should have it within three (GPCM-SD-096).`,
        todo: 'Hand reports over sooner.',
      }),
    );
  }
  return warnings;
};
