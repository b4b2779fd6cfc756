import { isOnlyPaused } from './holds.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';
import { type Mover, meanings } from './states.ts';

/** Composing waits for a file that the manifest names: it does not lie in the inbox, or another does under its name. */
export const awaitsNamedFiles = (record: DocumentRecord): boolean =>
  stateOf(record) === 'RECEIVED' && currentComposition(record).awaitingFiles !== undefined;

/** Who has to do something next about a document. Receipts, the API's view and its list all take it from here. */
export const whoseMove = (record: DocumentRecord): Mover => {
  if (isOnlyPaused(record)) return 'this system';
  return awaitsNamedFiles(record) || record.holds.length > 0 ? 'the sender' : meanings[stateOf(record)].whoseMove;
};
