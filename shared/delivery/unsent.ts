import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';

/** When the content that is to be sent now was taken up: the beginning of every time that is measured of it. */
export const takenUpAt = ({ takenUpAgainAt, composedAt }: Composition): number => takenUpAgainAt ?? composedAt;

/**
 * Since when a document waits for this system to send it; `undefined` where it does not: it has gone or ended, it is
 * held for a person, or its sender has yet to drop a file that its manifest names.
 */
export const unsentSince = (record: DocumentRecord): number | undefined => {
  const state = stateOf(record);
  if (state !== 'RECEIVED' && state !== 'COMPOSED' && state !== 'SENDING') return undefined;
  const composition = currentComposition(record);
  if (record.holds.length > 0 || composition.awaitingFiles !== undefined) return undefined;
  return takenUpAt(composition);
};
