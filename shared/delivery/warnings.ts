import { isLateReplacement, versionThatStands } from './earlier-versions.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import type { Mover } from './states.ts';

/** Something beside the document's own way that somebody should know: what other versions of it mean. */
export interface Warning {
  /** Stable; programs may depend on it. */
  readonly code: WarningCode;
  readonly message: string;
  readonly whoseMove: Mover;
}

export const warningCodes = ['OLDER_VERSION_ELSEWHERE', 'OLDER_VERSION_STANDS', 'LATE_REPLACEMENT'] as const;
export type WarningCode = (typeof warningCodes)[number];

/** Pure. Holds version numbers and at most the ODS code of a practice. */
export const warningsOf = (record: DocumentRecord): readonly Warning[] => {
  const composition = currentComposition(record);
  const { olderVersionAt, predecessor } = composition;
  const stands = versionThatStands(composition);
  const warnings: Warning[] = [];
  if (olderVersionAt) {
    warnings.push({
      code: 'OLDER_VERSION_ELSEWHERE',
      message: `Version ${olderVersionAt.version} went to another practice (${olderVersionAt.odsCode}), which still holds it: a message to this practice cannot replace it there. Tell that practice.`,
      whoseMove: 'the sender',
    });
  }
  if (stands !== undefined) {
    warnings.push({
      code: 'OLDER_VERSION_STANDS',
      message: `The practice still holds version ${stands}, which this one was to replace. Tell the practice if version ${stands} must not be relied on.`,
      whoseMove: 'the sender',
    });
  }
  if (predecessor && isLateReplacement(composition)) {
    warnings.push({
      code: 'LATE_REPLACEMENT',
      message: `It came more than 24 hours after version ${predecessor.version}, which it replaces. The practice may have acted on that one: tell it if that matters.`,
      whoseMove: 'the sender',
    });
  }
  return warnings;
};
